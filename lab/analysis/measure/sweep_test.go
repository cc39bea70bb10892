package measure_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/measure"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/internal/forge"
)

// TestSweep takes packets away from captures, one at a time, those of one side, the ends of all, and the
// end of the file.
// Every figure then has the value that the whole capture shows, or is not measured. A bare ACK and a
// reset leave no trace that they were there, so that what they change is not known.
func TestSweep(t *testing.T) {
	for name, make := range sweptSessions {
		f := forge.New()
		f.MSS = 1000
		make(f)
		sweep(t, name, f.Frames, nil)
	}
}

var sweptSessions = map[string]func(f *forge.Capture){
	"active": func(f *forge.Capture) {
		s := f.Login()
		s.Active(4000, "RETR a.bin", strings.Repeat("a", 2500))
		s.Active(4001, "STOR b.bin", "b\n")
		s.Quit()
	},
	"from another port": func(f *forge.Capture) {
		client, server := dial(f, forge.Client+":3171", forge.Server+":2121")
		client.Say(forge.Login)
		client.Say("> PORT 198,51,100,100,15,160\n< 200 OK\n> RETR a.bin")
		data, _ := dial(f, forge.Server+":2120", forge.Client+":4000")
		data.Send("Hello.\n")
		data.Close()
		client.Say("< 226 OK" + forge.Quit)
		server.Close()
	},
	"passive": func(f *forge.Capture) {
		client := f.Control().Say(forge.Login)
		client.Say("> PASV\n< 227 Entering Passive Mode (192,0,2,21,19,136)")
		data, _ := f.Dial(forge.Client+":4001", forge.Server+":5000")
		client.Say("> STOR a.bin\n< 150 OK")
		data.Send(strings.Repeat("b", 1500))
		data.Close()
		client.Say("< 226 OK" + forge.Quit)
		client.Peer.Close()
	},
	"a second login, and a reset": func(f *forge.Capture) {
		client := f.Control().Say("< 220 ready\n> USER ada\n< 530 No\n> USER bob\n< 331 Password\n> NOOP")
		client.ACK()
		client.Say("< 200 OK\n< 421 Bye")
		client.ACK()
		client.RST()
	},
}

// dial opens a connection with the options MSS, window scale and SACK permitted.
func dial(f *forge.Capture, from, to string) (a, b *forge.End) {
	a, b = f.Pair(from, to)
	a.Options = []byte{2, 4, 5, 180, 4, 2, 3, 3, 7, 1, 1, 1}
	b.Options = a.Options
	a.Handshake()
	return a, b
}

// sweep compares the figures of frames with those of what is left of them.
func sweep(t *testing.T, name string, frames []forge.Frame, keys []byte) {
	t.Helper()
	whole := read(t, forge.PCAP(1, frames), keys)
	check := checker(t, name, whole, keys)
	check("whole", forge.PCAP(1, frames), nil)
	n := 0
	for p := range whole.Packets() {
		var excused *regexp.Regexp
		if leavesNoTrace(p) {
			excused = untraced
		}
		check(fmt.Sprintf("without frame %d", n+1), forge.PCAP(1, slices.Delete(slices.Clone(frames), n, n+1)), excused)
		n++
		file := forge.PCAP(1, frames[:n])
		check(fmt.Sprintf("cut off in frame %d", n), file[:len(file)-1], nil)
	}
	for _, snap := range []int{54, 68, 82, 96} {
		left := slices.Clone(frames)
		for i := range left {
			left[i].Cut(snap)
		}
		check(fmt.Sprintf("-s %d", snap), forge.PCAP(1, left), nil)
	}
	for _, side := range []ftp.Side{ftp.Client, ftp.Server} {
		var left []forge.Frame
		n := 0
		for p := range whole.Packets() {
			if p.From == side {
				left = append(left, frames[n])
			}
			n++
		}
		check("only the "+string(side), forge.PCAP(1, left), nil)
	}
}

