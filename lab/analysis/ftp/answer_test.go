package ftp

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/tcp"
)

// pipelined is a dialogue in which the client does not wait for any reply.
func pipelined(client, server string, gap bool) *Transcript {
	side := func(packet int, text string) tcp.Stream {
		return tcp.StreamOf([]tcp.Chunk{{Data: []byte(text), Packet: packet, ReadableAt: packet, AckedAt: tcp.NotAcked, AfterGap: gap && packet > 1}})
	}
	return &Transcript{client: side(1, client), server: side(2, server), fromStart: true, most: MaxLines}
}

// TestManyPipelined asks that each of many commands gets its own reply, and that the last one gets
// the reply after a gap.
func TestManyPipelined(t *testing.T) {
	const n = 4 * maxPending
	var commands, replies strings.Builder
	for i := range n {
		fmt.Fprintf(&commands, "SIZE %d\r\n", i)
		fmt.Fprintf(&replies, "213 %d\r\n", i)
	}
	for i, e := range pipelined(commands.String(), replies.String(), false).Session().Exchanges {
		if len(e.Replies) != 1 || e.Replies[0].Text != e.Argument || e.Argument != fmt.Sprint(i) {
			t.Fatalf("command %d is %s %s with the replies %v", i, e.Command, e.Argument, e.Replies)
		}
	}
	for i, e := range pipelined(commands.String(), "213 last\r\n", true).Session().Exchanges {
		if want := i / (n - 1); len(e.Replies) != want {
			t.Fatalf("after a gap command %d of %d has %d replies, want %d", i, n, len(e.Replies), want)
		}
	}
}

// TestTimeOfPipelined asks that the time for many commands at once grows with their number, not with
// its square: it is not very much more than that for as many commands one after the other.
func TestTimeOfPipelined(t *testing.T) {
	if testing.Short() {
		t.Skip("measures times; run without -short")
	}
	const n = MaxLines / 5
	took := func(tr *Transcript) time.Duration {
		begin := time.Now()
		tr.Read(Handler{})
		return time.Since(begin)
	}
	var client, server []tcp.Chunk
	for i := range n {
		client = append(client, tcp.Chunk{Data: []byte("NOOP\r\n"), ReadableAt: 2 * i, AckedAt: tcp.NotAcked})
		server = append(server, tcp.Chunk{Data: []byte("200 x\r\n"), ReadableAt: 2*i + 1, AckedAt: tcp.NotAcked})
	}
	usual := &Transcript{client: tcp.StreamOf(client), server: tcp.StreamOf(server), fromStart: true, most: MaxLines}
	for _, test := range []struct {
		command, reply string
		most           time.Duration // times the usual
	}{
		{"NOOP\r\n", "", 10}, {"NOOP\r\n", "227 x\r\n", 150}, {"RETR a\r\n", "230 x\r\n", 100},
	} {
		hostile := pipelined(strings.Repeat(test.command, n), strings.Repeat(test.reply, n)+"200 x\r\n", false)
		var times time.Duration
		for range 3 { // a busy machine may slow one of them down
			if times = took(hostile) / took(usual); times < test.most {
				break
			}
		}
		if times >= test.most {
			t.Errorf("%d times %q, then %q, takes %d times as long as usual, want less than %d", n, test.command, test.reply, times, test.most)
		}
	}
}
