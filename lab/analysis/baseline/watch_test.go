package baseline

import (
	"fmt"
	"testing"

	"ftplab/lab/analysis/trace"
)

// TestAcksAreBounded moves a file whose every segment begins like a reply.
func TestAcksAreBounded(t *testing.T) {
	w := newWatch()
	var files *trace.Connection
	for number := 1; number <= 3*maxAcks; number++ {
		if number%(2*maxAcksEach) == 1 {
			files = &trace.Connection{ID: number, Role: trace.Data}
		}
		w.packet(&trace.Packet{Number: number, Connection: files, TCP: &trace.TCP{Payload: []byte("226 done"), Ack: 5}})
		if n := len(w.acks[files]); n > maxAcksEach {
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
	w.settle()
	if len(w.acks) != 0 || w.acksCount != 0 {
		t.Errorf("got notes of %d connections in the end, want none: they carried data", len(w.acks))
	}
	control := &trace.Connection{Role: trace.Control}
	w.packet(&trace.Packet{Number: 7, Connection: control, TCP: &trace.TCP{Payload: []byte("220 ready"), Ack: 1}})
	w.settle()
	if got, ok := w.acks[control][7]; got != 1 || !ok {
		t.Errorf("got %d, %v for a reply on a control connection, want 1", got, ok)
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
	for c, acks := range e.watch.acks {
		if c.Role != trace.Control || len(acks) != 7 {
			t.Errorf("got %d notes of a %s connection, want 7 of the control connection", len(acks), c.Role)
		}
	}
	if len(e.watch.acks) != 1 {
		t.Errorf("got notes of %d connections, want 1", len(e.watch.acks))
	}
}
