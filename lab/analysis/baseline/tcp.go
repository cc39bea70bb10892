// Rules about TCP and the ports of FTP.

package baseline

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"ftplab/lab/analysis/ftp"
)

var tcpRules = []Rule{
	{
		Name: "retransmission-repeats", Theme: "TCP",
		Says:     "A segment that is sent again has the bytes that it had the first time.",
		Source:   "RFC 9293, 3.8.1 and 3.10",
		Severity: Violation,
		Matters:  "Other bytes in the same place were put there by somebody else, or the packets never were one conversation.",
		Innocent: "a device on the way changed the text of one of the two, as address translators do to PORT.",
		look:     eachSession(retransmissionRepeats),
	},
	{
		Name: "ftp-at-the-ftp-port", Theme: "TCP",
		Says:     "At port 21 there is FTP, or FTP in TLS.",
		Source:   "RFC 959, 8; the port registry of IANA (RFC 6335)",
		Severity: Violation,
		Matters:  "Other protocols are put there to pass a firewall.",
		Innocent: "somebody runs SSH at a port that a firewall lets through.",
		look:     ftpAtPort,
	},
	{
		Name: "calls-are-meant", Theme: "TCP",
		Says:     "Who calls the FTP port has something to say.",
		Source:   "RFC 4987 (SYN flooding); RFC 959, 8",
		Severity: Violation,
		Matters:  "Many calls at once without a word look for servers, or keep one of them busy.",
		Innocent: "the server is down, and many clients try again and again.",
		look:     callsAreMeant,
	},
	{
		Name: "clock-runs-forward", Theme: "TCP",
		Says:     "Stamps rise, and the packets of a capture belong to one time.",
		Source:   "draft-ietf-opsawg-pcap",
		Severity: Odd,
		Matters:  "Packets that are years apart were put together from several captures.",
		Innocent: "the recorder's clock was set, or a program wrote the file.",
		look:     clockRuns,
	},
	{
		Name: "shows-ftp", Theme: "TCP",
		Says:     "The capture shows an FTP dialogue.",
		Source:   "RFC 959, 2.3",
		Severity: Odd,
		Matters:  "Nothing else can be judged here.",
		Innocent: "the dialogue is in TLS, or the capture is of something else.",
		look:     showsFTP,
	},
}

func retransmissionRepeats(e *Evidence, s *session) []breach {
	var found []breach
	for _, r := range e.watch.repeats[s.Control.ID] {
		if line := s.differs(r); line != nil {
			found = append(found, breach{
				packets:  []int{line.FirstPacket, r.packet},
				observed: fmt.Sprintf("frame %d has %s where frame %d had %s", r.packet, show(string(r.payload)), line.FirstPacket, show(line.Text)),
			})
		}
	}
	return found
}

// differs returns the line whose text the repeated segment contradicts, nil if
// it says the same.
func (s *session) differs(r repeat) *ftp.Line {
	side := r.from
	for _, l := range s.Lines {
		size := l.End - l.Seq
		straight := size >= int64(len(l.Text)) && size <= int64(len(l.Text))+2 // no Telnet in it
		if l.From != side || !straight || len(r.payload) < 2 {
			continue
		}
		from := max(l.Seq, r.seq)
		to := min(l.Seq+int64(len(l.Text)), r.seq+int64(len(r.payload)))
		if from < to && !bytes.Equal([]byte(l.Text[from-l.Seq:to-l.Seq]), r.payload[from-r.seq:to-r.seq]) {
			return l
		}
	}
	return nil
}

// protocols are the first words of other protocols.
var protocols = []struct{ begins, name string }{
	{"SSH-", "SSH"}, {"HTTP/", "HTTP"}, {"GET ", "HTTP"}, {"POST ", "HTTP"}, {"HEAD ", "HTTP"}, {"CONNECT ", "HTTP"},
	{"EHLO ", "SMTP"}, {"HELO ", "SMTP"}, {"+OK ", "POP3"}, {"* OK ", "IMAP"}, {"RFB ", "VNC"}, {"NICK ", "IRC"},
	{"\x03\x00\x00", "RDP"}, {"\xffSMB", "SMB"}, {"BitTorrent", "BitTorrent"}, {"\x05\x01\x00", "SOCKS"},
	{"JRMI", "Java RMI"}, {"OPTIONS ", "HTTP"},
}

func ftpAtPort(e *Evidence) []breach {
	var found []breach
	for c := range e.Connections() {
		h := e.watch.heads[c.ID]
		if h == nil || c.Role != ftp.Other || c.Server.Port() != ftpPort {
			continue
		}
		b := breach{packets: []int{c.FirstPacket}, filter: stream(c.ID)}
		switch name := h.protocol(); {
		case name == "TLS" || name == "FTP":
			continue
		case name != "":
			b.observed = fmt.Sprintf("%s at port 21: %s", name, show(string(h[0].data)))
		case c.OpenedBy == ftp.Client && h.speaks():
			b.observed = fmt.Sprintf("an unknown protocol at port 21: %s", show(string(h[0].data)))
		default:
			continue
		}
		for _, head := range h {
			b.packets = append(b.packets, head.packet)
		}
		found = append(found, b)
	}
	return found
}

