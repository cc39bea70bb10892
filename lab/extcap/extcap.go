// Package extcap makes the lab an interface of Wireshark. A person who
// starts a capture on it chooses a scenario, and its packets come as they would from a
// network, with the names of the hosts and the comments of the walkthrough.
//
// Wireshark starts the program in its extcap folder with flags that ask which
// interfaces, link types and settings there are, and then for a capture into a pipe
// (https://www.wireshark.org/docs/wsdg_html_chunked/ChCaptureExtcap.html).
package extcap

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"ftplab/lab"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
)

// Interface is the name of the interface.
const Interface = "ftplab"

// A Pace says how fast packets come.
type Pace string

// The paces.
const (
	AsItHappened Pace = "real" // as far apart as in the session
	AtOnce       Pace = "once"
)

// A Choice is a scenario that Wireshark offers.
type Choice struct {
	Group string // the chapter
	Name  string
	Title string
}

// Interfaces answers --extcap-interfaces.
func Interfaces(w io.Writer) error {
	_, err := fmt.Fprintf(w, "extcap {version=%s}{display=ftplab}\ninterface {value=%s}{display=FTP lab: normal FTP on a private network}\n", lab.Version, Interface)
	return err
}

// LinkTypes answers --extcap-dlts.
func LinkTypes(w io.Writer) error {
	_, err := fmt.Fprintln(w, "dlt {number=1}{name=EN10MB}{display=Ethernet}")
	return err
}

// Settings answers --extcap-config: what a person can choose before the capture.
func Settings(w io.Writer, choices []Choice) error {
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, "arg {number=0}{call=--scenario}{display=Scenario}{tooltip=What happens on the network}{type=selector}")
	fmt.Fprintln(out, "arg {number=1}{call=--file}{display=or a file}{tooltip=A scenario of your own; it takes the place of the one above}{type=fileselect}{mustexist=true}")
	fmt.Fprintln(out, "arg {number=2}{call=--pace}{display=Packets come}{type=selector}")
	fmt.Fprintln(out, "arg {number=3}{call=--seed}{display=Seed}{tooltip=Chooses ports, sequence numbers and losses}{type=unsigned}{default=1}{range=1,4294967295}")
	for i, c := range choices {
		fmt.Fprintf(out, "value {arg=0}{value=%s}{display=%s}{default=%t}\n", c.Name, plain(c.Group+" – "+c.Title), i == 0)
	}
	fmt.Fprintf(out, "value {arg=2}{value=%s}{display=as they did in the session}{default=true}\n", AsItHappened)
	fmt.Fprintf(out, "value {arg=2}{value=%s}{display=at once}{default=false}\n", AtOnce)
	return out.Flush()
}

// plain takes out of a text what has a meaning in Wireshark's notation.
func plain(s string) string { return strings.NewReplacer("{", "(", "}", ")", "\n", " ").Replace(s) }

// Capture runs a scenario and writes its capture into the pipe, at a pace. It ends
// without an error when the pipe's reader, or ctx, does.
func Capture(ctx context.Context, s *scenario.Scenario, pipe io.Writer, pace Pace, seed uint64) error {
	folder, err := os.MkdirTemp("", "ftplab-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	result, err := lab.Run(ctx, s, lab.Options{Results: folder, Removed: true, TCP: tcpOf(s), Seed: seed})
	if err != nil {
		return err
	}
	file, err := os.Open(result.Capture)
	if err != nil {
		return err
	}
	defer file.Close()
	watched := &closing{Writer: pipe}
	err = pcapng.Replay(watched, file, func(d time.Duration) error {
		if pace == AtOnce {
			return ctx.Err()
		}
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	if errors.Is(err, context.Canceled) || watched.closed {
		return nil
	}
	return err
}

// tcpOf is gVisor's TCP, which needs no time, wherever the scenario does not ask for
// Linux's.
func tcpOf(s *scenario.Scenario) scenario.TCP {
	if s.Network.TCP == scenario.LinuxTCP || len(s.Server.Program) > 0 {
		return ""
	}
	return scenario.GVisorTCP
}

// closing remembers that its reader is gone.
type closing struct {
	io.Writer
	closed bool
}

func (c *closing) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.closed = c.closed || err != nil
	return n, err
}
