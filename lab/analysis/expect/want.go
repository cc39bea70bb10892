// The parsed form of a want.

package expect

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
)

// A Want is the parsed section `want` of a scenario.
type Want struct {
	file         string
	head         int // the line above its first
	declarations []*declaration
	lines        []*line
	// unread are the names of the connections and, with @, of the labels of lines that
	// could not be read.
	unread map[string]bool
}

// lastDeclaration is the line below which a want would declare one more connection.
func (w *Want) lastDeclaration() int {
	if len(w.declarations) == 0 {
		return w.head
	}
	return w.declarations[len(w.declarations)-1].line
}

// ControlPorts returns the ports of a scenario's control connections, with which each capture of the scenario has to be
// read: that of its server, and those at which its want expects a dialogue, which are those of the second ends of
// connections that have texts. They are none if s is nil.
func ControlPorts(s *scenario.Scenario) []uint16 {
	if s == nil {
		return nil
	}
	ports := []uint16{s.Server.Port}
	w, _ := Parse(s.File, s.Want.Line, s.Want.Text) // mistakes are reported where it is judged
	for _, d := range w.declarations {
		port, err := strconv.ParseUint(d.b.port, 10, 16)
		if err == nil && slices.ContainsFunc(d.lines, (*line).isText) {
			ports = append(ports, uint16(port))
		}
	}
	return ports
}

// unused makes a name that no declaration has yet: the name itself, or with a number.
func (w *Want) unused(name string) string {
	taken := func(name string) bool {
		return slices.ContainsFunc(w.declarations, func(d *declaration) bool { return d.name == name })
	}
	free := name
	for n := 2; taken(free); n++ {
		free = fmt.Sprint(name, n)
	}
	return free
}

// Hosts maps the names that a want may use to addresses. A host behind a NAT has another address on
// the other side of it.
type Hosts map[string][]netip.Addr

// A declaration gives a name to a connection, or to the packets of another
// protocol between two hosts.
type declaration struct {
	line  int
	text  string
	name  string
	proto string // tcp, udp, arp or icmp
	lossy bool   // retransmissions need no lines
	a, b  endpoint
	lines []*line // of this connection, in order

	misplaced bool // a host of it is unknown, so its lines can be read, but not their directions
}

// An endpoint is an end of a declaration.
type endpoint struct {
	host string // a name, an address or *
	port string // a number or *
}

func (e endpoint) String() string { return e.host + "." + e.port }

// A line is a line of the want: it describes one packet, text or range.
type line struct {
	number  int
	text    string // as written, without | and comment
	comment string
	conn    *declaration
	from    string
	to      string
	fromA   bool // sent by the end that the declaration names first
	kind    kind
	joined  bool // the line begins with |
	group   int  // lines of one connection with the same number are joined by |

	words   pattern // kindText, kindDatagram
	content pattern // of the bytes
	flags   flags
	seq     span
	ack     number
	win     number
	length  number
	options []option

	label string
	after *line
}

// A kind says what a line claims.
type kind int

const (
	kindText     kind = iota // one line of dialogue
	kindRange                // bytes, in any number of segments
	kindData                 // the data of one packet, which may be none: see fitsACK
	kindACK                  // one packet with an ACK alone, without data unless the line has a length
	kindSYN                  // one packet with a SYN
	kindFIN                  // one FIN; other lines claim the data of its packet
	kindFINData              // one packet with a FIN and its data
	kindRST                  // one packet with a RST
	kindDatagram             // one packet of another protocol than TCP
	kindSkip                 // ...: any packets
)

// fitsACK reports whether a packet without data, SYN, FIN and RST can match the line. It can match
// one about the data of a packet, unless that wants some bytes: length * is any number, also 0.
func (l *line) fitsACK() bool {
	return l.kind == kindACK || l.kind == kindData && !l.seq.isRange() && l.content == nil && l.length.is(0)
}

// says counts what the line says of its packet. A text, or a content, is the most that a line can say.
func (l *line) says() (n int64) {
	const most = 8
	for _, x := range []number{l.seq.start, l.seq.end, l.ack, l.win, l.length} {
		if x.set && !x.any {
			n++
		}
	}
	if l.words != nil || l.content != nil {
		n += most
	}
	return n + int64(len(l.options))
}

// A number is a number in a line: not set, * or a value.
type number struct {
	set, any bool
	value    int64
}

func (n number) is(v int64) bool { return !n.set || n.any || n.value == v }

// A span is the sequence numbers in a line: none, one, or a range from start to end.
type span struct {
	start, end number // end is not set for a single number
}

