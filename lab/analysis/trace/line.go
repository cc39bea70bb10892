// A packet as a line of text, in the manner of tcpdump.

package trace

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// A Numbering is a way to print sequence numbers.
type Numbering int

const (
	// Relative numbers start at 0 with the SYN. (tcpdump prints the SYN's own
	// as it is on the wire, and relative ones from there.)
	Relative Numbering = iota
	// Absolute numbers are those on the wire, as with tcpdump -S.
	Absolute
)

// Line returns the packet as tcpdump -n prints it, without its time:
//
//	IP 192.0.2.21.20 > 198.51.100.100.3172: Flags [F.], seq 56, ack 1, win 502, length 0
//
// Bytes of the capture that a terminal would obey are escaped.
func (p *Packet) Line(n Numbering) string {
	switch {
	case p.ARP != nil:
		return p.ARP.line()
	case p.IP == nil:
		return fmt.Sprintf("not IP, length %d", p.Length)
	case p.TCP != nil:
		return p.IP.prefix(p.TCP.SrcPort, p.TCP.DstPort) + p.TCP.line(n)
	case p.UDP != nil:
		return p.IP.prefix(p.UDP.SrcPort, p.UDP.DstPort) + p.UDP.line()
	case p.ICMP != nil && p.IP.Version == 6:
		return fmt.Sprintf("%sICMP6, %s, length %d", p.IP.prefix(0, 0), p.ICMP.Text, p.ICMP.Length)
	case p.ICMP != nil:
		return fmt.Sprintf("%sICMP %s, length %d", p.IP.prefix(0, 0), p.ICMP.Text, p.ICMP.Length)
	case p.IP.Fragment:
		return fmt.Sprintf("%sfragment at %d of protocol %d, length %d", p.IP.prefix(0, 0), p.IP.Offset, p.IP.Protocol, p.IP.Length)
	}
	return fmt.Sprintf("%sprotocol %d, length %d", p.IP.prefix(0, 0), p.IP.Protocol, p.IP.Length)
}

// prefix is the beginning of each line of IP: both addresses, with their ports
// unless these are 0.
func (ip *IP) prefix(src, dst uint16) string {
	name := "IP "
	if ip.Version == 6 {
		name = "IP6 "
	}
	return name + withPort(ip.Src, src) + " > " + withPort(ip.Dst, dst) + ": "
}

func withPort(a netip.Addr, port uint16) string {
	if port == 0 {
		return a.String()
	}
	return a.String() + "." + strconv.Itoa(int(port))
}

// FlagString returns TCP flags in tcpdump's letters: "S", "S.", "P.", "F.",
// "R", "." for a bare ACK, "none" for no flag at all.
func FlagString(flags uint8) string {
	var b strings.Builder
	for _, f := range []struct {
		flag   uint8
		letter byte
	}{{FIN, 'F'}, {SYN, 'S'}, {RST, 'R'}, {PSH, 'P'}, {ACK, '.'}, {URG, 'U'}, {ECE, 'E'}, {CWR, 'W'}} {
		if flags&f.flag != 0 {
			b.WriteByte(f.letter)
		}
	}
	if b.Len() == 0 {
		return "none"
	}
	return b.String()
}

func (t *TCP) line(n Numbering) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Flags [%s]", FlagString(t.Flags))
	seq, ack := t.Seq, t.Ack
	if n == Absolute {
		seq, ack = int64(t.RawSeq), int64(t.RawAck)
	}
	switch {
	case t.Length > 0 && n == Absolute:
		fmt.Fprintf(&b, ", seq %d:%d", seq, t.RawSeq+uint32(t.Length))
	case t.Length > 0:
		fmt.Fprintf(&b, ", seq %d:%d", seq, seq+int64(t.Length))
	case t.Flags&(SYN|FIN|RST) != 0:
		fmt.Fprintf(&b, ", seq %d", seq)
	}
	if t.Has(ACK) {
		fmt.Fprintf(&b, ", ack %d", ack)
	}
	fmt.Fprintf(&b, ", win %d", t.RawWindow)
	if t.Has(URG) {
		fmt.Fprintf(&b, ", urg %d", t.Urgent)
	}
	if o := t.Options.text(n, t); o != "" {
		fmt.Fprintf(&b, ", options [%s]", o)
	}
	fmt.Fprintf(&b, ", length %d", t.Length)
	if said := t.firstLine(); said != "" {
		b.WriteString(": FTP: " + Escape(said))
	}
	return b.String()
}

