// Rules about TCP and about port 21.

package rules

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"ftplab/lab/analysis/baseline/content"
	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
)

var retransmissionRepeatsRule = Rule{
	Name: "retransmission-repeats", Theme: "TCP",
	Says:     "A retransmitted segment has the same bytes as the first time. IP fragments that overlap have the same bytes there.",
	Source:   "RFC 9293, 3.8.1 and 3.10; RFC 7413, 3 (data in a SYN); RFC 1858 and 5722 (overlapping fragments)",
	Example:  "> DELE a.txt, and the same sequence numbers again with > DELE z.txt",
	Severity: Violation,
	Matters:  "Different bytes in the same place come from somebody else, or the packets do not belong to one conversation.",
	Innocent: "a device on the way changed the text of one of the two, as NAT devices change PORT.",
	look: func() look {
		return look{connection: synRepeats, session: retransmissionRepeats, data: dataRepeats, end: fragmentsRepeat}
	},
}

func retransmissionRepeats(e *Evidence, s *session) []breach {
	var found []breach
	repeats := e.watch.repeats[s.Control.ID]
	var lines map[ftp.Side][]*ftp.Line
	if len(repeats) > 0 {
		lines = s.clearLines()
	}
	for _, r := range repeats {
		if line := r.differs(lines[r.from]); line != nil && !e.Damage.OneOf(s.Control.ID, r.packet, line.FirstPacket) && !s.Unread[r.packet] && !s.Unread[line.FirstPacket] && !s.Unread[line.Packet] {
			found = append(found, breach{
				packets:  []int{line.FirstPacket, r.packet},
				observed: fmt.Sprintf("frame %d has %s where frame %d had %s", r.packet, wording.Quote(string(r.payload)), line.FirstPacket, wording.Quote(line.Text)),
			})
		}
	}
	for _, l := range s.Lines {
		for _, o := range l.OtherBytes {
			if o.Packet < l.FirstPacket && !s.Unread[o.Packet] && !s.Unread[l.Packet] && !e.Damage.OneOf(s.Control.ID, o.Packet, l.FirstPacket) {
				found = append(found, breach{
					packets:  []int{o.Packet, l.FirstPacket},
					observed: fmt.Sprintf("frame %d has %s where frame %d had %s", l.FirstPacket, wording.Quote(l.Text), o.Packet, wording.Quote(o.Text)),
				})
			}
		}
	}
	return found
}

func fragmentsRepeat(e *Evidence) []breach {
	all := e.watch.rewritten
	if all.n == 0 {
		return nil
	}
	return []breach{{packets: all.packets, observed: wording.Plural(all.n, "packet was", "packets were") + " put together from fragments that overlap and have different bytes there"}}
}

// clearLines are the lines of each side, in the order of its stream, that have their text as the segments have it:
// without TLS, and without commands of Telnet.
func (s *session) clearLines() map[ftp.Side][]*ftp.Line {
	lines := map[ftp.Side][]*ftp.Line{}
	for _, l := range s.Lines {
		size := l.End - l.Seq
		if !l.InTLS && l.Complete && size >= int64(len(l.Text)) && size <= int64(len(l.Text))+2 {
			lines[l.From] = append(lines[l.From], l)
		}
	}
	for _, list := range lines {
		slices.SortStableFunc(list, func(a, b *ftp.Line) int { return cmp.Compare(a.Seq, b.Seq) })
	}
	return lines
}

// differs returns the first of the lines of its sender, in their order, that has other bytes than the retransmitted
// segment, nil if all bytes agree.
func (r repeat) differs(lines []*ftp.Line) *ftp.Line {
	first, _ := slices.BinarySearchFunc(lines, r.seq, func(l *ftp.Line, seq int64) int { return cmp.Compare(l.End, seq+1) })
	for _, l := range lines[first:] {
		if l.Seq >= r.seq+int64(len(r.payload)) {
			return nil
		}
		from := max(l.Seq, r.seq)
		to := min(l.Seq+int64(len(l.Text)), r.seq+int64(len(r.payload)))
		if from < to && !bytes.Equal([]byte(l.Text[from-l.Seq:to-l.Seq]), r.payload[from-r.seq:to-r.seq]) {
			return l
		}
	}
	return nil
}

// isBinary reports whether a protocol begins with bytes that are no text, so that its first
// words are no line of a dialogue. A session may begin with SOCKS.
func isBinary(name string) bool {
	return name == "RDP" || name == "SMB" || name == "BitTorrent"
}

var ftpAtTheFTPPortRule = Rule{
	Name: "ftp-at-the-ftp-port", Theme: "TCP",
	Says:     "The protocol at port 21 is FTP, in clear or in TLS.",
	Source:   "RFC 959, 8; the port registry of IANA (RFC 6335)",
	Example:  "SSH-2.0-OpenSSH_9.6 at port 21",
	Severity: Violation,
	Matters:  "Another protocol at this port is meant to pass a firewall.",
	Innocent: "somebody runs SSH at a port that a firewall allows.",
	look:     eachConnection(ftpAtPort),
}

