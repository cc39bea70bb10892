package main

import (
	"bufio"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"ftplab/lab"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
)

func deriveCommand() *cobra.Command {
	var scenario string
	c := &cobra.Command{
		Use:   "derive CAPTURE",
		Short: "Write the want of a scenario from a capture",
		Long: `Derive writes a section want from what a capture shows (- is the standard input):
every connection, every line of the dialogue, every transfer, in the notation of
ftplab help want, with a comment where a packet deserves one. It says what
another run of the same session would show as well, and leaves out what is
chance: segments, windows, bare ACKs, the ports that a kernel chose.

Hosts have the names of the scenario, or those that the capture gives (every
capture of ours does), or else they are called by their addresses.

It is where one starts: add what matters, delete what does not, put the comments
into your own words.`,
		Example: `  ftplab derive capture.pcapng
  ftplab derive results/mine/capture.pcapng >> mine.txtar
  ftplab derive --scenario mine.txtar theirs.pcap`,
		Args: takesCapture,
		RunE: func(c *cobra.Command, args []string) error {
			hosts := expect.Hosts{}
			if scenario != "" {
				s, err := loadOne(scenario)
				if err != nil {
					return err
				}
				for _, h := range s.Network.Hosts {
					hosts[h.Name] = h.Addr
				}
			}
			return derive(args[0], hosts, c.InOrStdin(), c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	c.Flags().StringVar(&scenario, "scenario", "", "the scenario whose hosts give their names: a name or a file")
	return c
}

func derive(name string, hosts expect.Hosts, stdin io.Reader, stdout, stderr io.Writer) error {
	defer spareMemory(name)()
	c, err := openCapture(name, stdin, capture.Options{NoHash: true})
	if err != nil {
		return err
	}
	defer c.Close()
	warnCut(stderr, name, c.Cut)
	if c.Size == 0 {
		return fmt.Errorf("%s: %w", called(name), lab.ErrNoPackets)
	}
	out := bufio.NewWriter(stdout)
	fmt.Fprint(out, "-- want --\n")
	if err := expect.Derive(out, c, hosts); err != nil {
		return err
	}
	return out.Flush()
}