// firstLine is the first line of data to or from port 21.
func (t *TCP) firstLine() string {
	if t.said != "" || t.SrcPort != ftpPort && t.DstPort != ftpPort {
		return t.said
	}
	line, _, _ := bytes.Cut(t.Payload, []byte("\n"))
	return string(bytes.TrimSuffix(line, []byte("\r")))
}

// text lists the options in the order of the header.
func (o *TCPOptions) text(n Numbering, t *TCP) string {
	var list []string
	o.each(func(kind byte, value []byte) {
		switch {
		case kind == optEnd:
			list = append(list, "eol")
		case kind == optNOP:
			list = append(list, "nop")
		case kind == optMSS && len(value) == 2:
			list = append(list, fmt.Sprintf("mss %d", o.MSS))
		case kind == optWindowScale && len(value) == 1:
			list = append(list, fmt.Sprintf("wscale %d", value[0]))
		case kind == optSACKPermitted:
			list = append(list, "sackOK")
		case kind == optSACK:
			list = append(list, o.sackText(n, value))
		case kind == optTimestamps && len(value) == 8:
			list = append(list, fmt.Sprintf("TS val %d ecr %d", o.TSval, o.TSecr))
		default:
			list = append(list, fmt.Sprintf("unknown-%d 0x%x", kind, value))
		}
	})
	return strings.Join(list, ",")
}

func (o *TCPOptions) sackText(n Numbering, value []byte) string {
	text := fmt.Sprintf("sack %d ", len(value)/8)
	for i, s := range o.SACK {
		if n == Absolute && len(value) >= i*8+8 {
			s = SACKBlock{int64(binary.BigEndian.Uint32(value[i*8:])), int64(binary.BigEndian.Uint32(value[i*8+4:]))}
		}
		text += fmt.Sprintf("{%d:%d}", s.Left, s.Right)
	}
	return text
}

func (u *UDP) line() string {
	m := u.DNS
	if m == nil {
		return fmt.Sprintf("UDP, length %d", u.Length)
	}
	if !m.Response {
		return fmt.Sprintf("%d%s%s %s? %s (%d)", m.ID, flag(m.Recursion, "+"), m.counts(), m.Type, Escape(m.Name), u.Length)
	}
	text := fmt.Sprintf("%d%s%s%s %d/%d/%d", m.ID, m.failure(), flag(m.Authoritative, "*"), flag(!m.RecursionAvailable, "-"),
		m.Answers, m.Authority, m.Additional)
	if len(m.Records) > 0 {
		text += " " + Escape(strings.Join(m.Records, ", "))
	}
	return fmt.Sprintf("%s (%d)", text, u.Length)
}

// counts are the records in a query, which as a rule has none.
func (m *DNS) counts() string {
	text := ""
	for _, c := range []struct {
		n    int
		name string
	}{{m.Answers, "a"}, {m.Authority, "n"}, {m.Additional, "au"}} {
		if c.n > 0 {
			text += fmt.Sprintf(" [%d%s]", c.n, c.name)
		}
	}
	return text
}

// failure names the response code (RFC 1035 section 4.1.1), as tcpdump does.
func (m *DNS) failure() string {
	names := []string{"", " FormErr", " ServFail", " NXDomain", " NotImp", " Refused"}
	if m.RCode < len(names) {
		return names[m.RCode]
	}
	return fmt.Sprintf(" Resp%d", m.RCode)
}

func flag(set bool, letter string) string {
	if set {
		return letter
	}
	return ""
}

func (a *ARP) line() string {
	switch a.Op {
	case 1:
		return fmt.Sprintf("ARP, Request who-has %s tell %s, length %d", a.TargetIP, a.SenderIP, a.Length)
	case 2:
		return fmt.Sprintf("ARP, Reply %s is-at %s, length %d", a.SenderIP, a.SenderMAC, a.Length)
	}
	return fmt.Sprintf("ARP, operation %d, length %d", a.Op, a.Length)
}
