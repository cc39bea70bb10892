// Command profiles learns the profile of real programs that comes with ftplab. It lets the
// FTP servers and clients that people use talk to each other in scenarios, and learns from
// the captures, and from those of the scenarios in the folders that are named:
//
//	go run ./scenarios/profiles -o lab/analysis/baseline/profile/programs.json scenarios/ftps_programs
//
// With -traffic it also writes what `ftplab generate` draws sessions from: a profile for each
// server with each client. An empty -o leaves the other one out:
//
//	go run ./scenarios/profiles -o "" -traffic lab/traffic/profiles/programs
//
// It takes some four minutes. The programs must be installed (.ci/run has how), and the
// sessions need Linux's TCP. What is missing is named, and nothing is written then.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"ftplab/lab"
	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/scenario"
)

func main() {
	var o options
	flag.StringVar(&o.output, "o", "programs.json", "the file for the profile of all")
	flag.StringVar(&o.traffic, "traffic", "", "the folder for a profile of each server with each client")
	flag.StringVar(&o.captures, "captures", "", "a folder in which the captures are kept")
	flag.Parse()
	o.folders = flag.Args()
	if err := learn(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "profiles:", err)
		os.Exit(1)
	}
}

// options say what is learned, and from which captures.
type options struct {
	output, traffic, captures string
	folders                   []string // of other scenarios
}

// learn writes the profiles.
func learn(ctx context.Context, o options) error {
	if err := installed(); err != nil {
		return err
	}
	texts, err := sessions(o)
	if err != nil {
		return err
	}
	learned, err := learnAll(ctx, o.captures, texts)
	if err != nil {
		return err
	}
	if o.traffic != "" {
		if err := writeTraffic(o.traffic, learned); err != nil {
			return err
		}
	}
	if o.output == "" {
		return nil
	}
	profile := profile.New()
	for _, p := range learned {
		profile.Merge(p)
	}
	profile.Traffic = nil // it is for the generator, which draws from the pairs
	return write(o.output, profile)
}

func write(name string, p *profile.Profile) error {
	var text bytes.Buffer
	if err := p.Write(&text); err != nil {
		return err
	}
	return os.WriteFile(name, text.Bytes(), 0o644)
}

// learnAll runs scenarios, and learns from each.
func learnAll(ctx context.Context, folder string, texts map[string][]byte) (map[string]*profile.Profile, error) {
	if folder == "" {
		temporary, err := os.MkdirTemp("", "profiles")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(temporary)
		folder = temporary
	}
	var all sync.Mutex
	profiles := map[string]*profile.Profile{}
	var failed []error
	var wait sync.WaitGroup
	atOnce := make(chan bool, 3)
	for name, text := range texts {
		wait.Go(func() {
			atOnce <- true
			defer func() { <-atOnce }()
			learned, err := learnFrom(ctx, folder, name, text)
			all.Lock()
			defer all.Unlock()
			if err != nil {
				failed = append(failed, fmt.Errorf("%s: %w", name, err))
				return
			}
			profiles[name] = learned
		})
	}
	wait.Wait()
	return profiles, errors.Join(failed...)
}

// installed names the programs that are missing.
func installed() error {
	var missing []error
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, fmt.Errorf("%s is not installed", program))
		}
	}
	return errors.Join(missing...)
}

// sessions are the texts of all scenarios, by name: those of pairs of a server and a client,
// as far as they are needed, and those in the folders.
func sessions(o options) (map[string][]byte, error) {
	all := map[string][]byte{}
	for _, s := range servers {
		for _, c := range append(clients(s.name), jlaffaye) {
			name := s.name + "_" + c.name
			if o.output != "" && c.name != jlaffaye.name || o.traffic != "" && isTraffic(name) {
				all[name] = pair{s, c}.scenario()
			}
		}
	}
	for _, folder := range o.folders {
		files, err := filepath.Glob(filepath.Join(folder, "*"+scenario.Extension))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			all[strings.TrimSuffix(filepath.Base(file), scenario.Extension)] = text
		}
	}
	return all, nil
}

// learnFrom runs a session and learns from it. Whether the two programs understand each other
// and do all that was asked is not judged.
func learnFrom(ctx context.Context, folder, name string, text []byte) (*profile.Profile, error) {
	s, err := scenario.Parse(filepath.Join(folder, name+scenario.Extension), text)
	if err != nil {
		return nil, err
	}
	result, err := lab.Run(ctx, s, lab.Options{Results: folder, NoWalkthrough: true})
	if err != nil {
		return nil, err
	}
	return lab.Learn(lab.File(result.Capture), name)
}
