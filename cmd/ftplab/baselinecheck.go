package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ftplab/lab"
	"ftplab/lab/analysis/baseline"
	"ftplab/lab/analysis/baseline/alert"
	"ftplab/lab/analysis/baseline/profile"
)

// baselineCheck has the flags of `baseline check`.
type baselineCheck struct {
	normal, format, suppress string
	json, md, html           bool
	keyLog                   string
	grows                    growing

	profile      *profile.Profile
	suppressions *alert.Suppressions // nil for none
}

func checkBaselineCommand() *cobra.Command {
	var f baselineCheck
	c := &cobra.Command{
		Use:   "check CAPTURE | FOLDER...",
		Short: "Compare captures with normal FTP",
		Long: `Check reads a capture (- is the standard input) and compares it with the rules and the
profile. For each difference it prints where it is, why it matters, and the harmless
explanation, if there is one. The worst difference comes first. For several captures, or a
folder of captures, it prints one line for each capture and a summary.

` + captureFormats + `

The verdict is "normal", "unusual", "not normal FTP" or "cannot be judged". The last one
means that the capture has no session, next to nothing of one, or only sessions in TLS that
cannot be read, or so many hosts or files that the check does not remember all of them. The
number of sessions that could be judged is in parentheses; of those in part, the beginning,
the end, some of the dialogue or some of the data was not recorded. What the check did not
remember is there, too. A packet that the recorder lost breaks no rule. A note is about
something that only looks wrong, and does not count. One weak sign is a note, too; several
signs that agree are not normal.

--format csv, eve and zeek print a line for each finding, for a SIEM. eve is
Suricata's EVE JSON with events of type alert, zeek is Zeek's notice.log. Each line
has the time, the addresses and the ports of the finding's first frame. A capture that
cannot be judged has a line, too: with the rule cannot-be-judged and the severity unjudged.

--suppress FILE leaves out findings that you have looked at. A line of FILE is the
name of a rule (baseline rules lists them), and perhaps addresses or networks; then
only findings with a frame from or to one of them are left out. # begins a comment.

Exit status: 0 for normal and unusual, 1 for not normal FTP, 2 if the check
could not be made, 3 if it cannot be judged. With several captures the worst result
counts, in the order 2, 1, 3, 0.

` + growingHelp + `
Each session is compared together with earlier ones between the same two hosts. Signs that
involve more hosts, such as a sweep, are found only in a whole capture.`,
		Example: `  ftplab baseline check capture.pcapng
  ftplab baseline check /var/captures monday.pcap
  ftplab baseline check --format eve --suppress known.txt /var/captures >> eve.json
  ftplab baseline check --normal our_network.json --html capture.pcapng > report.html`,
		Args: takes(1, -1, "captures, or folders with captures; - is the standard input"),
		RunE: func(c *cobra.Command, args []string) error {
			if f.grows.given() {
				ctx, stop := interruptible(c)
				defer stop()
				return f.watch(ctx, f.grows.capture(args, f.keyLog, c.InOrStdin(), c.ErrOrStderr()), c.OutOrStdout())
			}
			return f.run(args, c.InOrStdin(), c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	inputFileFlag(c.Flags(), &f.normal, "normal", "", "the profile to compare with, instead of the one that comes with ftplab")
	completes(c, "normal", completeProfiles)
	c.Flags().StringVar(&f.format, "format", "text", "print "+strings.Join(alert.Formats, ", "))
	completes(c, "format", values(alert.Formats...))
	inputFileFlag(c.Flags(), &f.suppress, "suppress", "", "a file with rules whose findings are left out")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON, which lab/baseline.schema.json describes; for several captures, one object for each")
	c.Flags().BoolVar(&f.md, "md", false, "print Markdown (one capture)")
	c.Flags().BoolVar(&f.html, "html", false, "print a page (one capture)")
	keyLogFlag(c, &f.keyLog)
	oneOf(c, "json", "md", "html", "format")
	f.grows.add(c)
	return c
}

func (f *baselineCheck) run(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if err := f.prepare(); err != nil {
		return err
	}
	files, err := lab.Captures(args)
	if err != nil {
		return err
	}
	if len(args) == 1 && len(files) == 1 && files[0] == args[0] && (f.format == "text" || f.json || f.md || f.html) {
		return f.one(files[0], stdin, stdout, stderr)
	}
	if f.md || f.html {
		return fmt.Errorf("--md and --html are for one capture, and there are %d; --format %s go with several", len(files), strings.Join(alert.Formats, ", "))
	}
	if f.json {
		f.format = "json"
	}
	return f.all(files, stdin, stdout, stderr)
}

// prepare reads the files that the flags name.
func (f *baselineCheck) prepare() (err error) {
	if !slices.Contains(alert.Formats, f.format) {
		return fmt.Errorf("--format %s: one of %s was expected", f.format, strings.Join(alert.Formats, ", "))
	}
	if f.suppress != "" {
		if f.suppressions, err = alert.ReadSuppressions(f.suppress); err != nil {
			return err
		}
	}
	if f.profile, err = profileNamed(f.normal); err == nil && !f.profile.Compares() {
		return fmt.Errorf("--normal %s: this profile has nothing that a capture could be compared with; 'ftplab baseline learn' makes one that has", f.normal)
	}
	return err
}

// check checks one capture, and writes the page if one is asked for. Unless located asks for them, the alerts are there
// only if some are left out: they take one more reading of the capture.
func (f *baselineCheck) check(name string, located bool, stdin io.Reader, stdout, stderr io.Writer) (*alert.Report, error) {
	defer spareMemory(name)()
	defer debug.SetGCPercent(debug.SetGCPercent(120)) // little more memory than explain takes
	capture := source(name, f.keyLog, stdin, stderr)
	switch {
	case f.html:
		return lab.AlertPage(stdout, capture, f.profile, f.suppressions)
	case located || f.suppressions != nil:
		return lab.Alerts(capture, f.profile, f.suppressions)
	}
	a, err := lab.Baseline(capture, f.profile)
	return &alert.Report{Assessment: a}, err
}

// one prints all that is found in one capture.
func (f *baselineCheck) one(name string, stdin io.Reader, stdout, stderr io.Writer) error {
	r, err := f.check(name, false, stdin, stdout, stderr)
	if err != nil {
		return err
	}
	a := r.Assessment
	switch {
	case f.html: // is written
	case f.json:
		err = a.WriteJSON(stdout)
	case f.md:
		err = a.WriteMarkdown(stdout, inMessages(name))
	default:
		err = a.WriteText(stdout, inMessages(name))
	}
	if r.Suppressed > 0 {
		printLine(stderr, "ftplab: findings left out by %s: %d", f.suppress, r.Suppressed)
	}
	return cmp.Or(err, verdictError(a.Verdict))
}

// all prints what is found in several captures. If one cannot be read, the others are
// checked all the same.
func (f *baselineCheck) all(files []string, stdin io.Reader, stdout, stderr io.Writer) error {
	out, err := alert.NewWriter(f.format, stdout)
	if err != nil {
		return err
	}
	worst := error(nil)
	for _, name := range files {
		r, err := f.check(name, true, stdin, stdout, stderr)
		if err != nil {
			printError(stderr, err)
			worst = errBroken
			continue
		}
		if err := out.Write(r); err != nil {
			return err
		}
		worst = worse(worst, verdictError(r.Assessment.Verdict))
	}
	if err := out.Close(); err != nil {
		return err
	}
	return worst
}

// watch prints what is found in each session of a growing capture.
func (f *baselineCheck) watch(ctx context.Context, g lab.Growing, stdout io.Writer) error {
	if err := f.prepare(); err != nil {
		return err
	}
	switch {
	case f.md || f.html:
		return errors.New("--md and --html are for one capture; --live and --follow go with --format")
	case f.json:
		f.format = "json"
	}
	out, err := alert.NewWriter(f.format, stdout)
	if err != nil {
		return err
	}
	if err := lab.AlertsGrowing(ctx, g, f.profile, f.suppressions, out.Write); err != nil {
		return err
	}
	return out.Close()
}

// verdictError is the error that sets the exit status for a verdict.
func verdictError(v baseline.Verdict) error {
	switch v {
	case baseline.NotNormal:
		return errFailed
	case baseline.CannotJudge:
		return exitStatus(exitUnjudged)
	}
	return nil
}

// worse returns the error that counts more: no error counts least, and "cannot be judged"
// counts less than "not normal".
func worse(a, b error) error {
	if a == nil || a == exitStatus(exitUnjudged) && b != nil {
		return b
	}
	return a
}
