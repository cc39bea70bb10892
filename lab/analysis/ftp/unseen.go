// Transfers whose commands are not in the capture.

package ftp

import (
	"cmp"
	"strings"

	"ftplab/lab/analysis/internal/pattern"
	"ftplab/lab/internal/replycode"
)

var (
	// openedFor matches the name of the file in a preliminary reply, as most servers give it.
	openedFor = pattern.New(`(?i)\bdata (?:connection|channel) for (?:file (?:download|upload) (?:from|to) server of )?"?(.+?)"?(?: \(\d+ bytes\))?\.?$`)
	// announcedAs are what such a reply says of the data that each command moves. The first that matches counts.
	announcedAs = []struct {
		command string
		text    *pattern.Pattern
	}{
		{"RETR", pattern.New(`(?i)\([1-9]\d* bytes\)|\bfile download\b`)},
		{"STOR", pattern.New(`(?i)\bto send data\b|\bfile upload\b`)},
		{"LIST", pattern.New(`(?i)\b(directory|file) list(ing)?\b|\bfor "?/bin/ls\b`)},
	}
)

// unsolicited takes a reply that answers no command in the capture, after so many commands. The server had received a
// command that the capture lacks if it acknowledges more than the last one, and the client's FIN.
func (all *transfers) unsolicited(r *Reply, commands int) {
	l := r.Lines[0]
	const fin = 1
	switch n := len(all.unseen); {
	case (r.Code == 125 || r.Code == 150) && !l.InTLS && l.Ack > all.said+fin && all.said > 0:
		t := &Transfer{Exchange: commands, Packet: r.Packet, Mode: all.mode, Incomplete: true}
		for _, as := range announcedAs {
			if t.Command == "" && as.text.MatchString(r.Text) {
				t.Command = as.command
			}
		}
		if name := openedFor.FindStringSubmatch(r.Text); name != nil && t.Command != "LIST" {
			t.Argument, t.Incomplete = strings.Clone(name[1]), !r.Lines[len(r.Lines)-1].Complete
		}
		all.unseen = append(all.unseen, t)
	case replycode.Completes(r.Code) && n > 0 && all.unseen[n-1].Reply == 0 && all.unseen[n-1].Exchange == commands:
		all.unseen[n-1].Reply = r.Code
	}
}

// takeUnseen returns the first transfer without a command that began between two packets, nil for none. It is not
// returned again, and neither are those before the first packet. A last packet of 0 is the end of the session.
func (all *transfers) takeUnseen(first, last int) *Transfer {
	for len(all.unseen) > 0 && all.unseen[0].Packet < first {
		all.unseen = all.unseen[1:]
	}
	if len(all.unseen) == 0 || last > 0 && all.unseen[0].Packet >= last {
		return nil
	}
	t := all.unseen[0]
	all.unseen = all.unseen[1:]
	return t
}

// Suppose notes the transfer without a command that a data connection seems to belong to. The directions that send data
// show the command if the reply did not.
func (p *Purpose) Suppose(t *Transfer, sends [2]bool) {
	client, server := sends[p.ClientDir], sends[1-p.ClientDir]
	switch {
	case client && !server:
		t.Command = "STOR"
	case server && !client && t.Command == "" && t.Argument != "", server && !client && t.Command == "STOR":
		t.Command = "RETR"
	}
	if t.Command != "" {
		p.Unseen = t
	}
}

// Moves is the transfer that a data connection belongs to: that of its command, or the Unseen one; nil for none.
func (p *Purpose) Moves() *Transfer { return cmp.Or(p.Transfer, p.Unseen) }
