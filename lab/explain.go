package lab

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/extract"
	"ftplab/lab/analysis/report"
	"ftplab/lab/analysis/report/text"
	"ftplab/lab/scenario"
)

// A Form is a way to present a capture.
type Form string

// The forms in which [Explain] writes.
const (
	Story        Form = "story"         // what happened, in sentences
	JSON         Form = "json"          // the same facts for a program
	JSONLines    Form = "jsonl"         // the same, one object per line
	PacketLines  Form = "packets"       // every packet in a line, as tcpdump prints it
	HTML         Form = "html"          // the walkthrough: a page for the browser
	Markdown     Form = "md"            // the walkthrough as Markdown
	Lengths      Form = "lengths"       // the packet lengths, in Wireshark's ranges
	TimeSequence Form = "time-sequence" // segments, ACKs and window of each transfer, for plotting
)

// An Explanation says how [Explain] presents a capture. The zero value is the
// story.
type Explanation struct {
	Form     Form
	NoHash   bool // leave out the SHA-256 of what was transferred, which takes most of the time
	Absolute bool // of PacketLines: sequence numbers as on the wire
	Delta    bool // of PacketLines: the time since the previous line, not since the first

	// Redact explains the capture as [Redact] writes it, with RedactKey.
	Redact    bool
	RedactKey string
	Notes     report.Notes // of HTML: whether its notes are shown, hidden or left out; shown when empty
}

// Explain writes what happened in a capture: its TCP connections, the FTP sessions among
// them, and which data connection belongs to which command. It guesses nothing: what the
// capture does not show is left out, or reported as missing.
func Explain(w io.Writer, src Source, e Explanation) error {
	if e.Redact {
		redacted, end, err := src.redacted(e.RedactKey)
		if err != nil {
			return err
		}
		defer end()
		src = redacted
	}
	return e.explain(w, src)
}

// Walkthrough is [Explain] in the form [HTML]. A program that calls only this has no code that redacts, which
// makes the lab's web page smaller.
func Walkthrough(w io.Writer, src Source) error { return Explanation{Form: HTML}.explain(w, src) }

func (e Explanation) explain(w io.Writer, src Source) error {
	hashes := (e.Form == "" || e.Form == Story || e.Form == JSON || e.Form == JSONLines) && !e.NoHash
	c, err := src.open(capture.Options{NoHash: !hashes})
	if err != nil {
		return err
	}
	defer c.Close()
	out := bufio.NewWriterSize(w, 64<<10)
	if err := e.write(out, c, src); err != nil {
		return err
	}
	return out.Flush()
}

func (e Explanation) write(out io.Writer, c *capture.Capture, src Source) error {
	switch e.Form {
	case "", Story:
		return text.Story(out, src.name, c) // which says where the capture is cut
	case JSON:
		src.warnOf(c)
		return text.JSON(out, src.name, c)
	case JSONLines:
		src.warnOf(c)
		return text.JSONLines(out, src.name, c)
	case PacketLines:
		src.warnOf(c)
		return e.writePackets(out, c)
	}
	r, err := report.New(c, nil)
	if err != nil {
		return err
	}
	r.Capture, r.Notes = src.name, e.Notes
	if src.path != "" && !e.Redact {
		r.Capture = filepath.Base(src.path)
		r.Command = CommandLine("ftplab", "explain", "--"+string(e.Form), fileArgument(r.Capture))
	}
	switch e.Form {
	case HTML:
		return r.HTML(out)
	case Markdown:
		return r.Markdown(out)
	case Lengths:
		src.warnOf(c)
		return r.Packets.Lengths.WriteText(out)
	case TimeSequence:
		src.warnOf(c)
		return r.TimeSequences(out)
	}
	return fmt.Errorf("there is no form %q of an explanation", e.Form)
}

// writePackets writes each packet with its number and time.
func (e Explanation) writePackets(out io.Writer, c *capture.Capture) error {
	numbers := text.Relative
	if e.Absolute {
		numbers = text.Absolute
	}
	origin := c.Start
	for p := range c.Packets() {
		fmt.Fprintf(out, "%6d %11.6f  %s\n", p.Number, float64(p.Time-origin)/1e9, text.Line(p, numbers))
		if e.Delta {
			origin = p.Time
		}
	}
	return c.Err()
}

// Extract writes what the data connections of a capture carried into files in the folder
// dir, and a line for each to w. Of a connection in TLS it writes what is inside, if there
// are keys. It never writes outside the folder or over a file.
func Extract(w io.Writer, src Source, dir string) error {
	c, err := src.open(capture.Options{NoHash: true})
	if err != nil {
		return err
	}
	defer c.Close()
	src.warnOf(c)
	out := bufio.NewWriter(w)
	n := 0
	err = extract.Write(dir, c, func(f *extract.File) {
		n++
		f.WriteLine(out)
	})
	switch {
	case err != nil && n > 0:
		err = fmt.Errorf("%w (the files that were extracted before are removed)", err)
	case n == 0 && err == nil:
		fmt.Fprintf(out, "%s: there is no data connection in this capture, so nothing was extracted\n", src.name)
	}
	return errors.Join(err, out.Flush())
}

// Derive writes the section `want` of a scenario from a capture: what another run
// of the same session would show as well. Hosts have the names of the scenario s,
// or if it is nil those that the capture gives, or else client and server for the two
// sides of 127.0.0.1. The capture passes the want. The error is [ErrNoPackets] for a
// capture without a packet, and says why for a file that is cut off: it passes no want.
func Derive(w io.Writer, src Source, s *scenario.Scenario) error {
	c, err := src.openFull(capture.Options{NoHash: true, ControlPorts: expect.ControlPorts(s)})
	if err != nil {
		return err
	}
	defer c.Close()
	if c.Cut != "" {
		return fmt.Errorf("%s: %s; more packets may follow, so it passes no want. Wireshark's editcap writes a copy with the whole packets", src.name, c.Cut)
	}
	src.warnOf(c)
	hosts := expect.Hosts{}
	switch {
	case s != nil:
		hosts = hostsOf(s)
	case len(c.Names) == 0: // as in a scenario that says nothing of its network
		loopback := []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
		hosts["client"], hosts["server"] = loopback, loopback
	}
	out := bufio.NewWriter(w)
	fmt.Fprint(out, wantHeading)
	if err := expect.Derive(out, c, hosts); err != nil {
		return fmt.Errorf("%s: %w", src.name, err)
	}
	return out.Flush()
}

// wantHeading begins the section of a scenario that Derive writes.
const wantHeading = "-- want --\n"

// hostsOf returns the addresses that the hosts of a scenario have in its
// capture, by their names.
func hostsOf(s *scenario.Scenario) expect.Hosts {
	hosts := expect.Hosts{}
	for _, h := range s.Network.Hosts {
		hosts[h.Name] = s.Network.Addresses(h)
	}
	return hosts
}
