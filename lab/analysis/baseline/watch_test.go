package baseline

import (
	"fmt"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
)

// TestAcksAreBounded listens to control connections whose every segment begins like a
// reply.
func TestAcksAreBounded(t *testing.T) {
	w := newWatch()
	var control *ftp.Identity
	for number := 1; number <= 3*maxAcks; number++ {
		if number%(2*maxAcksEach) == 1 {
			control = &ftp.Identity{ID: number, Role: ftp.Control}
		}
		w.packet(reply(number, control))
		if n := len(w.acks[control.ID]); n > maxAcksEach {
			t.Fatalf("got %d notes of one connection, want at most %d", n, maxAcksEach)
		}
	}
	kept := 0
	for _, acks := range w.acks {
		kept += len(acks)
	}
	if kept != maxAcks || w.acksCount != kept {
		t.Errorf("got %d notes, and a count of %d, want %d", kept, w.acksCount, maxAcks)
	}
	w = newWatch()
	w.packet(reply(6, &ftp.Identity{ID: 1, Role: ftp.Data}))
	w.packet(reply(7, control))
	if got, ok := w.acks[control.ID][7]; got != 5 || !ok || len(w.acks) != 1 {
		t.Errorf("got %d, %v, and notes of %d connections; want 5 on the control connection alone", got, ok, len(w.acks))
	}
}

// reply is a packet that begins like a reply.
func reply(number int, of *ftp.Identity) *capture.Packet {
	header := &packet.TCP{Payload: []byte("226 done")}
	return &capture.Packet{
		Packet:     packet.Packet{Number: number, TCP: header},
		Segment:    &tcp.Segment{TCP: header, Ack: 5},
		Connection: of,
	}
}

// TestReplyLikeData reads a capture with such a file: what is left are notes on
// the control connection alone.
func TestReplyLikeData(t *testing.T) {
	e := forgedEvidence(t, func(f *forge) {
		c := f.control().say(hello).say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR log\n< 150 here")
		d := f.dial(aClient, aServer+":25600")
		for i := range 100 {
			d.send(answerer, fmt.Sprintf("200 line %d\r\n", i))
		}
		d.close(answerer)
		c.say("< 226 done").say(bye).close(answerer)
	})
	for id, acks := range e.watch.acks {
		c := e.Connection(id)
		if c.Role != ftp.Control || len(acks) != 7 {
			t.Errorf("got %d notes of a %s connection, want 7 of the control connection", len(acks), c.Role)
		}
	}
	if len(e.watch.acks) != 1 {
		t.Errorf("got notes of %d connections, want 1", len(e.watch.acks))
	}
}
