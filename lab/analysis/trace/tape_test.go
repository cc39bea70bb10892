package trace

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/gopacket/layers"
)

// What is written on a tape is read from it, whatever its size, until it is dropped; then
// its room is used again.
func TestTape(t *testing.T) {
	var tape tape
	from, to := netip.MustParseAddrPort("[2001:db8::1]:3171"), netip.MustParseAddrPort("[2001:db8::21]:80")
	segment := func(number, size int) *Packet {
		return &Packet{
			Number: number, Time: int64(1_000_000 - number), dir: number % 2,
			TCP: &TCP{RawSeq: 7, RawAck: 8, RawWindow: 9, Flags: ACK, Length: size + 1, Payload: bytes.Repeat([]byte{byte(number)}, size), Options: TCPOptions{WindowScale: number%16 - 1}},
		}
	}
	sizes := []int{0, 1, 1000, tapeBlockSize - 10, tapeBlockSize, 3 * tapeBlockSize, 5, 60_000, 60_000, 60_000}
	for range 3 {
		first, last := -1, -1
		for i, size := range sizes {
			p := segment(i, size)
			var at int
			switch {
			case first < 0:
				at = tape.first(p, from, to)
				first = at
			case i%3 == 0:
				at = tape.data(p, 1<<40)
			default:
				at = tape.another(p)
			}
			if last >= 0 {
				tape.link(last, at)
			}
			last = at
		}
		if a, b := tape.ends(first); a != from || b != to {
			t.Errorf("got the ends %v and %v, want %v and %v", a, b, from, to)
		}
		at := first
		for i, size := range sizes {
			got, want := tape.read(at), segment(i, size)
			if got.number != i || got.time != want.Time || got.dir != want.dir || got.length != size+1 || !bytes.Equal(got.payload, want.TCP.Payload) {
				t.Errorf("packet %d reads as number %d, time %d, direction %d, %d bytes of %d", i, got.number, got.time, got.dir, len(got.payload), got.length)
			}
			header := fmt.Sprint(got.seq, got.ack, got.window, got.flags, got.scale, got.dataOnly)
			if want := fmt.Sprint(7, 8, 9, ACK, i%16-1, false); i%3 != 0 && header != want {
				t.Errorf("packet %d: got %s, want %s", i, header, want)
			}
			if i%3 == 0 && i > 0 && (!got.dataOnly || got.dataSeq != 1<<40) {
				t.Errorf("packet %d: got data only %v, at %d", i, got.dataOnly, got.dataSeq)
			}
			at = got.next
		}
		if at != -1 {
			t.Errorf("the last packet is followed by one at %d", at)
		}
		tape.drop(first)
	}
	if held := tape.held(); held > 3*3*tapeBlockSize {
		t.Errorf("%d bytes are held of nothing", held)
	}
	tape.drop(tape.another(segment(1, 3*tapeBlockSize))) // its room is for one packet again
	var places []int
	for i := range 4 {
		places = append(places, tape.another(segment(i, tapeBlockSize*2/3)))
	}
	for i, place := range places {
		if got := tape.read(place); got.number != i || len(got.payload) != tapeBlockSize*2/3 || got.payload[0] != byte(i) {
			t.Errorf("packet %d reads as number %d, %d bytes", i, got.number, len(got.payload))
		}
	}
	place := tape.another(segment(1, 1))
	tape.link(place, 5<<32)
	if got := tape.read(place).next; got != 5<<32 {
		t.Errorf("got the place %d, want %d", got, 5<<32)
	}
}

// held is how much memory the tape takes.
func (t *tape) held() int {
	n := 0
	for _, b := range t.blocks {
		n += cap(b.bytes)
	}
	return n
}

// What is not dialogue is let go of, even if there is something between it that is kept.
func TestTapeIsLetGo(t *testing.T) {
	f := newForge(t)
	for i := range 500 {
		c, s := f.dial(fmt.Sprintf("%s:%d", clientIP, 30000+i), serverIP+":80")
		c.send("GET / HTTP/1.0\r\n\r\n")
		lone, _ := f.pair(fmt.Sprintf("%s:%d", clientIP, 40000+i), serverIP+":80")
		lone.segment(plainSYN(), "")
		x, y := f.dial(fmt.Sprintf("%s:%d", clientIP, 50000+i), serverIP+":21")
		y.send("220 ok\r\n")
		x.send("QUIT\r\n")
		s.send(strings.Repeat("x", 1400))
		s.send(strings.Repeat("x", 1400))
		s.send(strings.Repeat("x", 1400))
	}
	for _, keep := range []bool{false, true} {
		tr, err := Read(bytes.NewReader(f.pcap()), Options{Keep: keep})
		if err != nil {
			t.Fatal(err)
		}
		if held := tr.connections.tape.held(); held > 5*tapeBlockSize {
			t.Errorf("keep %v: the tape takes %d bytes", keep, held)
		}
	}
}

// Of a dialogue of many megabytes only the beginning is kept.
func TestDialogueOfManyMegabytes(t *testing.T) {
	f := newForge(t)
	c, s := f.dial(clientIP+":3171", serverIP+":21")
	c.send("HELP\r\n")
	line := "214-" + strings.Repeat("x", 60_000) + "\r\n"
	for range maxDialogue/len(line) + 20 {
		s.segment(&layers.TCP{ACK: true}, line)
		s.seq += uint32(len(line))
	}
	told := read(t, f.pcap()).Session(0)
	if n := len(told.Lines); !told.Overlong || n != 1+maxDialogue/len(line)+1 {
		t.Errorf("got %d lines, overlong %v; want %d, true", n, told.Overlong, 1+maxDialogue/len(line)+1)
	}
}
