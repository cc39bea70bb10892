// Captures that nobody recorded: a forge of small pcap files, in memory.

package baseline

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/packet"
)

// The hosts of most forged captures.
const (
	aClient = "198.51.100.100"
	aServer = "192.0.2.21"
)

// A forge writes a capture packet by packet.
type forge struct {
	file  bytes.Buffer
	clock time.Duration
	ports uint16

	mute      string // packets from this address are not recorded
	snap      int    // the longest that a packet is recorded, 0 for whole ones
	checksums bool   // TCP segments have checksums
	damage    bool   // which are wrong
	offloads  string // and those of this address always are, since a network card makes them
}

// newForge begins a capture of raw IP (link type 101) with stamps in nanoseconds.
func newForge() *forge {
	f := &forge{ports: 3170}
	for _, word := range []uint32{0xa1b23c4d, 2 | 4<<16, 0, 0, 1 << 18, 101} {
		binary.Write(&f.file, binary.LittleEndian, word)
	}
	return f
}

// pass lets time go by.
func (f *forge) pass(d time.Duration) { f.clock += d }

// packet writes an IP packet with the given TCP segment.
func (f *forge) packet(src, dst netip.AddrPort, seq, ack uint32, flags byte, data string) {
	tcp := binary.BigEndian.AppendUint16(nil, src.Port())
	tcp = binary.BigEndian.AppendUint16(tcp, dst.Port())
	tcp = binary.BigEndian.AppendUint32(tcp, seq)
	tcp = binary.BigEndian.AppendUint32(tcp, ack)
	tcp = append(tcp, 5<<4, flags, 0xff, 0xff, 0, 0, 0, 0)
	tcp = append(tcp, data...)
	f.clock += time.Millisecond
	if src.Addr().String() == f.mute {
		return
	}
	if f.checksums {
		f.checksum(src.Addr(), dst.Addr(), tcp)
	}
	var ip []byte
	if src.Addr().Is4() {
		ip = []byte{0x45, 0, byte((20 + len(tcp)) >> 8), byte(20 + len(tcp)), 0, 0, 0x40, 0, 64, 6, 0, 0}
	} else {
		ip = []byte{0x60, 0, 0, 0, byte(len(tcp) >> 8), byte(len(tcp)), 6, 64}
	}
	ip = append(ip, src.Addr().AsSlice()...)
	ip = append(ip, dst.Addr().AsSlice()...)
	ip = append(ip, tcp...)
	when := time.Unix(1700000000, 0).Add(f.clock)
	captured := ip
	if f.snap > 0 {
		captured = ip[:min(len(ip), f.snap)]
	}
	for _, word := range []uint32{uint32(when.Unix()), uint32(when.Nanosecond()), uint32(len(captured)), uint32(len(ip))} {
		binary.Write(&f.file, binary.LittleEndian, word)
	}
	f.file.Write(captured)
}

// checksum fills in the checksum of a segment (RFC 9293 section 3.1).
func (f *forge) checksum(src, dst netip.Addr, tcp []byte) {
	sum := uint32(6 + len(tcp))
	for _, part := range [][]byte{src.AsSlice(), dst.AsSlice(), tcp} {
		for i, b := range part {
			sum += uint32(b) << (8 * (1 - i%2))
		}
	}
	for sum>>16 > 0 {
		sum = sum&0xffff + sum>>16
	}
	if f.damage || src.String() == f.offloads {
		sum ^= 0x0100
	}
	binary.BigEndian.PutUint16(tcp[16:], ^uint16(sum))
}

// A talk is a TCP connection in a forged capture. The side that opens it is 0.
type talk struct {
	*forge
	ends [2]netip.AddrPort
	seq  [2]uint32
	// deaf sides do not acknowledge what they hear.
	deaf bool
}

const (
	opener   = 0
	answerer = 1
)

// dial opens a connection.
func (f *forge) dial(from, to string) *talk {
	t := f.overhear(from, to)
	f.packet(t.ends[0], t.ends[1], t.seq[0]-1, 0, packet.SYN, "")
	f.packet(t.ends[1], t.ends[0], t.seq[1]-1, t.seq[0], packet.SYN|packet.ACK, "")
	f.packet(t.ends[0], t.ends[1], t.seq[0], t.seq[1], packet.ACK, "")
	return t
}

