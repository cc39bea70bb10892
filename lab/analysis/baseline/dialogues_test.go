// What happens in the captures of these tests.

package baseline

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/internal/forge"
)

// The hosts of most captures, and the beginning and the end of most dialogues.
const (
	aClient, aServer = forge.Client, forge.Server
	hello, bye       = forge.Login, forge.Quit
)

// The sides of a connection.
const (
	opener = iota
	answerer
)

// end is one of the two ends of a connection, of which t is the opener's.
func end(t *forge.End, side int) *forge.End {
	if side == answerer {
		return t.Peer
	}
	return t
}

// dial opens a connection, and returns the end that opened it.
func dial(f *forge.Capture, from, to string) *forge.End {
	t, _ := f.Dial(from, to)
	return t
}

// overhear is a connection that was open before the capture began.
func overhear(f *forge.Capture, from, to string) *forge.End {
	t, _ := f.Pair(from, to)
	return t
}

// fromClient reports whether the usual client sent a frame.
func fromClient(f forge.Frame) bool {
	return netip.AddrFrom4([4]byte(f.Data[26:30])).String() == aClient
}

// spoil makes the TCP checksum of a frame wrong.
func spoil(f *forge.Frame) { f.Data[50] ^= 1 }

// hops changes the time to live of the last frame but n, and the checksum of its header of IPv4.
func hops(f *forge.Capture, n int, ttl byte) {
	header := f.Last(n).Data[14:34]
	header[8], header[10], header[11] = ttl, 0, 0
	sum := uint32(0)
	for i := 0; i < len(header); i += 2 {
		sum += uint32(header[i])<<8 | uint32(header[i+1])
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	header[10], header[11] = byte(^sum>>8), byte(^sum)
}

// session is a session that consists of the given lines between login and QUIT.
func session1(script string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		if script != "" {
			t.Say(script)
		}
		t.Say(bye).Peer.Close()
	}
}

// dialogue is a control connection with just the given lines.
func dialogue(script string) func(*forge.Capture) {
	return func(f *forge.Capture) { f.Control().Say(script).Close() }
}

// download moves bytes over a data connection that the server closes.
func download(f *forge.Capture, from, to string, sender, size int) *forge.End {
	t := dial(f, from, to)
	end(t, sender).Segment("P.", strings.Repeat("x", size))
	end(t, sender).Close()
	return t
}

// evidence reads what was forged.
func gathered(f *forge.Capture, t *testing.T) *Capture {
	t.Helper()
	e, err := gather(f.PCAP())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// forgedEvidence forges a capture and reads it.
func forgedEvidence(t *testing.T, play func(*forge.Capture)) *Capture {
	t.Helper()
	f := forge.New()
	play(f)
	return gathered(f, t)
}

// forged forges a capture and checks it against the rules alone.
func forged(t *testing.T, play func(*forge.Capture)) *Assessment {
	t.Helper()
	return check(t, forgedEvidence(t, play), nil)
}

func (a *Assessment) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", a.Verdict)
	for _, f := range a.Findings {
		fmt.Fprintf(&b, "\n\t%s %s %v: %s", f.Severity, f.Rule, f.Packets, f.Observed)
	}
	return b.String()
}

// gather gathers the evidence of a capture in memory.
func gather(file []byte) (*Capture, error) {
	c, err := capture.Read(bytes.NewReader(file), capture.Options{NoHash: true})
	if err != nil {
		return nil, err
	}
	return Gather(c)
}

// check holds the evidence against the rules and a profile.
func check(t testing.TB, e *Capture, normal *profile.Profile) *Assessment {
	t.Helper()
	a, err := e.Check(normal)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// learn learns from the evidence.
func learn(t testing.TB, e *Capture, name string) *profile.Profile {
	t.Helper()
	p, err := e.Learn(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
