package redact

import (
	"bytes"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/internal/forge"
	"ftplab/lab/pcapng"
)

var captures = flag.String("captures", "", "a pattern of captures to redact, besides those of the repository")

// recorded are the captures of the repository.
func recorded(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"../capture/testdata/*.pcap*", "../../../results/gallery/*/*.pcapng", "testdata/*.pcap*", *captures} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	return all
}

func open(t *testing.T, file []byte) *capture.Capture {
	t.Helper()
	c, err := capture.Read(bytes.NewReader(file), capture.Options{NoHash: true, NoKeys: true})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// redacted redacts a capture.
func redacted(t *testing.T, file []byte, key string) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := Write(&out, open(t, file), NewKey(key), "test"); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// shape is what redaction keeps of a capture.
func shape(c *capture.Capture) []string {
	lines := []string{fmt.Sprintf("%d packets, %d truncated, %d unread; by statistics %d received, %d dropped, complete %v", c.Size, c.Truncated, c.Unread, c.Received, c.Dropped, c.Complete)}
	side := func(f *ftp.Connection, s ftp.Side) string {
		x := f.Flow(s)
		bytes := fmt.Sprint(x.Bytes)
		if f.Role == ftp.Control {
			bytes = "?" // an address may have grown
		}
		return fmt.Sprintf("%d packets %d segments %s bytes fin %d rst %d again %d", x.Packets, x.Segments, bytes, x.FIN, x.RST, x.Retransmissions)
	}
	for x := range c.Connections() {
		text := fmt.Sprintf("connection %d: %s %s ports %d %d control %d opened by %q %s %d-%d; %s; %s", x.ID, x.Role, x.Mode, x.Client.Port(), x.Server.Port(),
			x.Control, x.OpenedBy, x.History, x.FirstPacket, x.LastPacket, side(x, ftp.Client), side(x, ftp.Server))
		if x.Transfer != nil {
			text += fmt.Sprintf("; for %s in %d, %d", x.Transfer.Command, x.Transfer.Packet, x.Transfer.Reply)
		}
		if x.DataPort != nil {
			text += fmt.Sprintf("; announced in %d", x.DataPort.Packet)
		}
		lines = append(lines, text)
	}
	for s := range c.Sessions() {
		lines = append(lines, fmt.Sprintf("session on %d, TLS %v %v, proxy %v", s.Control.ID, s.TLS, s.Hidden, s.Proxy != nil))
		for _, e := range s.Exchanges {
			verb := e.Command
			if commands[verb] == unknownCommand {
				verb = "?"
			}
			text := fmt.Sprintf("%d %s %v:", e.Packet, verb, e.Argument != "")
			for _, r := range e.Replies {
				text += fmt.Sprintf(" %d in %d of %d lines", r.Code, r.Packet, len(r.Lines))
			}
			lines = append(lines, text+fmt.Sprint(e.Data))
		}
		for _, r := range s.Unsolicited {
			lines = append(lines, fmt.Sprintf("unsolicited %d in %d", r.Code, r.Packet))
		}
		for _, a := range s.DataPorts {
			lines = append(lines, fmt.Sprintf("%s port %d in %d, %d, third party %v malformed %v %v", a.Command, a.Addr.Port(), a.Packet, a.ReplyPacket, a.ThirdParty, a.Malformed, a.Connections))
		}
	}
	return lines
}

// TestDamaged asks that a segment that the receiver dropped has a wrong checksum in the redacted
// capture, too. Else its bytes would count there, and not those that came.
func TestDamaged(t *testing.T) {
	f := forge.New()
	c, s := f.Dial(forge.Client+":3171", forge.Server+":21")
	s.Send("220 ready\r\n")
	c.SegmentAt(0, "P.", "NOOP\r\nNOOP\r\n")
	f.Last(0).Data[50] ^= 1
	forge.Session{Capture: f, Client: c, Server: s}.Ask("USER someone", "331 and?")
	s.RST()
	f.Last(0).Data[50] ^= 1
	forge.Session{Capture: f, Client: c, Server: s}.Ask("QUIT", "221 bye")
	want, got := shape(open(t, f.PCAP())), shape(open(t, redacted(t, f.PCAP(), "key")))
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestStatistics asks that a redacted capture lacks what the capture lacks: the statistics are
// those of the recorder, or none.
func TestStatistics(t *testing.T) {
	f := forge.New()
	c, s := f.Dial(forge.Client+":3171", forge.Server+":21")
	forge.Session{Capture: f, Client: c, Server: s}.Ask("NOOP", "200 well")
	size := uint64(open(t, f.PCAP()).Size)
	for _, stats := range []pcapng.Stats{{Received: size}, {Received: size + 2}, {Received: size + 2, Dropped: 2}} {
		var file bytes.Buffer
		w, err := pcapng.NewWriter(&file, pcapng.PCAPNG, pcapng.Info{})
		from, wrong := pcapng.NewReader(bytes.NewReader(f.PCAP()))
		if err != nil || wrong != nil {
			t.Fatal(err, wrong)
		}
		for p := (pcapng.Packet{}); from.Next(&p) == nil; {
			info := gopacket.CaptureInfo{Timestamp: time.Unix(0, p.Time), CaptureLength: len(p.Data), Length: p.Length}
			if err := w.WritePacket(info, bytes.Clone(p.Data)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(stats); err != nil {
			t.Fatal(err)
		}
		want := shape(open(t, file.Bytes()))
		if got := shape(open(t, redacted(t, file.Bytes(), "key"))); !slices.Equal(got, want) {
			t.Errorf("%+v: got\n%s\nwant\n%s", stats, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if c := open(t, redacted(t, f.PCAP(), "key")); c.Received != 0 || c.Complete {
		t.Errorf("without statistics: got %d received, complete %v, want neither", c.Received, c.Complete)
	}
}

// TestSameShape asks that a redacted capture shows the same connections, commands, replies
// and transfers.
func TestSameShape(t *testing.T) {
	for _, name := range recorded(t) {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want, got := shape(open(t, file)), shape(open(t, redacted(t, file, "key")))
		wrong := 0
		for i := range max(len(want), len(got)) {
			var a, b string
			if i < len(want) {
				a = want[i]
			}
			if i < len(got) {
				b = got[i]
			}
			if a != b && wrong < 4 {
				t.Errorf("%s\n got %s\nwant %s", filepath.Base(name), b, a)
				wrong++
			}
		}
	}
}

// private returns what of a capture nobody may find in the redacted one, by what it is.
func private(c *capture.Capture) map[string]string {
	found := map[string]string{}
	address := func(a netip.Addr) {
		a = a.Unmap()
		if NewKey("key").Addr(a) == a { // one that is everywhere
			return
		}
		found[string(a.AsSlice())] = "bytes of " + a.String()
		if a.Is4() {
			found[a.String()] = "address"
			found[strings.ReplaceAll(a.String(), ".", ",")] = "address with commas"
		} else {
			found[a.String()] = "address"
		}
	}
	for x := range c.Connections() {
		address(x.Client.Addr())
		address(x.Server.Addr())
	}
	for s := range c.Sessions() {
		for _, a := range s.DataPorts {
			if a.Addr.IsValid() {
				address(a.Addr.Addr())
			}
		}
		for _, e := range s.Exchanges {
			kind := commands[e.Command]
			if kind != nameArgument && kind != secretArgument || e.Command == "SITE" || e.Command == "PRET" {
				continue
			}
			for _, w := range wordsOf(e.Argument) {
				if len(w) > 3 && !knownUsers[strings.ToLower(w)] && !endings[strings.ToLower(w)] {
					found[w] = e.Command + "'s argument"
				}
			}
		}
	}
	for _, p := range c.OtherPackets {
		if p.UDP != nil && p.UDP.DNS != nil {
			for label := range strings.SplitSeq(p.UDP.DNS.Name, ".") {
				if len(label) > 3 {
					found[label] = "name asked for"
				}
			}
		}
		for _, m := range []string{string(p.SrcMAC), string(p.DstMAC)} {
			if len(m) == 6 && strings.Trim(m, "\x00") != "" && strings.Trim(m, "\xff") != "" {
				found[m] = "MAC address"
			}
		}
	}
	return found
}

// TestNothingLeaks searches redacted captures for what was private in the originals.
func TestNothingLeaks(t *testing.T) {
	searched := 0
	for _, name := range recorded(t) {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		original := open(t, file)
		out := redacted(t, file, "key")
		r, err := pcapng.NewReader(bytes.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		words := private(original)
		for word, what := range words {
			searched++
			if len(word) > 4 && bytes.Contains(out, []byte(word)) {
				t.Errorf("%s: %s %q is in the redacted capture", filepath.Base(name), what, word)
			}
		}
		var p pcapng.Packet
		for n := 1; r.Next(&p) == nil; n++ {
			for word, what := range words {
				at := 14 + 12
				if len(word) == 4 && strings.HasPrefix(what, "bytes of") && len(p.Data) > at+8 && (string(p.Data[at:at+4]) == word || string(p.Data[at+4:at+8]) == word) {
					t.Errorf("%s: packet %d: %s", filepath.Base(name), n, what)
				}
			}
		}
		if len(r.Secrets()) > 0 || len(r.Names()) > 0 {
			t.Errorf("%s: there are keys or names in the redacted capture", filepath.Base(name))
		}
	}
	if searched < 50 {
		t.Errorf("only %d words were searched for", searched)
	}
}

// A capture that was taken at several places keeps these, where each packet was recorded, and which one was lost between
// them. A name that may say whose the place is becomes another one.
func TestPlacesAreKept(t *testing.T) {
	f := forge.New()
	ctl := f.Login()
	ctl.Ask("PASV", "227 Entering Passive Mode (192,0,2,21,4,1).")
	ctl.Ask("NOOP", "200 Fine.")
	lost := slices.IndexFunc(f.Frames, func(p forge.Frame) bool { return bytes.Contains(p.Data, []byte("200 Fine")) })
	var file bytes.Buffer
	w, err := pcapng.NewWriter(&file, pcapng.PCAPNG, pcapng.Info{Interface: "client", Others: []string{"Jane-PC"}})
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range f.Frames {
		for at := range 2 {
			if i == lost && at == 0 {
				continue
			}
			info := gopacket.CaptureInfo{Timestamp: time.Unix(int64(i), int64(at)), CaptureLength: len(p.Data), Length: len(p.Data), InterfaceIndex: at}
			if err := w.WritePacket(info, p.Data); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(pcapng.Stats{Received: 1, Began: time.Unix(0, 0), Ended: time.Unix(1, 0)}); err != nil { // fewer than were written at the second place
		t.Fatal(err)
	}
	c := open(t, redacted(t, file.Bytes(), "key"))
	if want := []string{"client", string(NewKey("key").Word([]byte("Jane-PC")))}; !slices.Equal(c.Places, want) || want[1] == "Jane-PC" {
		t.Errorf("got the places %q, want %q", c.Places, want)
	}
	if c.NumSessions() != 1 || c.Size != 2*len(f.Frames)-1 || c.Received != uint64(len(f.Frames)) {
		t.Errorf("got %d sessions, %d packets and %d by the statistics, want 1, %d and %d", c.NumSessions(), c.Size, c.Received, 2*len(f.Frames)-1, len(f.Frames))
	}
	type seen struct {
		at         int
		copy, away bool
	}
	packets := func(c *capture.Capture) (all []seen) {
		for p := range c.Packets() {
			all = append(all, seen{p.Interface, p.Copy != nil, p.Away != nil})
		}
		return all
	}
	got, want := packets(c), packets(open(t, file.Bytes()))
	if !slices.Equal(got, want) || !want[2*lost].away || !want[2*lost+2].copy {
		t.Errorf("got %v, want %v, with one that was lost at the first place, and copies", got, want)
	}
}
