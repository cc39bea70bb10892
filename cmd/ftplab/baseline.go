package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ftplab/lab"
	"ftplab/lab/analysis/baseline"
	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/testbed/content"
	"ftplab/lab/traffic"
)

func baselineCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "baseline",
		Short: "Describe normal FTP, and compare any capture with it",
		Long: `Baseline describes normal FTP in two ways: by rules that every session keeps, and
by a profile of what varies, which is learned from captures. A profile that was
learned from ftplab's own scenarios and from programs in wide use is built in.`,
		Example: `  ftplab baseline show
  ftplab baseline check capture.pcapng
  ftplab baseline learn results/*/capture.pcapng -o normal.json`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(c, args[0])
			}
			return errors.New("baseline takes one of the commands show, rules, check, learn and compare")
		},
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	c.AddCommand(learnCommand(), showCommand(), rulesCommand(), checkBaselineCommand(), compareCommand())
	return c
}

func learnCommand() *cobra.Command {
	var file, keyLog string
	c := &cobra.Command{
		Use:   "learn CAPTURE | PROFILE...",
		Short: "Learn a profile of normal FTP from captures",
		Long: `Learn counts and measures what captures show, and writes a profile. A PROFILE is a file
whose name ends in .json, or a name such as office. Learn adds it to the result, so new
captures can be added to a profile without the old ones. It refuses a capture that is
not normal FTP.`,
		Example: `  ftplab baseline learn results/*/capture.pcapng -o normal.json
  ftplab baseline learn normal.json monday.pcapng -o normal.json`,
		Args: takes(1, -1, "captures to learn from, and profiles (.json) to add them to"),
		RunE: func(c *cobra.Command, args []string) error {
			out := output{"-o", file}
			if err := cmp.Or(out.hasFolder(), out.replacesOnly("profile", isProfile)); err != nil {
				return err
			}
			p, err := learnAll(args, keyLog, c.InOrStdin(), c.ErrOrStderr())
			if err != nil {
				return err
			}
			return writeTo(file, c.OutOrStdout(), p.Write)
		},
	}
	keyLogFlag(c, &keyLog)
	outputFileFlag(c.Flags(), &file, "output", "o", "-", "the file for the profile; - is the standard output")
	return c
}

func learnAll(names []string, keyLog string, stdin io.Reader, stderr io.Writer) (*profile.Profile, error) {
	all := profile.New()
	for _, name := range names {
		if _, ours := traffic.Profile(name); ours || filepath.Ext(name) == ".json" {
			p, err := profileNamed(name)
			if err != nil {
				return nil, err
			}
			if err := learnedBefore(all, p, name); err != nil {
				return nil, err
			}
			all.Merge(p)
			continue
		}
		p, err := lab.Learn(source(name, keyLog, stdin, stderr), sourceName(name))
		if err != nil {
			return nil, orProfile(name, err)
		}
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() { // a pipe has been read
			digest, err := content.SumFile(name)
			if err != nil {
				return nil, err
			}
			p.Digests = []string{digest.String()}
		}
		if err := learnedBefore(all, p, name); err != nil {
			return nil, err
		}
		all.Merge(p)
	}
	return all, nil
}

// learnedBefore refuses what was learned from a capture that a profile has already.
func learnedBefore(all, p *profile.Profile, name string) error {
	if !slices.ContainsFunc(p.Digests, func(digest string) bool { return slices.Contains(all.Digests, digest) }) {
		return nil
	}
	return fmt.Errorf("%s: the profile has this already (a capture with the same SHA-256), so it would count twice; leave it out", name)
}

// orProfile adds to the error of a file that is not there the profile that may be meant.
func orProfile(name string, err error) error {
	if meant := lab.MeantProfile(name); meant != "" && errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w; did you mean %s?", err, meant)
	}
	return err
}

// sourceName is the name of a capture in a profile: its own name, or that of its
// folder if it is a result of a run.
func sourceName(file string) string {
	base := filepath.Base(file)
	name := strings.TrimSuffix(base, filepath.Ext(base))
	if folder := filepath.Base(filepath.Dir(file)); name == "capture" && folder != "." {
		return folder
	}
	return name
}

func showCommand() *cobra.Command {
	var html bool
	c := &cobra.Command{
		Use:   "show [PROFILE]",
		Short: "Show the rules and a profile",
		Long: `Show prints the rules that every normal session keeps, and a profile: PROFILE, or else the
one that comes with ftplab. PROFILE is a file, or a name that 'ftplab help generate' lists.
For a name, Show also prints where the profile comes from and what it assumes.`,
		Example: `  ftplab baseline show
  ftplab baseline show office
  ftplab baseline show --html > normal.html`,
		Args:              takes(0, 1, "one profile, or nothing for the one that comes with ftplab"),
		ValidArgsFunction: completeProfiles,
		RunE: func(c *cobra.Command, args []string) error {
			p, err := profileNamed(strings.Join(args, ""))
			switch {
			case err != nil:
				return err
			case html:
				return baseline.WriteHTML(c.OutOrStdout(), p)
			}
			return baseline.WriteText(c.OutOrStdout(), p)
		},
	}
	c.Flags().BoolVar(&html, "html", false, "print a page with pictures")
	return c
}

func rulesCommand() *cobra.Command {
	var json bool
	c := &cobra.Command{
		Use:   "rules",
		Short: "List the rules with their sources and examples",
		Long: `Rules lists the rules that every normal session keeps: the name, the severity of a
breach, an example of what breaks the rule, and where it is written. Alerts and
suppressions use these names.`,
		Example: `  ftplab baseline rules
  ftplab baseline rules --json     one object per line`,
		Args: takesNothing,
		RunE: func(c *cobra.Command, _ []string) error {
			if json {
				return baseline.WriteRulesJSON(c.OutOrStdout())
			}
			return baseline.WriteRules(c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&json, "json", false, "print JSON, one object per line")
	return c
}

// profileNamed reads a profile: a file, or one that sessions are generated from. Without a name it
// is the one of normal FTP.
func profileNamed(name string) (*profile.Profile, error) {
	if name == "" {
		return profile.Normal(), nil
	}
	if file, ok := traffic.Profile(name); ok {
		return profile.Read(bytes.NewReader(file))
	}
	p, err := profile.ReadFile(name)
	return p, lab.WithProfiles(err, name)
}

// isProfile reports whether a file is a profile.
func isProfile(path string) bool {
	_, err := profile.ReadFile(path)
	return err == nil
}
