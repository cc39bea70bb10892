// A packet as a line of text, as tcpdump prints it.

package text

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
	"ftplab/lab/analysis/tls"
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

// Line returns a packet as tcpdump -n prints it, without its time:
//
//	IP 192.0.2.21.20 > 198.51.100.100.3172: Flags [F.], seq 56, ack 1, win 502, length 0
//
// Of FTP at another port than 21 it has the text, too; of TLS in the place of FTP, the
// records. Bytes of the capture that a terminal would obey are escaped.
func Line(p *capture.Packet, n Numbering) string {
	if p.Segment != nil {
		return prefix(p.IP, p.TCP.SrcPort, p.TCP.DstPort) + segmentLine(p.Segment, n) + away(&p.Packet) + dialogue(p)
	}
	return OtherLine(&p.Packet)
}

// away says where a packet was recorded, if that is not where its connection is read.
func away(p *packet.Packet) string {
	if p.Away == nil {
		return ""
	}
	as := ""
	if here := p.Away.Here; here.IsValid() {
		as = " as " + withPort(here.Addr(), here.Port())
	}
	return fmt.Sprintf(", seen at %s%s, not at %s", Escape(p.Away.Place), as, Escape(p.Away.Home))
}

// timestamps are the TCP options of most segments (RFC 7323, 3), which make a line twice as
// long.
var timestamps = regexp.MustCompile(`, options \[(?:nop,)*TS val [0-9]+ ecr [0-9]+\]|,(?:nop,)*TS val [0-9]+ ecr [0-9]+`)

// WithoutTimestamps returns a line without the option for timestamps.
func WithoutTimestamps(line string) string { return timestamps.ReplaceAllString(line, "") }

// dialogue is what a line says of the first line of FTP in a packet, at any port, or of the
// records of TLS.
func dialogue(p *capture.Packet) string {
	control := p.Connection != nil && p.Connection.Role == ftp.Control
	line := p.Segment.FirstLine() // at port 21, as tcpdump prints it
	if control && line == "" {
		first, _, _ := bytes.Cut(p.TCP.Payload, []byte("\n"))
		line = string(bytes.TrimSuffix(first, []byte("\r")))
	}
	inTLS := p.Connection != nil && p.Connection.InTLS(p.Number)
	if records := tls.RecordHeaders(p.TCP.Payload); records != "" && (control || inTLS || line != "") {
		return ": TLS: " + records
	}
	switch {
	case inTLS && p.TCP.Length > 0:
		return ": TLS: part of a record"
	case line != "":
		return ": FTP: " + Escape(line)
	}
	return ""
}

// OtherLine returns what Line does, of a packet that is not TCP.
func OtherLine(p *packet.Packet) string {
	switch {
	case p.Copy != nil && p.Away != nil:
		return prefix(p.IP, p.Copy.Src.Port(), p.Copy.Dst.Port()) + strings.TrimPrefix(away(p), ", ") + "; not read, because nobody knows its order"
	case p.Copy != nil:
		return prefix(p.IP, p.Copy.Src.Port(), p.Copy.Dst.Port()) + copyLine(p.Copy)
	case p.ARP != nil:
		return arpLine(p.ARP)
	case p.IP == nil:
		return fmt.Sprintf("not IP, length %d", p.Length)
	case p.UDP != nil:
		return prefix(p.IP, p.UDP.SrcPort, p.UDP.DstPort) + udpLine(p.UDP) + away(p)
	case p.ICMP != nil && p.IP.Version == 6:
		return fmt.Sprintf("%sICMP6, %s, length %d%s", prefix(p.IP, 0, 0), p.ICMP.Text, p.ICMP.Length, away(p))
	case p.ICMP != nil:
		return fmt.Sprintf("%sICMP %s, length %d%s", prefix(p.IP, 0, 0), p.ICMP.Text, p.ICMP.Length, away(p))
	case p.IP.Fragment:
		return fmt.Sprintf("%sfragment at %d of protocol %d, length %d", prefix(p.IP, 0, 0), p.IP.Offset, p.IP.Protocol, p.IP.Length)
	}
	return fmt.Sprintf("%sprotocol %d, length %d", prefix(p.IP, 0, 0), p.IP.Protocol, p.IP.Length)
}

// copyLine says where a packet was also recorded, and what a NAT has changed there.
func copyLine(c *packet.Copy) string {
	text := fmt.Sprintf("seen at %s, too", Escape(c.Place))
	if c.Here.IsValid() {
		text += fmt.Sprintf("; %s is %s at %s", withPort(c.Here.Addr(), c.Here.Port()), withPort(c.There.Addr(), c.There.Port()), Escape(c.Home))
	}
	if c.Rewritten != "" {
		text += "; rewritten: " + Escape(c.Rewritten)
	}
	return text
}

