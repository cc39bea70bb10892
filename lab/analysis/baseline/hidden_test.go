// What handshakes and headers hide, each with its innocent twin.

package baseline

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"ftplab/lab/internal/forge"
)

// noVerdict is that of one which other rules may find.
const noVerdict Verdict = "none for the rule"

// hidden are packets that mislead a sensor or carry data in their headers, and what looks like them.
var hidden = []lookalike{
	{"data with a SYN, and other bytes in its place", "retransmission-repeats", "", dataInSYN("\x17\x03noise")},
	{"data with a SYN, and other bytes in its place after many that are the same", "retransmission-repeats", "", func(f *forge.Capture) {
		c, s := f.Pair(aClient+":4000", aServer+":21")
		name := strings.Repeat("ada", 30)
		c.SegmentAt(-1, "S", "USER "+name+"1\r\n")
		s.SegmentAt(-1, "S.", "")
		c.ACK()
		c.Say("< 220 ready\n> USER " + name + "2\n< 331 and?\n> PASS x\n< 230 in").Say(bye).Peer.Close()
	}},
	{"data with a SYN, and the same again", "retransmission-repeats", IsNormal, dataInSYN("USER ada\r\n")},
	{"a server that answers a SYN with a SYN", "packets-come-one-way", "", func(f *forge.Capture) {
		c, s := f.Pair(aClient+":4000", aServer+":21")
		c.SegmentAt(-1, "S", "")
		s.SegmentAt(-1, "S", "")
		c.SegmentAt(-1, "S.", "")
		s.ACK()
		c.Say(hello).Say(bye).Peer.Close()
	}},
	{"answers to SYNs that nobody sent", "no-scans", "", unasked(12)},
	{"identifications of IP that are letters", "no-hidden-channels", "", inFrames(func(i int, f *forge.Frame) { f.Data[18], f.Data[19] = secret[i], 0 })},
	{"identifications that are counted, with the bytes turned round", "no-hidden-channels", IsNormal, inFrames(func(i int, f *forge.Frame) { f.Data[18], f.Data[19] = byte(' '+i), 0 })},
	{"another DSCP in each packet", "no-hidden-channels", "", inFrames(func(i int, f *forge.Frame) { f.Data[15] = secret[i] << 2 })},
	{"two DSCPs by turns", "no-hidden-channels", IsNormal, inFrames(func(i int, f *forge.Frame) { f.Data[15] = byte(i%2) << 5 })},
	{"padding that is a text", "no-hidden-channels", "", inFrames(func(i int, f *forge.Frame) { pad(f, secret[2*i:]) })},
	{"padding from the frame before, of an old network card", "no-hidden-channels", IsNormal, inFrames(func(_ int, f *forge.Frame) { pad(f, "NOOP\r\n") })},
	{"bits in the types of no transfer", "numbers-are-no-code", "", paused(time.Second, bitsOf(secret[:6], "> TYPE A\n< 200 ok\n", "> TYPE I\n< 200 ok\n"))},
	{"types that keep a session alive", "numbers-are-no-code", IsNormal, paused(10*time.Second, bitsOf(secret[:6], "> TYPE A\n< 200 ok\n", "> TYPE I\n< 200 ok\n"))},
	{"types of a program with a cycle", "numbers-are-no-code", IsNormal, paused(time.Second, strings.Repeat("> TYPE A\n< 200 ok\n> TYPE I\n< 200 ok\n> TYPE I\n< 200 ok\n", 12))},
	{"types of transfers", "numbers-are-no-code", IsNormal, paused(time.Second, bitsOf(secret[:6], "> TYPE A\n< 200 ok\n> NLST a\n< 550 no such file, ok\n", "> TYPE I\n< 200 ok\n> RETR a\n< 550 no such file, ok\n"))},
	{"receive windows that are letters", "no-hidden-channels", "", windows(func(i int) uint16 { return uint16(secret[i])<<8 | uint16(secret[i+1]) })},
	{"receive windows whose second bytes are a text", "no-hidden-channels", "", windows(func(i int) uint16 { return 64000 + uint16(secret[i]) })},
	{"receive windows that shrink by what was received, and open again", "no-hidden-channels", IsNormal, windows(func(i int) uint16 { return 17520 - uint16(i%2*(9+i)) })},
	{"two times to live, in no order", "packets-come-one-way", IsUnusual, distances(func(i int) byte { return 64 + noise[i/8]>>(i%8)&1 })},
	{"two times to live by turns, of a router with two ways", "packets-come-one-way", IsNormal, distances(func(i int) byte { return 64 + byte(i%2) })},
	{"a way that changes once", "packets-come-one-way", IsNormal, distances(func(i int) byte { return 64 + byte(i/30) })},
	{"packets that look for the routers on the way", "packets-come-one-way", IsUnusual, distances(func(i int) byte { return byte(1 + i%12) })},
	{"receive windows that fall", "no-hidden-channels", IsNormal, windows(func(i int) uint16 { return 32120 - uint16(i)*500 })},
	{"initial sequence numbers that are letters", "no-hidden-channels", "", func(f *forge.Capture) {
		for i := range 12 {
			c, s := f.Pair(aClient, aServer+":21")
			c.Seq, s.Seq = binary.BigEndian.Uint32([]byte(secret[4*i:]))+1, uint32(i+1)*300_000_007
			c.Handshake()
			c.Say(hello).Say(bye).Peer.Close()
		}
	}},
	{"initial sequence numbers with one letter, of connections that are refused", "no-hidden-channels", "", refusedISNs(func(i int) uint32 { return uint32(secret[i]) << 24 })},
	{"initial sequence numbers of a system that counts", "no-hidden-channels", noVerdict, refusedISNs(func(i int) uint32 { return uint32(i+65) << 24 })},
	{"initial sequence numbers by lot", "no-hidden-channels", noVerdict, refusedISNs(func(i int) uint32 { return uint32(i*i+7) * 2_654_435_761 })},
	{"client ports that are letters", "no-hidden-channels", "", func(f *forge.Capture) {
		for i := range 20 {
			dial(f, addrPort(aClient, int(secret[2*i])<<8|int(secret[2*i+1])), aServer+":21").Say(hello).Say(bye).Peer.Close()
		}
	}},
	{"data ports that are letters", "no-hidden-channels", "", func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range 20 {
			t.Say(fmt.Sprintf("> PASV\n< 227 (192,0,2,21,%d,%d)\n> NOOP\n< 200 ok", secret[2*i], secret[2*i+1]))
		}
		t.Say(bye).Peer.Close()
	}},
	{"blanks and tabs at the ends of replies", "no-hidden-channels", "", func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range 8 {
			t.Say("> NOOP")
			t.Peer.Send("200 ok" + strings.NewReplacer("0", " ", "1", "\t").Replace(fmt.Sprintf("%03b", i)) + "\r\n")
		}
		t.Say(bye).Peer.Close()
	}},
	{"a blank at the end of each reply", "no-hidden-channels", IsNormal, session1(strings.Repeat("> NOOP\n< 200 ok \n", 8))},
	{"bits in one or two blanks behind a reply", "no-hidden-channels", "", endsOfReplies(bitsOf(secret[:6], " ", "b"))},
	{"one or two blanks behind a reply, in no order", "no-hidden-channels", IsUnusual, endsOfReplies(bitsOf(noise, " ", "b"))},
	{"a blank behind some replies", "no-hidden-channels", IsNormal, session1(bitsOf(noise, "> CWD /a\n< 250 ok\n", "> CDUP\n< 250 ok \n"))},
	{"bits in the letters of NOOP, each of which is written in one of two ways", "control-carries-dialogue", "", paused(20*time.Second, bitsOf(secret[:6], "> NOOP\n< 200 ok\n", "> nOOP\n< 200 ok\n"))},
	{"NOOP in two ways, in no order", "control-carries-dialogue", IsUnusual, paused(20*time.Second, bitsOf(noise, "> NOOP\n< 200 ok\n", "> noop\n< 200 ok\n"))},
	{"NOOPs of two parts of a program", "control-carries-dialogue", IsNormal, paused(20*time.Second, strings.Repeat("> NOOP\n< 200 ok\n> noop\n< 200 ok\n> noop\n< 200 ok\n", 16))},
	{"a few urgent pointers that are letters", "no-hidden-channels", "", acknowledges(12, func(t *forge.End, i int) { t.Urgent = uint16(secret[i]) })},
	{"a few urgent pointers that mean nothing", "no-hidden-channels", IsUnusual, acknowledges(12, func(t *forge.End, i int) { t.Urgent = uint16(7919 * i) })},
	{"a few packets with many values in their reserved bits", "no-hidden-channels", "", acknowledges(14, func(t *forge.End, i int) { t.Reserved = (1 + secret[i]%6) << 1 })},
	{"a few packets with two values in their reserved bits", "no-hidden-channels", IsUnusual, acknowledges(14, func(t *forge.End, i int) { t.Reserved = (1 + secret[i]%2) << 1 })},
	{"a time of a file that goes back and forth", "preparations-are-used", "", session1(linesOf("> MFMT %s a\n< 213 ok\n", scattered((noise + noise)[:13])...))},
	{"a file that gets its time back", "preparations-are-used", IsNormal, session1(linesOf("> MFMT %s a\n< 213 ok\n", scattered(noise)...))},
	{"offsets that are a text", "preparations-are-used", "", session1(linesOf("> REST %s\n< 350 ok\n", offsets(secret[:48])...))},
	{"offsets that count up near the codes of letters", "preparations-are-used", IsUnusual, session1(numberedLines(12, "> REST 18689839%02d\n< 350 ok\n"))},
	{"a message in the sizes of files, behind a thousand", "numbers-are-no-code", "", blankFiles(func(i int) int { return 1000 + int(secret[i]) })},
	{"blank files of sizes that somebody tries", "numbers-are-no-code", noVerdict, blankFiles(func(i int) int { return 1000 + 2*i })},
	{"blank files of sizes by lot", "numbers-are-no-code", noVerdict, blankFiles(func(i int) int { return 1000 + 7*int(noise[i%6]) + i })},
	{"another flow label in each packet", "no-hidden-channels", "", flowLabels(1)},
	{"another flow label now and then", "no-hidden-channels", IsNormal, flowLabels(9)},
	{"RSTs with wrong checksums, and the session goes on", "packets-are-what-they-seem", "", falseResets(3)},
	{"a RST that damage made", "packets-are-what-they-seem", IsNormal, falseResets(1)},
	{"fragments that end before the flags of TCP", "packets-are-what-they-seem", "", inFragments(8)},
	{"fragments of a small network", "packets-are-what-they-seem", IsNormal, inFragments(24)},
	{"three headers with options for the destination", "packets-are-what-they-seem", "", withOptions(3)},
	{"two of them", "packets-are-what-they-seem", IsNormal, withOptions(2)},
	{"a few of them, of a server that somebody deceived", "no-scans", IsNormal, unasked(3)},
}

