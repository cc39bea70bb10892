package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"ftplab/lab"
	"ftplab/lab/testbed/byhand"
)

func captureCommand() *cobra.Command {
	var results string
	var check bool
	c := &cobra.Command{
		Use:   "capture DEVICE",
		Short: "Record a network device that your own server and clients use",
		Long: `Capture records what a network device, such as eth0, sends and receives, until you
stop it with Ctrl-C or SIGTERM. The results are in results/by-hand, or in
by-hand-2 and so on: it never replaces earlier recordings. It needs root or the
capability CAP_NET_RAW. If root runs it, the new files belong to the owner of the folder.`,
		Example: `  ftplab capture eth0
  ftplab capture --check eth0     is it being recorded?`,
		Args: takes(1, 1, "one network device, such as eth0"),
		RunE: func(c *cobra.Command, args []string) error {
			if check {
				recorded, err := byhand.Recorded(args[0])
				if err == nil && !recorded {
					err = fmt.Errorf("no program records %s", args[0])
				}
				return err
			}
			ctx, stop := interruptible(c)
			defer stop()
			r, err := lab.Record(ctx, args[0], results, func(capture string) {
				printLine(c.OutOrStdout(), "recording %s in %s", args[0], capture)
			})
			if err != nil {
				return err
			}
			return printRecording(c.OutOrStdout(), r)
		},
	}
	folderFlag(c.Flags(), &results, "output", "o", defaultResults, "the folder for the results")
	c.Flags().BoolVar(&check, "check", false, "only say, by the exit status, whether the device is being recorded")
	return c
}