// overhear is a connection that was open before the capture began. An address
// without a port gets one.
func (f *forge) overhear(from, to string) *talk {
	t := &talk{forge: f, seq: [2]uint32{1001, 2001}}
	for i, end := range []string{from, to} {
		if addr, err := netip.ParseAddr(end); err == nil {
			f.ports++
			t.ends[i] = netip.AddrPortFrom(addr, f.ports)
		} else {
			t.ends[i] = netip.MustParseAddrPort(end)
		}
	}
	return t
}

// control opens a control connection between the usual hosts.
func (f *forge) control() *talk { return f.dial(aClient, aServer+":21") }

// send sends data in one segment.
func (t *talk) send(side int, data string) {
	t.again(side, t.seq[side], data)
	t.seq[side] += uint32(len(data))
}

// again sends data in the place of the given sequence number.
func (t *talk) again(side int, seq uint32, data string) {
	ack := t.seq[1-side]
	if t.deaf {
		ack = 2001 - 1000*uint32(side)
	}
	t.packet(t.ends[side], t.ends[1-side], seq, ack, packet.PSH|packet.ACK, data)
}

// say plays a dialogue: lines that begin with > are the client's, those with < the
// server's, each in a segment of its own; + continues the segment. Blanks at the
// margin do not count.
func (t *talk) say(script string) *talk {
	side, segment := 0, ""
	flush := func() {
		if segment != "" {
			t.send(side, segment)
		}
		segment = ""
	}
	for _, line := range strings.Split(strings.TrimSpace(script), "\n") {
		line = strings.TrimLeft(line, " \t")
		if line == "" {
			continue
		}
		mark, text := line[0], strings.TrimPrefix(line[1:], " ")+"\r\n"
		switch mark {
		case '>', '<':
			flush()
			side = strings.IndexByte("><", mark)
			segment = text
		case '+':
			segment += text
		default:
			panic("say: " + line)
		}
	}
	flush()
	return t
}

func (t *talk) fin(side int) {
	t.packet(t.ends[side], t.ends[1-side], t.seq[side], t.seq[1-side], packet.FIN|packet.ACK, "")
	t.seq[side]++
}

func (t *talk) reset(side int) {
	t.packet(t.ends[side], t.ends[1-side], t.seq[side], t.seq[1-side], packet.RST|packet.ACK, "")
}

// close ends the connection, the given side first.
func (t *talk) close(first int) {
	t.fin(first)
	t.fin(1 - first)
	t.packet(t.ends[first], t.ends[1-first], t.seq[first], t.seq[1-first], packet.ACK, "")
}

// login is the beginning of a session, and bye its end.
const (
	hello = `
		< 220 ready
		> USER ada
		< 331 Password, please
		> PASS secret
		< 230 Logged in`
	bye = `
		> QUIT
		< 221 Goodbye`
)

// session is a session that consists of the given lines between login and QUIT.
func session1(script string) func(*forge) {
	return func(f *forge) {
		t := f.control().say(hello)
		if script != "" {
			t.say(script)
		}
		t.say(bye).close(answerer)
	}
}

// dialogue is a control connection with just the given lines.
func dialogue(script string) func(*forge) {
	return func(f *forge) { f.control().say(script).close(opener) }
}

// download moves bytes over a data connection that the server closes.
func (f *forge) download(from, to string, sender, size int) *talk {
	t := f.dial(from, to)
	t.send(sender, strings.Repeat("x", size))
	t.close(sender)
	return t
}

// evidence reads what was forged.
func (f *forge) evidence(t *testing.T) *Evidence {
	t.Helper()
	e, err := gather(f.file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// forgedEvidence forges a capture and reads it.
func forgedEvidence(t *testing.T, play func(*forge)) *Evidence {
	t.Helper()
	f := newForge()
	play(f)
	return f.evidence(t)
}

// forged forges a capture and checks it against the rules alone.
func forged(t *testing.T, play func(*forge)) *Assessment {
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
func gather(file []byte) (*Evidence, error) {
	c, err := capture.Read(bytes.NewReader(file), capture.Options{NoHash: true})
	if err != nil {
		return nil, err
	}
	return Gather(c)
}

// check holds the evidence against the rules and a profile.
func check(t testing.TB, e *Evidence, normal *Profile) *Assessment {
	t.Helper()
	a, err := e.Check(normal)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// learn learns from the evidence.
func learn(t testing.TB, e *Evidence, name string) *Profile {
	t.Helper()
	p, err := e.Learn(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