// dataInSYN is a session whose SYN has data that the server does not acknowledge.
func dataInSYN(data string) func(*forge.Capture) { return dataInSYNFrom(aClient+":4000", data) }

func dataInSYNFrom(client, data string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		c, s := f.Pair(client, aServer+":21")
		c.SegmentAt(-1, "S", data)
		s.SegmentAt(-1, "S.", "")
		c.ACK()
		c.Say(hello).Say(bye).Peer.Close()
	}
}

// unasked sends n SYNs with ACK to the server beside a session, which refuses them.
func unasked(n int) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i := range n {
			stranger, server := f.Pair(fmt.Sprintf("203.0.113.80:%d", 50000+i), aServer+":21")
			stranger.SegmentAt(-1, "S.", "")
			server.Segment("R", "")
		}
		session1("")(f)
	}
}

// secret is a text that somebody hides.
const secret = "the keys are under the mat at the back door, and nobody is at home before nine. Bring a lamp."

// noise are bytes in no order, which are no text, bit by bit from either end.
const noise = "\xa7\x13\xd9\x4e\x02\xf1\x83\x68"

// inFrames is a session of twenty commands, whose frames from the client somebody changes.
func inFrames(change func(i int, f *forge.Frame)) func(*forge.Capture) {
	return func(f *forge.Capture) {
		session1(strings.Repeat("> NOOP\n< 200 ok\n", 20))(f)
		n := 0
		for i := range f.Frames {
			if data := f.Frames[i].Data; data[36] == 0 && data[37] == 21 {
				change(n, &f.Frames[i])
				data[24], data[25] = 0, 0 // the network card computes the checksum
				n++
			}
		}
	}
}