// isRange reports whether the span is of two numbers.
func (s span) isRange() bool { return s.end.set }

// flags are the TCP flags in a line.
type flags struct {
	set  bool
	bits uint8 // without PSH
	push bool  // PSH is written, so the packet must have it
}

// An option is a TCP option or an IP field in a line: "mss 1460", "!wscale", "ttl 64".
type option struct {
	name  string
	not   bool
	value number
	right int64 // of a SACK block; its left is the value
}

// checkHosts returns an error for the first host of the want that is neither
// among hosts nor an address nor *.
func (w *Want) checkHosts(hosts Hosts) error {
	for _, d := range w.declarations {
		if err := hosts.check(d); err != nil {
			return &scenario.Error{File: w.file, Line: d.line, Msg: err.Error()}
		}
	}
	return nil
}

// check returns an error for a host of a declaration that is neither among the hosts nor an
// address nor *. A name with a dot may be a host and a port that is not a number.
func (h Hosts) check(d *declaration) error {
	names := slices.Collect(maps.Keys(h))
	for _, host := range []string{d.a.host, d.b.host} {
		_, known := h[host]
		if _, err := netip.ParseAddr(host); err == nil || known || host == "*" {
			continue
		}
		meant := scenario.Nearest(host, names)
		if dot := strings.LastIndexByte(host, '.'); dot > 0 && meant == "" {
			meant = scenario.Nearest(host[:dot], names)
			if meant == host[:dot] {
				return fmt.Errorf("%s: a number or * was expected for the port, such as %s.21", host, meant)
			}
		}
		if meant != "" {
			return fmt.Errorf("there is no host %q; did you mean %s?", host, meant)
		}
		return fmt.Errorf("there is no host %q; the hosts are %s, and an address or * will do", host, h.list())
	}
	return nil
}

// With returns the hosts and those that a capture names, if a want can contain their
// names. A name that both have means the address in h.
func (h Hosts) With(names []pcapng.Name) Hosts {
	all := Hosts{}
	for _, n := range names {
		if isHost(n.Name) {
			all[n.Name] = append(all[n.Name], n.Addr.Unmap())
		}
	}
	maps.Copy(all, h)
	return all
}

// isHost reports whether s can name a host: the words between its dots are names, and
// the last one is not a port.
func isHost(s string) bool {
	words := strings.Split(s, ".")
	for _, word := range words {
		if !isName(word) {
			return false
		}
	}
	return !isDigits(words[len(words)-1])
}

func (h Hosts) list() string {
	if len(h) == 0 {
		return "none"
	}
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// matches reports whether the host of an endpoint has the address addr.
func (h Hosts) matches(host string, addr netip.Addr) bool {
	if host == "*" {
		return true
	}
	if all, ok := h[host]; ok {
		return slices.Contains(all, addr.Unmap())
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap() == addr.Unmap()
}

// areNamed reports whether a declaration names the host with the address addr.
func (h Hosts) areNamed(w *Want, addr netip.Addr) bool {
	return slices.ContainsFunc(w.declarations, func(d *declaration) bool {
		return d.a.host != "*" && h.matches(d.a.host, addr) || d.b.host != "*" && h.matches(d.b.host, addr)
	})
}

// LineOf returns the line of the first TCP connection that the want declares with a host of that name, 0 for none.
func (w *Want) LineOf(host string) int {
	for _, d := range w.declarations {
		if d.proto == "tcp" && (d.a.host == host || d.b.host == host) {
			return d.line
		}
	}
	return 0
}

// HasConnection reports whether the want declares a connection of that name, or may declare
// it in a line with a mistake.
func (w *Want) HasConnection(name string) bool {
	return w.unread[name] || slices.ContainsFunc(w.declarations, func(d *declaration) bool { return d.name == name })
}

// Connections returns the names of the connections that the want declares. A nil want has
// none.
func (w *Want) Connections() (names []string) {
	if w == nil {
		return nil
	}
	for _, d := range w.declarations {
		names = append(names, d.name)
	}
	return names
}

// HasLabel reports whether a line of the want has that label, or may have it and has a mistake.
func (w *Want) HasLabel(name string) bool {
	return w.unread["@"+name] || slices.ContainsFunc(w.lines, func(l *line) bool { return l.label == name })
}

// Labels returns the labels of the want's lines. A nil want has none.
func (w *Want) Labels() (labels []string) {
	if w == nil {
		return nil
	}
	for _, l := range w.lines {
		if l.label != "" {
			labels = append(labels, l.label)
		}
	}
	return labels
}
