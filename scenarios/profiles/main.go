// Command profiles learns the profile of real programs that comes with ftplab. It lets the
// FTP servers and clients that people use talk to each other in scenarios, and learns from
// the captures, and from those of the scenarios in the folders that are named:
//
//	go run ./scenarios/profiles -o lab/analysis/baseline/programs.json scenarios/ftps_programs
//
// It takes some two minutes. The programs must be installed (.ci/run has how), and the
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
	"ftplab/lab/analysis/baseline"
	"ftplab/lab/scenario"
)

func main() {
	output := flag.String("o", "programs.json", "the file for the profile")
	keep := flag.String("captures", "", "a folder in which the captures are kept")
	flag.Parse()
	if err := learn(context.Background(), *output, *keep, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "profiles:", err)
		os.Exit(1)
	}
}

// learn writes the profile of all pairs of a server and a client.
func learn(ctx context.Context, output, folder string, folders []string) error {
	if err := installed(); err != nil {
		return err
	}
	if folder == "" {
		temporary, err := os.MkdirTemp("", "profiles")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temporary)
		folder = temporary
	}
	var all sync.Mutex
	profile := baseline.NewProfile()
	var failed []error
	var wait sync.WaitGroup
	atOnce := make(chan bool, 3)
	texts, err := sessions(folders)
	if err != nil {
		return err
	}
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
			profile.Merge(learned)
		})
	}
	wait.Wait()
	if failed != nil {
		return errors.Join(failed...)
	}
	profile.Traffic = nil // it is for the generator, which draws from the lab's own
	var text bytes.Buffer
	if err := profile.Write(&text); err != nil {
		return err
	}
	return os.WriteFile(output, text.Bytes(), 0o644)
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
// and those in the folders.
func sessions(folders []string) (map[string][]byte, error) {
	all := map[string][]byte{}
	for _, s := range servers {
		for _, c := range clients(s.name) {
			all[s.name+"_"+c.name] = pair{s, c}.scenario()
		}
	}
	for _, folder := range folders {
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

// learnFrom makes a session and learns from it. What the two programs think of each other,
// and whether all that was asked for was done, is theirs.
func learnFrom(ctx context.Context, folder, name string, text []byte) (*baseline.Profile, error) {
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
