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
		look:     eachConnection(ftpAtPort),
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
		look:     atTheEnd(clockRuns),
	},
	{
		Name: "shows-ftp", Theme: "TCP",
		Says:     "The capture shows an FTP dialogue.",
		Source:   "RFC 959, 2.3",
		Severity: Odd,
		Matters:  "Nothing else can be judged here.",
		Innocent: "the dialogue is in TLS, or the capture is of something else.",
		look:     atTheEnd(showsFTP),
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

func ftpAtPort(e *Evidence, c *ftp.Connection) []breach {
	h := e.watch.heads[c.ID]
	if h == nil || c.Role != ftp.Other || c.Server.Port() != ftpPort {
		return nil
	}
	b := breach{packets: []int{c.FirstPacket}, filter: stream(c.ID)}
	switch name := h.protocol(); {
	case name == "TLS" || name == "FTP":
		return nil
	case name != "":
		b.observed = fmt.Sprintf("%s at port 21: %s", name, show(string(h[0].data)))
	case c.OpenedBy == ftp.Client && h.speaks():
		b.observed = fmt.Sprintf("an unknown protocol at port 21: %s", show(string(h[0].data)))
	default:
		return nil
	}
	for _, head := range h {
		b.packets = append(b.packets, head.packet)
	}
	return []breach{b}
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

func callsAreMeant() look {
	calls := muteCallers{servers: map[netip.Addr]*calledServer{}, once: map[[16]byte]muteCall{}, often: map[netip.Addr]*caller{}}
	return look{
		connection: func(_ *Evidence, c *ftp.Connection) []breach {
			if c.Server.Port() == ftpPort && c.OpenedBy == ftp.Client && c.ClientFlow.Segments+c.ServerFlow.Segments == 0 {
				calls.add(c)
			}
			return nil
		},
		end: func(*Evidence) []breach { return calls.judge() },
	}
}

// muteCallers are those who opened connections on which nobody said a word. A flood may
// come from a million addresses, so a client that has called one server only takes few
// bytes.
type muteCallers struct {
	servers map[netip.Addr]*calledServer
	once    map[[16]byte]muteCall // the only calls of clients
	often   map[netip.Addr]*caller
}

// A muteCall is the first call of a client.
type muteCall struct {
	server [16]byte
	packet uint32
}

// A calledServer is a server with the calls to it.
type calledServer struct {
	packets []int   // of the first ones
	moment  []int64 // the times of the last ones, which lie within a moment (ns)
	densest int     // the largest number within a moment
}

// A caller is a client that called several servers.
type caller struct {
	packets []int
	servers map[netip.Addr]bool
}

// add takes the next call.
func (m *muteCallers) add(c *ftp.Connection) {
	client, server := c.Client.Addr(), c.Server.Addr()
	s := m.servers[server]
	if s == nil {
		s = &calledServer{}
		m.servers[server] = s
	}
	s.add(c)
	x := m.often[client]
	if x == nil {
		first, called := m.once[client.As16()]
		if !called {
			m.once[client.As16()] = muteCall{server.As16(), uint32(c.FirstPacket)}
			return
		}
		before := netip.AddrFrom16(first.server)
		if server.Is4() {
			before = before.Unmap()
		}
		x = &caller{packets: []int{int(first.packet)}, servers: map[netip.Addr]bool{before: true}}
		m.often[client] = x
	}
	x.servers[server] = true
	x.packets = appendSome(x.packets, c.FirstPacket)
}

func (s *calledServer) add(c *ftp.Connection) {
	s.packets = appendSome(s.packets, c.FirstPacket)
	s.moment = append(s.moment, c.FirstTime)
	i := 0
	for time.Duration(c.FirstTime-s.moment[i]) > muteMoment {
		i++
	}
	s.moment = s.moment[i:]
	s.densest = max(s.densest, len(s.moment))
}

// appendSome appends a packet, if there are not enough of them.
func appendSome(packets []int, packet int) []int {
	if len(packets) < maxPackets {
		packets = append(packets, packet)
	}
	return packets
}

// judge tells of servers that were called too often, and of clients that called too many.
func (m *muteCallers) judge() []breach {
	var found []breach
	for server, s := range m.servers {
		if s.densest >= muteCalls {
			found = append(found, mute(s.packets, fmt.Sprintf("%s was called %d times within %v", server, s.densest, muteMoment)))
		}
	}
	for client, c := range m.often {
		if n := len(c.servers); n >= muteServers {
			found = append(found, mute(c.packets, fmt.Sprintf("%s called %d servers", client, n)))
		}
	}
	sortBy(found, func(b breach) int64 { return int64(b.packets[0]) })
	return found
}

func mute(packets []int, what string) breach {
	return breach{packets: packets, observed: what + ", and nobody said a word", filter: "tcp.dstport == 21 && tcp.flags.syn == 1"}
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
	if e.AnyReadable() {
		return nil
	}
	return []breach{{observed: fmt.Sprintf("%s and %s, none of them FTP that can be read",
		plural(e.Size, "packet", "packets"), plural(e.NumConnections(), "TCP connection", "TCP connections")), filter: "ftp"}}
}
