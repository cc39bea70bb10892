package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"ftplab/lab"
	"ftplab/lab/scenario"
)

func exportCommand() *cobra.Command {
	var folder, only string
	c := &cobra.Command{
		Use:   "export suricata|zeek SCENARIO",
		Short: "Write a scenario as a test of Suricata or Zeek",
		Long: `Export runs the session of a scenario on gVisor's TCP, and writes a folder with the files of
a pull request to suricata-verify or to Zeek's tests: the capture (classic pcap, nothing but
FTP, valid checksums unless the scenario damages packets), the test with the results that it
expects, a README, and a script that makes the same capture again, byte for byte.

The expected results come from the capture. Run the test with Suricata or Zeek before you
send it.`,
		Example: `  ftplab export suricata active_retr
  ftplab export suricata odd/early226
  ftplab export zeek mine.txtar -o zeek-test`,
		Args: takes(2, 2, "suricata or zeek, and a scenario"),
		RunE: func(c *cobra.Command, args []string) error {
			s, err := selectScenario(args[1])
			if err != nil {
				return err
			}
			out := output{"--capture", only}
			if err := cmp.Or(checkOutputs([]output{out}, s.File), out.hasFolder(), out.replacesOnly("capture", isCapture)); err != nil {
				return err
			}
			ctx, stop := interruptible(c)
			defer stop()
			if only != "" {
				return exportCapture(ctx, s, only, c.OutOrStdout())
			}
			paths, err := lab.Export(ctx, lab.Project(args[0]), s, cmp.Or(folder, args[0]+"-"+s.Name))
			list := &stickyWriter{to: c.OutOrStdout()}
			for _, path := range paths {
				fmt.Fprintln(list, path)
			}
			return cmp.Or(err, list.err)
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return []string{string(lab.Suricata), string(lab.ZeekProject)}, cobra.ShellCompDirectiveNoFileComp
			}
			return completeScenarios(c, args[1:], start)
		},
	}
	folderFlag(c.Flags(), &folder, "output", "o", "", "the new folder; PROJECT-SCENARIO by default")
	outputFileFlag(c.Flags(), &only, "capture", "", "", "write only the capture, to this file; - is the standard output")
	oneOf(c, "output", "capture")
	return c
}

// exportCapture writes the capture of a scenario to a file, when it is complete.
func exportCapture(ctx context.Context, s *scenario.Scenario, path string, stdout io.Writer) error {
	var capture bytes.Buffer
	if err := lab.ExportCapture(ctx, &capture, s); err != nil {
		return err
	}
	return writeTo(path, stdout, func(w io.Writer) error {
		_, err := capture.WriteTo(w)
		return err
	})
}