func ftpAtPort(e *Evidence, c *ftp.Connection) []breach {
	h := e.watch.heads[c.ID]
	if h == nil || c.Role == ftp.Data || c.Server.Port() != ftpPort {
		return nil
	}
	b := breach{packets: []int{c.FirstPacket}}
	what, shown := e.shown(c.ID)
	switch name, said := h.protocol(); {
	case shown && what.Kind == content.Shell && c.Role == ftp.Other:
		b.observed = "a shell at port 21: " + wording.Quote(string(h[0].data))
	case name == "FTP" && c.OpenedBy == ftp.Client && h.turned():
		b.observed = fmt.Sprintf("the roles are turned round: the client said %s, and the server %s", wording.Quote(string(h[0].data)), wording.Quote(string(h[1].data)))
	case name == "TLS" || name == "FTP":
		return nil
	case name != "":
		b.observed = fmt.Sprintf("%s at port 21: %s", name, wording.Quote(string(said)))
	case c.OpenedBy == ftp.Client && h.speaks():
		if h[0].cut || h[1].cut {
			return nil // what makes it FTP may come after the cut
		}
		if len(h[1].data) < 2 && c.Flow(h[0].from.Other()).Packets == 0 || c.Missing() > 0 {
			b.severity = Odd // what makes it FTP may be missing
		}
		b.observed = fmt.Sprintf("an unknown protocol at port 21: %s", wording.Quote(string(h[0].data)))
	default:
		return nil
	}
	for _, head := range h {
		b.packets = append(b.packets, head.packet)
	}
	return []breach{b}
}

// protocol names the protocol of a connection by its first bytes, "" if it is not known, and returns the bytes that show it.
func (h *heads) protocol() (name string, shows []byte) {
	for _, head := range h {
		if name := content.Protocol(head.data); name != "" {
			return name, head.data
		}
	}
	for _, head := range h {
		if isTLS(head.data) {
			return "TLS", head.data
		}
		word, _, _ := strings.Cut(strings.ToUpper(string(head.data)), " ")
		if beginsLikeReply(head.data) || evidence.IsKnown(strings.TrimSpace(word)) {
			return "FTP", head.data
		}
	}
	return "", nil
}

// turned reports whether the client greets, and the server logs in.
func (h *heads) turned() bool {
	word, _, _ := strings.Cut(strings.TrimSpace(string(h[1].data)), " ")
	return h[0].from == ftp.Client && h[1].from == ftp.Server && beginsLikeReply(h[0].data) && evidence.IsKnown(word)
}

// isTLS reports whether data begins like a record of TLS, or like the hello of SSL 2.
func isTLS(data []byte) bool {
	record := len(data) > 2 && data[0] >= 0x14 && data[0] <= 0x17 && data[1] == 3 && data[2] <= 4
	return record || len(data) > 2 && data[0]&0x80 != 0 && data[2] == 1
}

// speaks reports whether there are enough bytes to decide that the protocol is not FTP: some
// of both sides, or about one line of one side.
func (h *heads) speaks() bool {
	a, b := len(h[0].data), len(h[1].data)
	return a > 1 && b > 1 || a+b >= 16
}

var clockRunsForwardRule = Rule{
	Name: "clock-runs-forward", Theme: "TCP",
	Says:     "Time stamps rise, and all packets of a capture are of about the same time.",
	Source:   "draft-ietf-opsawg-pcap",
	Example:  "a packet with a time stamp an hour before the one in front of it",
	Severity: Odd,
	Matters:  "Packets that are years apart were put together from several captures.",
	Innocent: "the recorder's clock was set, or a program wrote the file.",
	look:     atTheEnd(clockRuns),
}

// clockTolerance is how far time stamps may fall back, since recorders with several queues
// store packets slightly out of order. After longestPause packets do not belong together.
const (
	clockTolerance = time.Second
	longestPause   = 30 * 24 * time.Hour
)

func clockRuns(e *Evidence) []breach {
	var found []breach
	if back := e.watch.backwards; time.Duration(-back.by) > clockTolerance {
		found = append(found, breach{
			packets:  []int{back.packet - 1, back.packet},
			observed: fmt.Sprintf("frame %d is stamped %s before frame %d", back.packet, wording.Quantity(time.Duration(-back.by).Seconds(), "seconds"), back.packet-1),
		})
	}
	if on := e.watch.forwards; time.Duration(on.by) > longestPause {
		found = append(found, breach{
			packets:  []int{on.packet - 1, on.packet},
			observed: fmt.Sprintf("%s lie between frame %d and frame %d", wording.Quantity(time.Duration(on.by).Seconds(), "seconds"), on.packet-1, on.packet),
		})
	}
	if e.NumSessions() == 0 { // it says something of the file, and nothing of the hosts
		for i := range found {
			found[i].severity = Note
		}
	}
	return found
}
