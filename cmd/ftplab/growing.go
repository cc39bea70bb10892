package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"ftplab/lab"
)

// growing has the flags of commands that read a capture while it grows.
type growing struct {
	device string
	follow bool
}

// growingHelp describes them.
const growingHelp = `--live DEVICE records a network device, such as eth0, and --follow reads a capture file
while another program writes it. If that program continues in another file, as tcpdump
does with -C, -G and -W, --follow continues there; in a folder, it reads the files one
after the other. Each session is printed when it has ended, and so is a connection to port
21 or 990 without one; explain leaves out other connections. If others go on between the
same hosts, it may wait for more that end, but at most 1 s and 50 ms for each that goes
on. Ctrl-C prints the sessions that have not ended, with exit status 0. Memory is bounded,
because packets wait in a temporary file. What there is no room for is said once on the
standard error, and as left_out in JSON. --live needs Linux, and root or CAP_NET_RAW.`

// add adds the flags to a command. Its arguments may be missing with --live.
func (g *growing) add(c *cobra.Command) {
	c.Flags().Var(&pathValue{&g.device, "device", false}, "live", "record this network device, and print each session when it has ended")
	c.Flags().BoolVar(&g.follow, "follow", false, "the capture grows: print each session when it has ended")
	args := c.Args
	c.Args = func(c *cobra.Command, list []string) error {
		switch {
		case g.device != "" && len(list) > 0:
			return fmt.Errorf("--live takes no capture; it makes one")
		case g.device != "":
			return nil
		case g.follow && len(list) != 1:
			return fmt.Errorf("%s --follow takes one capture or folder; - is the standard input", strings.TrimPrefix(c.CommandPath(), "ftplab "))
		}
		return args(c, list)
	}
	oneOf(c, "live", "follow")
}

// given reports whether one of the flags is.
func (g *growing) given() bool { return g.device != "" || g.follow }

// capture is the capture that grows.
func (g *growing) capture(args []string, keyLog string, stdin io.Reader, stderr io.Writer) lab.Growing {
	c := lab.Growing{
		Device: g.device, KeyLog: keyLog,
		Warn:  func(sentence string) { printLine(stderr, "ftplab: %s", sentence) },
		Ready: func() { printLine(stderr, "recording %s until Ctrl-C", g.device) },
	}
	switch {
	case g.device != "":
	case args[0] == "-":
		c.Stream = stdin
	default:
		c.File = args[0]
	}
	return c
}