// bitsOf is one of two texts for each bit of a word.
func bitsOf(word, zero, one string) string {
	var b strings.Builder
	for i := range 8 * len(word) {
		if word[i/8]>>(i%8)&1 == 0 {
			b.WriteString(zero)
		} else {
			b.WriteString(one)
		}
	}
	return b.String()
}

// distances is a session of sixty commands, each with another time to live.
func distances(of func(i int) byte) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range 60 {
			f.Pass(3 * time.Second)
			t.Segment("P.", "NOOP\r\n")
			hops(f, 0, of(i))
			t.Say("< 200 ok")
		}
		t.Say(bye).Peer.Close()
	}
}

// refusedISNs are connections to the server, each of which it refuses.
func refusedISNs(isn func(i int) uint32) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i := range 20 {
			c, s := f.Pair(aClient, aServer+":21")
			c.Seq = isn(i) + 1
			c.SegmentAt(-1, "S", "")
			s.Segment("R.", "")
			f.Pass(3 * time.Second)
		}
	}
}

// blankFiles stores files of one byte again and again, in one place.
func blankFiles(size func(i int) int) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range 24 {
			move(t, 40000+i, "STOR a.tmp", strings.Repeat("\x00", size(i)))
			f.Pass(2 * time.Second)
		}
		t.Say(bye).Peer.Close()
	}
}