// checker returns a function that compares the figures of a capture with those of a file that has less of it.
func checker(t *testing.T, name string, whole *capture.Capture, keys []byte) func(what string, file []byte, excused *regexp.Regexp) {
	t.Helper()
	text, all := everyFigure(t, whole)
	want, err := expect.Parse("want", 1, text)
	if err != nil {
		t.Fatal(err)
	}
	v, err := want.Judge(whole, nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := truths(t, whole, v, all)
	figures, err := measure.Parse("figures", 1, strings.Join(lines, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return func(what string, file []byte, excused *regexp.Regexp) {
		c := read(t, file, keys)
		v, err := want.Judge(c, nil)
		if err != nil {
			t.Fatal(err)
		}
		results, err := figures.Measure(c, v)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			if is := !strings.HasSuffix(r.Comment, "not"); !r.Unjudged && r.OK != is && !(excused != nil && excused.MatchString(r.Name)) {
				t.Errorf("%s, %s: %s: got %q, OK %v (%s)", name, what, r.Text, r.Measured, r.OK, r.Why)
			}
		}
	}
}

// untraced are the figures that a packet without a trace changes.
var untraced = regexp.MustCompile(`^capture\.(packets|bytes|duration|port|resets)|^lengths|\.(packets|acks|acks-per-segment|segments-per-ack|duration|window\.(min|max|spread)|reset-by)\b`)

// leavesNoTrace reports whether nothing else in a capture shows that a packet was there.
func leavesNoTrace(p *capture.Packet) bool {
	s := p.Segment
	return s == nil || s.Length == 0 && s.Flags&(packet.SYN|packet.FIN) == 0
}

func read(t *testing.T, file, keys []byte) *capture.Capture {
	t.Helper()
	c, err := capture.Read(bytes.NewReader(file), capture.Options{KeyLog: keys})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// everyFigure declares all connections of a capture, and names all figures of it.
func everyFigure(t *testing.T, c *capture.Capture) (want string, names []string) {
	listed := regexp.MustCompile(`(?m)^    ((?:NAME|capture|lengths)\.\S+)`)
	var each []string
	for _, m := range listed.FindAllStringSubmatch(measure.Manual, -1) {
		each = append(each, m[1])
	}
	var b strings.Builder
	for x := range c.Connections() {
		a, z := x.Client, x.Server
		if x.OpenedBy == ftp.Server {
			a, z = z, a
		}
		fmt.Fprintf(&b, "c%d %s.%d > %s.%d\n", x.ID, a.Addr(), a.Port(), z.Addr(), z.Port())
		for _, n := range each {
			n, ofConnection := strings.CutPrefix(n, "NAME")
			if !ofConnection {
				continue
			}
			for _, side := range []string{"client", "server"} {
				names = append(names, strings.ReplaceAll(strings.ReplaceAll(fmt.Sprintf("c%d%s", x.ID, n), "SIDE", side), "COMMAND", "USER"))
			}
		}
	}
	for _, n := range each {
		if !strings.HasPrefix(n, "NAME") && n != "capture.forged.signs" {
			names = append(names, strings.ReplaceAll(strings.ReplaceAll(n, ".N", ".21"), "LOW-HIGH", "60-100"))
		}
	}
	for x := range c.Connections() {
		fmt.Fprintf(&b, "c%d ...\n", x.ID)
	}
	slices.Sort(names)
	return b.String(), slices.Compact(names)
}

// truths are lines that hold of a capture, and such that do not, which have the comment "not".
func truths(t *testing.T, c *capture.Capture, v *expect.Verdict, names []string) (lines []string) {
	for _, n := range names {
		q, err := measure.ParseQuantity(n)
		if err != nil {
			t.Fatal(err)
		}
		values, err := measure.Values(c, v, []measure.Quantity{q})
		if err != nil {
			continue
		}
		x := values[0]
		exact := ""
		if x.Words != "" {
			word := x.Words
			if q.Kind() == measure.Words {
				word = strconv.Quote(word)
			}
			lines = append(lines, n+" = "+word, n+" != "+word+" # not")
			continue
		}
		value := strconv.FormatFloat(x.Number, 'f', -1, 64)
		switch q.Kind() {
		case measure.Time:
			value, exact = fmt.Sprintf("%.0fns", x.Number*1e9), " ± 100ns"
		case measure.Share:
			value, exact = strconv.FormatFloat(x.Number*100, 'f', -1, 64)+"%", " ± 0.01%"
		case measure.Rate:
			value, exact = strconv.FormatFloat(x.Number, 'f', -1, 64)+"bit/s", " ± 0.01%"
		case measure.Ratio:
			exact = " ± 0.0001"
		}
		lines = append(lines, n+" = "+value+exact)
		if q.Kind() == measure.Count {
			lines = append(lines, n+" != "+value+" # not", n+" < "+value+" # not", n+" > "+value+" # not", n+" <= "+value, n+" >= "+value)
		}
	}
	return lines
}