// protocol names the protocol that two sides begin with, "" if it is not known.
func (h *heads) protocol() string {
	for _, head := range h {
		for _, p := range protocols {
			if bytes.HasPrefix(head.data, []byte(p.begins)) {
				return p.name
			}
		}
	}
	for _, head := range h {
		if isTLS(head.data) {
			return "TLS"
		}
		word, _, _ := strings.Cut(strings.ToUpper(string(head.data)), " ")
		if beginsLikeReply(head.data) || isKnown(strings.TrimSpace(word)) {
			return "FTP"
		}
	}
	return ""
}

// isTLS reports whether data begins like a record of TLS, or like the greeting of
// SSL 2.
func isTLS(data []byte) bool {
	record := len(data) > 2 && data[0] >= 0x14 && data[0] <= 0x17 && data[1] == 3 && data[2] <= 4
	return record || len(data) > 2 && data[0]&0x80 != 0 && data[2] == 1
}

// speaks reports whether enough was said to tell that it is no FTP: some bytes of
// both sides, or a line's worth of one.
func (h *heads) speaks() bool {
	a, b := len(h[0].data), len(h[1].data)
	return a > 1 && b > 1 || a+b >= 16
}

// Limits of mute calls to port 21: so many to one server in a moment, or by one
// client to so many servers.
const (
	muteCalls   = 50
	muteServers = 20
	muteMoment  = 10 * time.Second
)

// A muteCall is a connection on which nobody said a word.
type muteCall struct {
	packet int
	time   int64 // ns since 1970
	server netip.Addr
}

func callsAreMeant(e *Evidence) []breach {
	byServer := map[netip.Addr][]muteCall{}
	byClient := map[netip.Addr][]muteCall{}
	for c := range e.Connections() {
		if c.Server.Port() != ftpPort || c.OpenedBy != ftp.Client || c.ClientFlow.Segments+c.ServerFlow.Segments > 0 {
			continue
		}
		call := muteCall{c.FirstPacket, c.FirstTime, c.Server.Addr()}
		byServer[call.server] = append(byServer[call.server], call)
		byClient[c.Client.Addr()] = append(byClient[c.Client.Addr()], call)
	}
	var found []breach
	for server, calls := range byServer {
		if n := densest(calls); n >= muteCalls {
			found = append(found, mute(calls, fmt.Sprintf("%s was called %d times within %v", server, n, muteMoment)))
		}
	}
	for client, calls := range byClient {
		servers := map[netip.Addr]bool{}
		for _, c := range calls {
			servers[c.server] = true
		}
		if len(servers) >= muteServers {
			found = append(found, mute(calls, fmt.Sprintf("%s called %d servers", client, len(servers))))
		}
	}
	sortBy(found, func(b breach) int64 { return int64(b.packets[0]) })
	return found
}

// densest is the largest number of calls within a moment.
func densest(calls []muteCall) int {
	most, i := 0, 0
	for j := range calls {
		for time.Duration(calls[j].time-calls[i].time) > muteMoment {
			i++
		}
		most = max(most, j-i+1)
	}
	return most
}

func mute(calls []muteCall, what string) breach {
	b := breach{observed: what + ", and nobody said a word", filter: "tcp.dstport == 21 && tcp.flags.syn == 1"}
	for _, c := range calls {
		b.packets = append(b.packets, c.packet)
	}
	return b
}

// clockTolerance is how far stamps may fall back: packets of several queues are
// stored out of order by a little. longestPause is when packets no longer belong
// together.
const (
	clockTolerance = time.Second
	longestPause   = 30 * 24 * time.Hour
)

func clockRuns(e *Evidence) []breach {
	var found []breach
	if back := e.watch.backwards; time.Duration(-back.by) > clockTolerance {
		found = append(found, breach{
			packets:  []int{back.packet - 1, back.packet},
			observed: fmt.Sprintf("frame %d is stamped %s before frame %d", back.packet, quantity(seconds(-back.by), "seconds"), back.packet-1),
		})
	}
	if on := e.watch.forwards; time.Duration(on.by) > longestPause {
		found = append(found, breach{
			packets:  []int{on.packet - 1, on.packet},
			observed: fmt.Sprintf("%s lie between frame %d and frame %d", quantity(seconds(on.by), "seconds"), on.packet-1, on.packet),
		})
	}
	return found
}

func showsFTP(e *Evidence) []breach {
	if len(e.sessions) > 0 {
		return nil
	}
	return []breach{{observed: fmt.Sprintf("%s and %s, none of them FTP in clear",
		plural(e.Size, "packet", "packets"), plural(e.NumConnections(), "TCP connection", "TCP connections")), filter: "ftp"}}
}
