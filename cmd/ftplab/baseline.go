package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"ftplab/lab"
	"ftplab/lab/analysis/baseline"
)

func baselineCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "baseline",
		Short: "Say what normal FTP is, and hold any capture against it",
		Long: `Baseline says what normal FTP is in two ways: rules that every session keeps, and a
profile of what varies, learned from captures. One comes with ftplab, learned
from its own scenarios.`,
		Example: `  ftplab baseline show
  ftplab baseline check capture.pcapng
  ftplab baseline learn results/*/capture.pcapng -o normal.json`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(c, args[0])
			}
			return errors.New("baseline takes one of the commands show, check and learn")
		},
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	c.AddCommand(learnCommand(), showCommand(), checkBaselineCommand())
	return c
}

func learnCommand() *cobra.Command {
	var output, keyLog string
	c := &cobra.Command{
		Use:   "learn CAPTURE | PROFILE...",
		Short: "Learn a profile of normal FTP from captures",
		Long: `Learn counts and measures what captures show, and writes a profile. A PROFILE
(a file that ends in .json) among the arguments is added as it is: so a profile
grows by new captures, and the old ones are not needed again.`,
		Example: `  ftplab baseline learn results/*/capture.pcapng -o normal.json
  ftplab baseline learn normal.json monday.pcapng -o normal.json`,
		Args: takes(1, -1, "captures to learn from, and profiles (.json) to add them to"),
		RunE: func(c *cobra.Command, args []string) error {
			p, err := learnAll(args, keyLog, c.InOrStdin(), c.ErrOrStderr())
			if err != nil {
				return err
			}
			return writeTo(output, c.OutOrStdout(), p.Write)
		},
	}
	keyLogFlag(c, &keyLog)
	c.Flags().StringVarP(&output, "output", "o", "-", "the file for the profile; - is the standard output")
	return c
}

func learnAll(names []string, keyLog string, stdin io.Reader, stderr io.Writer) (*baseline.Profile, error) {
	all := baseline.NewProfile()
	for _, name := range names {
		if filepath.Ext(name) == ".json" {
			p, err := baseline.ReadProfileFile(name)
			if err != nil {
				return nil, err
			}
			all.Merge(p)
			continue
		}
		p, err := lab.Learn(source(name, keyLog, stdin, stderr), sourceName(name))
		if err != nil {
			return nil, err
		}
		all.Merge(p)
	}
	return all, nil
}

// sourceName is how a profile calls a capture: by its own name, or by that of its
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
		Long: `Show prints the rules that every normal session keeps, and the profile: the one that
comes with ftplab, or the one given.`,
		Example: `  ftplab baseline show
  ftplab baseline show --html > normal.html`,
		Args: takes(0, 1, "one profile, or nothing for the one that comes with ftplab"),
		RunE: func(c *cobra.Command, args []string) error {
			p, err := profileNamed(strings.Join(args, ""))
			switch {
			case err != nil:
				return err
			case html:
				return p.WriteHTML(c.OutOrStdout())
			}
			return p.WriteText(c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&html, "html", false, "print a page with pictures")
	return c
}

// profileNamed reads a profile; without a name it is the one that comes with
// ftplab.
func profileNamed(name string) (*baseline.Profile, error) {
	if name == "" {
		return baseline.Normal(), nil
	}
	return baseline.ReadProfileFile(name)
}

// baselineCheck is what the flags of `baseline check` ask for.
type baselineCheck struct {
	normal         string
	json, md, html bool
	keyLog         string
}

func checkBaselineCommand() *cobra.Command {
	var f baselineCheck
	c := &cobra.Command{
		Use:   "check CAPTURE",
		Short: "Hold a capture against what is normal",
		Long: `Check reads a capture (pcap or pcapng; - is the standard input), holds it against the
rules and the profile, and says what differs, where, why it matters, and what the
innocent explanation would be. The worst comes first.

The verdict is normal, unusual, or not normal FTP. What only looks wrong is noted
and does not count.

Exit status: 0 for normal and unusual, 1 for not normal FTP, 2 if it could not be
found out.`,
		Example: `  ftplab baseline check capture.pcapng
  ftplab baseline check --normal our_network.json --html capture.pcapng > report.html`,
		Args: takesCapture,
		RunE: func(c *cobra.Command, args []string) error {
			return f.run(args[0], c.InOrStdin(), c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	c.Flags().StringVar(&f.normal, "normal", "", "the profile to compare with, instead of the one that comes with ftplab")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON")
	c.Flags().BoolVar(&f.md, "md", false, "print Markdown")
	c.Flags().BoolVar(&f.html, "html", false, "print a page")
	keyLogFlag(c, &f.keyLog)
	oneOf(c, "json", "md", "html")
	return c
}

func (f baselineCheck) run(name string, stdin io.Reader, stdout, stderr io.Writer) error {
	normal, err := profileNamed(f.normal)
	if err != nil {
		return err
	}
	defer spareMemory(name)()
	a, err := lab.Baseline(source(name, f.keyLog, stdin, stderr), normal)
	if err != nil {
		return err
	}
	switch {
	case f.json:
		err = a.WriteJSON(stdout)
	case f.md:
		err = a.WriteMarkdown(stdout, name)
	case f.html:
		err = a.WriteHTML(stdout, name)
	default:
		err = a.WriteText(stdout, name)
	}
	if err == nil && a.Verdict == baseline.NotNormal {
		return errFailed
	}
	return err
}

// writeTo writes to the named file, which is left alone if that fails; - is the
// standard output.
func writeTo(name string, stdout io.Writer, write func(io.Writer) error) error {
	if name == "-" {
		return write(stdout)
	}
	var b strings.Builder
	if err := write(&b); err != nil {
		return err
	}
	return os.WriteFile(name, []byte(b.String()), 0o644)
}
