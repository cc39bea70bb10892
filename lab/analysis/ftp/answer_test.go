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

// TestTimesAndSizes asks that one reply to two commands at once belongs to the one that it fits, and the next reply to
// the next command.
func TestTimesAndSizes(t *testing.T) {
	for _, test := range []struct{ commands, replies, want string }{
		{"SIZE a,MDTM a", "213 12,213 20200101000000", "[SIZE 12] [MDTM 20200101000000] [PWD here]"},
		{"SIZE a,MDTM a", "213 20200101000000", "[SIZE] [MDTM 20200101000000] [PWD here]"},
		{"SIZE a,MDTM a", "213 12", "[SIZE 12] [MDTM] [PWD here]"},
		{"MDTM a,SIZE a", "213 12", "[MDTM] [SIZE 12] [PWD here]"},
		{"MDTM a,SIZE a", "213 20200101000000.123", "[MDTM 20200101000000.123] [SIZE] [PWD here]"},
		{"SIZE a,SIZE b", "213 20200101000000", "[SIZE 20200101000000] [SIZE] [PWD here]"},
	} {
		end := func(lines string) string { return strings.ReplaceAll(lines, ",", "\r\n") + "\r\n" }
		stream := func(first, second string, at int) tcp.Stream {
			return tcp.StreamOf([]tcp.Chunk{{Data: []byte(end(first)), ReadableAt: at, AckedAt: tcp.NotAcked}, {Data: []byte(second + "\r\n"), ReadableAt: at + 2, AckedAt: tcp.NotAcked}})
		}
		tr := &Transcript{client: stream(test.commands, "PWD", 1), server: stream(test.replies, "257 here", 2), fromStart: true, most: MaxLines}
		got := []string{}
		for _, e := range tr.Session().Exchanges {
			words := []string{e.Command}
			for _, r := range e.Replies {
				words = append(words, r.Text)
			}
			got = append(got, fmt.Sprint(words))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s with %s: got %s, want %s", test.commands, test.replies, got, test.want)
		}
	}
}

// TestLostCommand asks that the reply to a command that the capture lacks answers no other one, and that a transfer whose
// preliminary reply is lost gets its final one. A ~ is in front of the line before which lines are missing.
func TestLostCommand(t *testing.T) {
	for _, test := range []struct{ lines, want string }{
		{"> PWD,>~CWD /,< 257 /,< 200 binary,< 250 changed,> SYST,< 215 x", "[PWD 257] [CWD 250] [SYST 215]"},
		{"> PWD,>~CWD /,> SIZE a,< 257 /,< 200 binary,< 250 changed,< 213 1", "[PWD 257] [CWD 250] [SIZE 213]"},
		{"> PWD,>~CWD /,< 257 /,< 200 changed,> SYST,< 215 x", "[PWD 257] [CWD 200] [SYST 215]"},
		{">~TYPE I,> CWD /,< 257 /,< 200 binary,< 250 changed", "[TYPE 200] [CWD 250]"},
		{"> NOOP,< 200 x,< 150 here,>~ABOR,< 426 broken,< 225 none,> SYST,< 215 x", "[NOOP 200] [ABOR 225] [SYST 215]"},
		{"> NOOP,< 200 x,< 150 here,>~ABOR,< 226 done,< 226 none,> SYST,< 215 x", "[NOOP 200] [ABOR 226] [SYST 215]"},
		{"> RETR a,> ABOR,<~426 broken,< 225 none,> SYST,< 215 x", "[RETR 426] [ABOR 225] [SYST 215]"},
		{"> RETR a,> ABOR,<~226 done,< 225 none,> SYST,< 215 x", "[RETR 226] [ABOR 225] [SYST 215]"},
		{"> RETR a,> ABOR,<~226 done,< 226 none,> SYST,< 215 x", "[RETR 226] [ABOR 226] [SYST 215]"},
		{"> RETR a,> ABOR,<~226 none,> SYST,< 215 x", "[RETR] [ABOR 226] [SYST 215]"},
		{"> RETR a,> NOOP,<~226 done,< 200 x,> SYST,< 215 x", "[RETR 226] [NOOP 200] [SYST 215]"},
		{"> PWD,< 257 /,> ABOR,<~426 broken,> SYST,< 215 x", "[PWD 257] [ABOR 426] [SYST 215]"},
		{"> NOOP,< 200 x,< 150 here,< 226 done,>~ABOR,< 226 none,> SYST,< 215 x", "[NOOP 200] [ABOR 226] [SYST 215]"},
	} {
		var sides [2][]tcp.Chunk
		for i, line := range strings.Split(test.lines, ",") {
			side := strings.IndexByte("><", line[0])
			sides[side] = append(sides[side], tcp.Chunk{Data: []byte(line[2:] + "\r\n"), Packet: i + 1, ReadableAt: i + 1, AckedAt: tcp.NotAcked, AfterGap: line[1] == '~'})
		}
		tr := &Transcript{client: tcp.StreamOf(sides[0]), server: tcp.StreamOf(sides[1]), fromStart: true, most: MaxLines}
		got := []string{}
		for _, e := range tr.Session().Exchanges {
			words := []string{e.Command}
			for _, r := range e.Replies {
				words = append(words, fmt.Sprint(r.Code))
			}
			got = append(got, fmt.Sprint(words))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: got %s, want %s", test.lines, got, test.want)
		}
	}
}

// BenchmarkMarks fails if the time for many commands at once grows with the square of their number. It
// reports how many times as long it takes as for as many commands one after the other.
func BenchmarkMarks(b *testing.B) {
	const n = MaxLines / 5
	var client, server []tcp.Chunk
	for i := range n {
		client = append(client, tcp.Chunk{Data: []byte("NOOP\r\n"), ReadableAt: 2 * i, AckedAt: tcp.NotAcked})
		server = append(server, tcp.Chunk{Data: []byte("200 x\r\n"), ReadableAt: 2*i + 1, AckedAt: tcp.NotAcked})
	}
	usual := &Transcript{client: tcp.StreamOf(client), server: tcp.StreamOf(server), fromStart: true, most: MaxLines}
	took := func(tr *Transcript) float64 {
		begin := time.Now()
		tr.Read(Handler{})
		return time.Since(begin).Seconds()
	}
	for _, test := range []struct {
		name, command, reply string
		most                 float64 // times the usual
	}{
		{"one reply", "NOOP\r\n", "", 10}, {"replies that do not fit", "NOOP\r\n", "227 x\r\n", 150},
		{"transfers that never end", "RETR a\r\n", "230 x\r\n", 100},
	} {
		b.Run(test.name, func(b *testing.B) {
			hostile := pipelined(strings.Repeat(test.command, n), strings.Repeat(test.reply, n)+"200 x\r\n", false)
			var times float64
			for b.Loop() {
				times = took(hostile) / took(usual)
			}
			if b.ReportMetric(times, "x-usual"); times > test.most {
				b.Errorf("%d commands at once take %.0f times as long as usual, want %.0f at most", n, times, test.most)
			}
		})
	}
}