// prefix is the beginning of each line of IP: both addresses, with their ports
// unless these are 0.
func prefix(ip *packet.IP, src, dst uint16) string {
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

// Flags returns TCP flags in tcpdump's letters: "S", "S.", "P.", "F.",
// "R", "." for a bare ACK, "none" for no flag at all.
func Flags(flags uint8) string {
	var b strings.Builder
	for _, f := range []struct {
		flag   uint8
		letter byte
	}{
		{packet.FIN, 'F'}, {packet.SYN, 'S'}, {packet.RST, 'R'}, {packet.PSH, 'P'},
		{packet.ACK, '.'}, {packet.URG, 'U'}, {packet.ECE, 'E'}, {packet.CWR, 'W'},
	} {
		if flags&f.flag != 0 {
			b.WriteByte(f.letter)
		}
	}
	if b.Len() == 0 {
		return "none"
	}
	return b.String()
}

func segmentLine(t *tcp.Segment, n Numbering) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Flags [%s]", Flags(t.Flags))
	seq, ack := t.Seq, t.Ack
	if n == Absolute {
		seq, ack = int64(t.RawSeq), int64(t.RawAck)
	}
	switch {
	case t.Length > 0 && n == Absolute:
		fmt.Fprintf(&b, ", seq %d:%d", seq, t.RawSeq+uint32(t.Length))
	case t.Length > 0:
		fmt.Fprintf(&b, ", seq %d:%d", seq, seq+int64(t.Length))
	case t.Flags&(packet.SYN|packet.FIN|packet.RST) != 0:
		fmt.Fprintf(&b, ", seq %d", seq)
	}
	if t.Has(packet.ACK) {
		fmt.Fprintf(&b, ", ack %d", ack)
	}
	fmt.Fprintf(&b, ", win %d", t.RawWindow)
	if t.Has(packet.URG) {
		fmt.Fprintf(&b, ", urg %d", t.Urgent)
	}
	if o := optionsText(t, n); o != "" {
		fmt.Fprintf(&b, ", options [%s]", o)
	}
	fmt.Fprintf(&b, ", length %d", t.Length)
	return b.String()
}

// optionsText lists the options in the order of the header.
func optionsText(t *tcp.Segment, n Numbering) string {
	var list []string
	o := &t.Options
	o.Each(func(kind byte, value []byte) {
		switch {
		case kind == packet.OptionEnd:
			list = append(list, "eol")
		case kind == packet.OptionNOP:
			list = append(list, "nop")
		case kind == packet.OptionMSS && len(value) == 2:
			list = append(list, fmt.Sprintf("mss %d", o.MSS))
		case kind == packet.OptionWindowScale && len(value) == 1:
			list = append(list, fmt.Sprintf("wscale %d", value[0]))
		case kind == packet.OptionSACKPermitted:
			list = append(list, "sackOK")
		case kind == packet.OptionSACK:
			list = append(list, sackText(t, n, value))
		case kind == packet.OptionTimestamps && len(value) == 8:
			list = append(list, fmt.Sprintf("TS val %d ecr %d", o.TSval, o.TSecr))
		default:
			list = append(list, fmt.Sprintf("unknown-%d 0x%x", kind, value))
		}
	})
	return strings.Join(list, ",")
}

func sackText(t *tcp.Segment, n Numbering, value []byte) string {
	text := fmt.Sprintf("sack %d ", len(value)/8)
	for i, s := range t.SACK {
		if n == Absolute && len(value) >= i*8+8 {
			s = tcp.SACKBlock{Left: int64(binary.BigEndian.Uint32(value[i*8:])), Right: int64(binary.BigEndian.Uint32(value[i*8+4:]))}
		}
		text += fmt.Sprintf("{%d:%d}", s.Left, s.Right)
	}
	return text
}

func udpLine(u *packet.UDP) string {
	m := u.DNS
	if m == nil {
		return fmt.Sprintf("UDP, length %d", u.Length)
	}
	if !m.Response {
		return fmt.Sprintf("%d%s%s %s? %s (%d)", m.ID, letter(m.Recursion, "+"), recordCounts(m), m.Type, Escape(m.Name), u.Length)
	}
	text := fmt.Sprintf("%d%s%s%s %d/%d/%d", m.ID, failure(m.RCode), letter(m.Authoritative, "*"), letter(!m.RecursionAvailable, "-"),
		m.Answers, m.Authority, m.Additional)
	if len(m.Records) > 0 {
		text += " " + Escape(strings.Join(m.Records, ", "))
	}
	return fmt.Sprintf("%s (%d)", text, u.Length)
}

// recordCounts are the records in a query, which as a rule has none.
func recordCounts(m *packet.DNS) string {
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
func failure(code int) string {
	names := []string{"", " FormErr", " ServFail", " NXDomain", " NotImp", " Refused"}
	if code < len(names) {
		return names[code]
	}
	return fmt.Sprintf(" Resp%d", code)
}

func letter(set bool, letter string) string {
	if set {
		return letter
	}
	return ""
}

func arpLine(a *packet.ARP) string {
	switch a.Op {
	case 1:
		return fmt.Sprintf("ARP, Request who-has %s tell %s, length %d", a.TargetIP, a.SenderIP, a.Length)
	case 2:
		return fmt.Sprintf("ARP, Reply %s is-at %s, length %d", a.SenderIP, a.SenderMAC, a.Length)
	}
	return fmt.Sprintf("ARP, operation %d, length %d", a.Op, a.Length)
}