// scattered are days of many years, one for each byte.
func scattered(data string) (all []string) {
	for i := range len(data) {
		all = append(all, fmt.Sprintf("%d%02d01120000", 1970+int(data[i])%60, 1+i%12))
	}
	return all
}

// offsets are the numbers of each four letters of a text.
func offsets(text string) (all []string) {
	for i := 0; i < len(text); i += 4 {
		all = append(all, fmt.Sprint(binary.BigEndian.Uint32([]byte(text[i:]))))
	}
	return all
}

// endsOfReplies is a session with a NOOP for each letter, whose reply ends with one blank, or with two for b.
func endsOfReplies(letters string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for _, letter := range letters {
			f.Pass(20 * time.Second)
			t.Say("> NOOP")
			t.Peer.Send("200 ok" + strings.ReplaceAll(string(letter), "b", "  ") + "\r\n")
		}
		t.Say(bye).Peer.Close()
	}
}

// pad adds four bytes to a frame.
func pad(f *forge.Frame, with string) {
	f.Data = append(f.Data, with[:4]...)
	f.Length = len(f.Data)
}

// windows is a session of which each packet of the client has a window.
func windows(of func(i int) uint16) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range 20 {
			t.Window = of(i)
			t.Say("> NOOP\n< 200 ok")
		}
		t.Say(bye).Peer.Close()
	}
}

// flowLabels is a session over IPv6 in which the flow label of the client changes with each n-th packet.
func flowLabels(n int) func(*forge.Capture) {
	return func(f *forge.Capture) {
		dial(f, "[2001:db8::5]:4000", "[2001:db8::21]:21").Say(hello).Say(strings.Repeat("> NOOP\n< 200 ok\n", 20)).Say(bye).Peer.Close()
		for i := range f.Frames {
			if data := f.Frames[i].Data; data[56] == 0 && data[57] == 21 {
				data[17] = byte(i / n)
			}
		}
	}
}

// inPlaceOf is a session in which a segment with a wrong checksum comes before each command, with another text.
func inPlaceOf(other func(string) string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for _, line := range []string{"NOOP\r\n", "CWD /a\r\n", "CWD /b\r\n", "NOOP\r\n"} {
			t.SegmentAt(0, "P.", other(line))
			f.Last(0).Data[50] ^= 1 // of the checksum
			t.Send(line)
			t.Say("< 250 ok")
		}
		t.Say(bye).Peer.Close()
	}
}

// falseResets is a session with n RSTs that have wrong checksums.
func falseResets(n int) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for range n {
			t.SegmentAt(0, "R", "")
			f.Last(0).Data[50] ^= 1 // of the checksum
			t.Say("> NOOP\n< 200 ok")
		}
		t.Say(bye).Peer.Close()
	}
}

// inFragments is a session in which a command comes in fragments of so many bytes, out of order.
func inFragments(size int) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		t.Segment("P.", "NOOP\r\n")
		whole := f.Last(0).Data
		f.Drop(0)
		for _, from := range []int{8 * size, 0, size, 2 * size, 3 * size} {
			if end := min(from+size, len(whole)-34); from < end {
				fragment(f, whole, from, end, from+size < len(whole)-34)
			}
		}
		t.Say("< 200 ok").Say(bye).Peer.Close()
	}
}

// withOptions is a session over IPv6 in which a command has n headers with options for its destination.
func withOptions(n int) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := dial(f, "[2001:db8::5]:4000", "[2001:db8::21]:21").Say(hello)
		t.Segment("P.", "NOOP\r\n")
		frame := f.Last(0)
		headers := bytes.Repeat([]byte{60, 0, 1, 4, 0, 0, 0, 0}, n)
		headers[len(headers)-8] = 6
		frame.Data = slices.Concat(frame.Data[:54], headers, frame.Data[54:])
		frame.Data[19] += byte(len(headers))
		frame.Data[20] = 60
		t.Say("< 200 ok").Say(bye).Peer.Close()
	}
}
