package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/report"
	"ftplab/lab/analysis/report/text"
)

func explainCommand() *cobra.Command {
	var e explanation
	c := &cobra.Command{
		Use:   "explain CAPTURE",
		Short: "Tell what happened in a capture, anybody's",
		Long: `Explain reads a capture (pcap or pcapng; - is the standard input) and tells what
happened in it: its TCP connections, the FTP sessions among them line by line,
and which data connection belongs to which command.

Nothing but the capture is needed, and nothing is guessed: what it does not show
is left out or said.`,
		Example: `  ftplab explain capture.pcapng              the story
  ftplab explain --json capture.pcapng       the same facts for a program
  ftplab explain --packets capture.pcapng    every packet as tcpdump prints it
  ftplab explain --html capture.pcapng > walkthrough.html
  tcpdump -w - port 21 | ftplab explain -`,
		Args: takesCapture,
		RunE: func(c *cobra.Command, args []string) error {
			return e.run(args[0], c.InOrStdin(), c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	c.Flags().BoolVar(&e.json, "json", false, "print the facts as JSON")
	c.Flags().BoolVar(&e.noHash, "no-hash", false, "leave out the SHA-256 of what was transferred, which takes most of the time")
	c.Flags().BoolVar(&e.packets, "packets", false, "print every packet in a line, as tcpdump does")
	c.Flags().BoolVar(&e.absolute, "absolute", false, "with --packets: sequence numbers as on the wire, not relative")
	c.Flags().BoolVar(&e.delta, "delta", false, "with --packets: the time since the previous line, not since the first")
	c.Flags().BoolVar(&e.html, "html", false, "write the walkthrough: a page for the browser")
	c.Flags().BoolVar(&e.md, "md", false, "write the walkthrough as Markdown")
	c.Flags().BoolVar(&e.lengths, "lengths", false, "print the packet lengths, in Wireshark's ranges")
	c.Flags().BoolVar(&e.sequence, "time-sequence", false, "print the time-sequence data of each transfer: segments, ACKs, window")
	oneOf(c, "json", "packets", "html", "md", "lengths", "time-sequence")
	return c
}

// An explanation is what the flags ask for.
type explanation struct {
	json, noHash, packets, absolute, delta bool
	html, md, lengths, sequence            bool // what package report writes
}

func (e explanation) run(name string, stdin io.Reader, stdout, stderr io.Writer) error {
	if (e.absolute || e.delta) && !e.packets {
		return errors.New("--absolute and --delta go with --packets")
	}
	out := bufio.NewWriterSize(stdout, 64<<10)
	defer spareMemory(name)()
	if e.html || e.md || e.lengths || e.sequence {
		if err := e.report(name, stdin, out, stderr); err != nil {
			return err
		}
		return out.Flush()
	}
	t, err := openCapture(name, stdin, capture.Options{NoHash: e.noHash || e.packets})
	if err != nil {
		return err
	}
	defer t.Close()
	switch {
	case e.json:
		err = text.JSON(out, t)
	case e.packets:
		err = e.printPackets(out, t)
	default:
		err = text.Story(out, name, t)
	}
	if e.json || e.packets { // the story says so itself
		warnCut(stderr, name, t.Cut)
	}
	if err != nil {
		return err
	}
	return out.Flush()
}

// report writes what package report makes of the capture.
func (e explanation) report(name string, stdin io.Reader, out, stderr io.Writer) error {
	t, err := openCapture(name, stdin, capture.Options{NoHash: true})
	if err != nil {
		return err
	}
	defer t.Close()
	r, err := report.New(t, nil)
	if err != nil {
		return err
	}
	r.Capture = "standard input"
	if name != "-" {
		r.Capture = filepath.Base(name)
		form := "--html"
		if e.md {
			form = "--md"
		}
		r.Command = "ftplab explain " + form + " " + r.Capture
	}
	switch {
	case e.html:
		return r.HTML(out)
	case e.md:
		return r.Markdown(out)
	case e.lengths:
		warnCut(stderr, name, t.Cut)
		return r.Packets.Lengths.WriteText(out)
	}
	warnCut(stderr, name, t.Cut)
	return r.TimeSequences(out)
}

// printPackets prints each packet with its number and time.
func (e explanation) printPackets(out io.Writer, c *capture.Capture) error {
	numbers := text.Relative
	if e.absolute {
		numbers = text.Absolute
	}
	origin := c.Start
	for p := range c.Packets() {
		fmt.Fprintf(out, "%6d %11.6f  %s\n", p.Number, float64(p.Time-origin)/1e9, text.Line(p, numbers))
		if e.delta {
			origin = p.Time
		}
	}
	return c.Err()
}
