package text

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/internal/forge"
)

// An answer that was captured before its command comes after it in the story.
func TestEarlyAnswer(t *testing.T) {
	control := ftp.Connection{Identity: ftp.Identity{FirstPacket: 1, LastPacket: 9, Purpose: ftp.Purpose{Role: ftp.Control}}}
	line := func(packet int, from ftp.Side, text string) *ftp.Line {
		return &ftp.Line{From: from, Text: text, FirstPacket: packet, Packet: packet, Time: 1, Complete: true}
	}
	tr := capture.Made([]ftp.Connection{control}, []*ftp.Session{{Control: &control, Lines: []*ftp.Line{
		line(4, ftp.Client, "PWD"), line(2, ftp.Server, "257-a"), line(3, ftp.Server, "257 b"),
		line(6, ftp.Client, "NOOP"), line(5, ftp.Server, "200 ok"), line(5, ftp.Server, "200 too"), line(7, ftp.Client, "QUIT"),
	}}})
	_, got, _ := strings.Cut(storyText(t, "x", tr), columns)
	var order []string
	for line := range strings.Lines(strings.ReplaceAll(got, " 0.000000 ", "")) {
		order = append(order, strings.Join(strings.Fields(line), " "))
	}
	want := []string{
		"-- the control connection is open already when the capture begins",
		"4 client PWD", "2 server 257-a", "(captured before packet 4, but said after it)",
		"3 server 257 b", "(captured before packet 4, but said after it)",
		"6 client NOOP", "5 server 200 ok", "(captured before packet 6, but said after it)", "5 server 200 too", "7 client QUIT",
		"-- the last packet of the control connection; its end is not in the capture",
	}
	for i := range order {
		order[i] = strings.TrimPrefix(order[i], "1 ")
		order[i] = strings.TrimPrefix(order[i], "9 ")
	}
	if !slices.Equal(order, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(order, "\n"), strings.Join(want, "\n"))
	}
}

// A command is not said to be sent late when it was only captured late.
func TestLateCommand(t *testing.T) {
	for _, c := range []struct {
		answer int // its packet
		want   string
	}{
		{2, "for RETR a, which was captured only in packet 4\n"},
		{5, "for RETR a, which is sent only then, in packet 4\n"},
	} {
		connections := []ftp.Connection{
			{Identity: ftp.Identity{FirstPacket: 1, LastPacket: 9, Purpose: ftp.Purpose{Role: ftp.Control}}},
			{Identity: ftp.Identity{FirstPacket: 3, LastPacket: 3, Purpose: ftp.Purpose{Role: ftp.Data, Transfer: &ftp.Transfer{Command: "RETR", Argument: "a", Packet: 4}}}},
		}
		retr := &ftp.Line{From: ftp.Client, Text: "RETR a", FirstPacket: 4, Packet: 4, Complete: true}
		tr := capture.Made(connections, []*ftp.Session{{Control: &connections[0], Lines: []*ftp.Line{retr},
			Exchanges: []*ftp.Exchange{{Line: retr, Command: "RETR", Argument: "a", Replies: []*ftp.Reply{{Code: 150, FirstPacket: c.answer, Packet: c.answer}}}}}})
		if got := storyText(t, "x", tr); !strings.Contains(got, c.want) {
			t.Errorf("%q is not in\n%s", c.want, got)
		}
	}
}

// A second reply to a command, and one that comes without a command, answer nothing. The greeting and the end of the
// session need no command.
func TestSurplusReplies(t *testing.T) {
	f := forge.New()
	s := f.Login()
	s.Ask("PWD", "257 \"/\" is here", "257 \"/x\" is there")
	s.Ask("SIZE a", "550 no\r\n213 5")
	s.Server.Send("421 too late\r\n")
	tr, err := capture.Read(bytes.NewReader(f.PCAP()), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const mark = "(answers no command in the capture)"
	got := strings.Fields(strings.ReplaceAll(storyText(t, "forged", tr), mark, "surplus"))
	var marked []string
	for i, word := range got {
		if word == "surplus" {
			marked = append(marked, got[i-1])
		}
	}
	if fmt.Sprint(marked) != "[there 5]" {
		t.Errorf("the replies that end in %v are said to answer nothing, want those in [there 5]", marked)
	}
}
