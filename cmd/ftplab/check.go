package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"ftplab/lab"
	"ftplab/lab/analysis/measure"
)

func checkCommand() *cobra.Command {
	var asJSON, lines bool
	var keyLog string
	c := &cobra.Command{
		Use:   "check SCENARIO CAPTURE",
		Short: "Judge a capture by the want and the figures of a scenario",
		Long: `Check compares a capture, of any origin, with the sections want and figures of a
scenario. A run makes the same checks. SCENARIO is a name that list shows, or a
file of your own. Its hosts have the addresses that the scenario gives them. The want may
also name hosts as the capture does. Of a capture with more sessions than the want declares,
Check judges the one that fits best, and says which one that is.

For every difference, Check shows the line of the want, the packet in the capture,
and the packets around it. See ftplab help want and help figures.

What the capture does not show cannot be judged: what is in TLS and has no keys, text and
bytes that the recorder cut off or lost, what may have come after the end of a file that is
cut off or before a capture that begins in the middle of a connection, and the other direction
of a capture that has one only. A difference that missing packets could explain is not
reported. Check says from which packet on it cannot judge, and judges the rest.
--keylog FILE gives the keys.

The outcome is passed, failed or unjudged, as of a run.

Exit status: 0 passed, 1 failed, 2 unjudged, or an error.`,
		Example: `  ftplab check active_list results/active_list/capture.pcapng
  ftplab check --lines mine.txtar theirs.pcap     which packet matched which line
  ftplab check --json mine.txtar theirs.pcap`,
		Args:              takes(2, 2, "a scenario, by its name or its file, and a capture; - is the standard input"),
		ValidArgsFunction: completeScenarioThenFile,
		RunE: func(c *cobra.Command, args []string) error {
			s, err := selectScenario(args[0])
			if err != nil {
				return err
			}
			if s.Want.Line == 0 && s.Figures.Line == 0 {
				return fmt.Errorf("%s has neither want nor figures, so there is nothing to compare a capture with; ftplab derive writes a want", s.File)
			}
			defer spareMemory(args[1])()
			v, err := lab.Check(s, source(args[1], keyLog, c.InOrStdin(), c.ErrOrStderr()))
			if err != nil {
				return err
			}
			return printVerdict(c.OutOrStdout(), v, asJSON, lines)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the verdict as JSON, which lab/verdict.schema.json describes")
	c.Flags().BoolVar(&lines, "lines", false, "print each line of the want with the packet that it matched")
	keyLogFlag(c, &keyLog)
	oneOf(c, "json", "lines")
	return c
}

// completeScenarioThenFile offers scenarios for the first argument and files for
// the second.
func completeScenarioThenFile(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return completeScenarios(c, args, typed)
}

func printVerdict(to io.Writer, v *lab.Verdict, asJSON, lines bool) error {
	out := &stickyWriter{to: to}
	if asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		e.Encode(v)
	} else {
		fmt.Fprint(out, v.Report())
		if lines {
			printLines(out, v)
		}
		printFigures(out, v.Figures)
		fmt.Fprintln(out, summary(v))
	}
	switch {
	case out.err != nil:
		return out.err
	case v.Unjudged():
		return errBroken
	case !v.Pass:
		return errFailed
	}
	return nil
}

// printLines prints each line of the want with its packets.
func printLines(out io.Writer, v *lab.Verdict) {
	if v.Want == nil {
		return
	}
	for _, l := range v.Want.Lines {
		packets := "-"
		switch {
		case l.First < l.Packet:
			packets = fmt.Sprintf("%d-%d", l.First, l.Packet)
		case l.Packet > 0:
			packets = fmt.Sprint(l.Packet)
		}
		fmt.Fprintf(out, "%12s  %s", packets, l.Text)
		if l.Note != "" {
			fmt.Fprintf(out, "  (%s)", l.Note)
		}
		fmt.Fprintln(out)
	}
}

// printFigures prints the measured values beside those wanted.
func printFigures(out io.Writer, all []measure.Result) {
	width := 0
	for _, f := range all {
		width = max(width, len([]rune(f.Name+" "+f.Wanted)))
	}
	for _, f := range all {
		measured := f.Measured
		if measured == "" {
			measured = "not measured" // the report says why
		}
		wanted := f.Name + " " + f.Wanted
		fmt.Fprintf(out, "%s  %s%s  %s\n", column(f.Outcome()), wanted, strings.Repeat(" ", width-len([]rune(wanted))), measured)
	}
}

// summary returns a line with the verdict and the counts of what matched.
func summary(v *lab.Verdict) string {
	var parts []string
	if w := v.Want; w != nil {
		matched, unjudged := 0, map[int]bool{}
		for _, u := range w.Unjudged {
			for _, line := range u.Lines {
				unjudged[line] = true
			}
		}
		for _, l := range w.Lines {
			if l.Packet > 0 && !unjudged[l.Line] {
				matched++
			}
		}
		parts = append(parts, counted(matched, "line", "lines")+" matched")
		if n := len(w.Mismatches); n > 0 {
			parts = append(parts, counted(n, "mismatch", "mismatches"))
		}
		if n := len(unjudged); n > 0 {
			parts = append(parts, counted(n, "line", "lines")+" unjudged")
		}
	}
	if n := len(v.Figures); n > 0 {
		off := 0
		for _, f := range v.Figures {
			if !f.OK {
				off++
			}
		}
		parts = append(parts, fmt.Sprintf("%d of %s passed", n-off, counted(n, "figure", "figures")))
	}
	return fmt.Sprintf("%s: %s: %s", v.Capture, v.Outcome(), strings.Join(parts, ", "))
}

// counted returns a number and its noun, such as "1 line" or "2 lines".
func counted(n int, one, many string) string {
	if n == 1 {
		many = one
	}
	return fmt.Sprintf("%d %s", n, many)
}
