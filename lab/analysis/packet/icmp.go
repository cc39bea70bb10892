// ICMP and ICMPv6, in the words of tcpdump. They are read only for packets that are returned to
// the caller.

package packet

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// icmpMessage reads ICMP (RFC 792) and ICMPv6 (RFC 4443, RFC 4861).
func (d *Decoder) icmpMessage(p *Packet, protocol int, b piece) {
	if len(b.data) < 8 {
		return
	}
	d.icmp = ICMP{Type: int(b.data[0]), Code: int(b.data[1]), Length: b.wire, Rest: b.data[8:], ID: uint16(b.uint16(4)), Seq: uint16(b.uint16(6))}
	p.ICMP = &d.icmp
	if !d.Details {
		return
	}
	if protocol == protoICMP {
		d.icmp.Text = icmpText(b)
		if t := d.icmp.Type; t == 3 || t == 11 || t == 12 { // RFC 792
			d.icmp.About = quoted4(b.from(8)).ends()
		}
		if d.icmp.Type == 3 && d.icmp.Code == 4 { // RFC 1191
			d.icmp.MTU = b.uint16(6)
		}
	} else {
		d.icmp.Text = icmp6Text(b)
		if d.icmp.Type < 128 { // an error (RFC 4443, 2.1)
			d.icmp.About = quoted6(b.from(8)).ends()
		}
		if d.icmp.Type == 2 {
			d.icmp.MTU = int(b.uint32(4))
		}
	}
}

// icmpText describes an ICMP message as tcpdump does.
func icmpText(b piece) string {
	kind, code := b.data[0], b.data[1]
	switch kind {
	case 0, 8:
		return fmt.Sprintf("echo %s, id %d, seq %d", map[byte]string{0: "reply", 8: "request"}[kind], b.uint16(4), b.uint16(6))
	case 3:
		return unreachable(b)
	case 4:
		return "source quench"
	case 5:
		return redirect(b)
	case 9:
		return routers(b)
	case 10:
		return "router solicitation"
	case 11:
		return coded(code, "time exceeded in-transit", "ip reassembly time exceeded", "time exceeded-#%d")
	case 12:
		if code != 0 {
			return fmt.Sprintf("parameter problem - code %d", code)
		}
		return fmt.Sprintf("parameter problem - octet %d", b.data[4])
	case 13:
		return fmt.Sprintf("time stamp query id %d seq %d", b.uint16(4), b.uint16(6))
	case 14:
		return fmt.Sprintf("time stamp reply id %d seq %d: org %s, recv %s, xmit %s", b.uint16(4), b.uint16(6), clock(b, 8), clock(b, 12), clock(b, 16))
	case 15:
		return "information request"
	case 16:
		return "information reply"
	case 17:
		return "address mask request"
	case 18:
		if len(b.data) >= 12 {
			return fmt.Sprintf("address mask is 0x%08x", b.uint32(8))
		}
	}
	return fmt.Sprintf("type-#%d", kind)
}

// coded returns the text of a code; the last text is for codes that have none of their own.
func coded(code byte, texts ...string) string {
	last := len(texts) - 1
	if int(code) < last {
		return texts[code]
	}
	return fmt.Sprintf(texts[last], code)
}

// unreachable describes a destination unreachable message (RFC 792, RFC 1812 section 5.2.7.1).
func unreachable(b piece) string {
	code := b.data[1]
	q := quoted4(b.from(8))
	switch {
	case code == 2 && q.src == "?":
		return "? protocol unreachable"
	case code == 2:
		return fmt.Sprintf("%s protocol %d unreachable", q.dst, q.protocol)
	case code == 3:
		return q.port() + " unreachable"
	case code == 4 && b.uint16(6) > 0:
		return fmt.Sprintf("%s unreachable - need to frag (mtu %d)", q.dst, b.uint16(6))
	}
	text := coded(code, "net %s unreachable", "host %s unreachable", "", "", "%s unreachable - need to frag",
		"%s unreachable - source route failed", "net %s unreachable - unknown", "host %s unreachable - unknown",
		"%s unreachable - source host isolated", "net %s unreachable - admin prohibited", "host %s unreachable - admin prohibited",
		"net %s unreachable - tos prohibited", "host %s unreachable - tos prohibited", "host %s unreachable - admin prohibited filter",
		"host %s unreachable - host precedence violation", "host %s unreachable - precedence cutoff", "%%s unreachable - #%d")
	return fmt.Sprintf(text, q.dst)
}

// redirect describes a redirect: for which destination, and to which gateway.
func redirect(b piece) string {
	text := coded(b.data[1], "redirect %s to net", "redirect %s to host", "redirect-tos %s to net", "redirect-tos %s to host", "redirect-#%d %%s to")
	return fmt.Sprintf(text+" %s", quoted4(b.from(8)).dst, netip.AddrFrom4([4]byte(b.data[4:])))
}

// routers describes a router advertisement (RFC 1256).
func routers(b piece) string {
	lifetime := b.uint16(6)
	text := "router advertisement lifetime "
	switch s := lifetime % 60; {
	case lifetime < 60:
		text += fmt.Sprintf("%d", s)
	case lifetime < 60*60:
		text += fmt.Sprintf("%d:%02d", lifetime/60, s)
	default:
		text += fmt.Sprintf("%d:%02d:%02d", lifetime/3600, lifetime/60%60, s)
	}
	const words = 2 // of an address with its preference
	text += fmt.Sprintf(" %d:", b.data[4])
	if b.data[5] != words {
		return text + fmt.Sprintf(" [size %d]", b.data[5])
	}
	for at := 8; at+8 <= len(b.data) && at < 8+8*int(b.data[4]); at += 8 {
		text += fmt.Sprintf(" {%s %d}", netip.AddrFrom4([4]byte(b.data[at:])), b.uint32(at+4))
	}
	return text
}

// clock prints a time of day in milliseconds.
func clock(b piece, at int) string {
	if len(b.data) < at+4 {
		return "?"
	}
	t := time.Duration(b.uint32(at)) * time.Millisecond
	return fmt.Sprintf("%02d:%02d:%02d.%03d", t/time.Hour, t/time.Minute%60, t/time.Second%60, t/time.Millisecond%1000)
}

// A quoted packet is one that an ICMP error is about.
type quoted struct {
	src, dst string // "?" if they are not in the message
	protocol int
	data     []byte // after the headers of IP
}

func quoted4(b piece) quoted {
	if len(b.data) < 20 {
		return quoted{src: "?", dst: "?"}
	}
	header := min(int(b.data[0]&0xf)*4, len(b.data))
	src, dst := netip.AddrFrom4([4]byte(b.data[12:])), netip.AddrFrom4([4]byte(b.data[16:]))
	return quoted{src.String(), dst.String(), int(b.data[9]), b.data[header:]}
}

func quoted6(b piece) quoted {
	if len(b.data) < 40 {
		return quoted{src: "?", dst: "?"}
	}
	src, dst := netip.AddrFrom16([16]byte(b.data[8:])), netip.AddrFrom16([16]byte(b.data[24:]))
	q := quoted{src.String(), dst.String(), int(b.data[6]), b.data[40:]}
	for len(q.data) >= 8 {
		size := 8
		switch q.protocol {
		case protoHopByHop, protoRouting, protoDstOpts:
			size += int(q.data[1]) * 8
		case protoFragment:
		default:
			return q
		}
		q.protocol, q.data = int(q.data[0]), q.data[min(size, len(q.data)):]
	}
	return q
}

// ends returns the protocol and the ends.
func (q quoted) ends() Quoted {
	src, err := netip.ParseAddr(q.src)
	dst, err2 := netip.ParseAddr(q.dst)
	if err != nil || err2 != nil {
		return Quoted{}
	}
	from, to := uint16(0), uint16(0)
	if (q.protocol == protoTCP || q.protocol == protoUDP) && len(q.data) >= 4 {
		from, to = binary.BigEndian.Uint16(q.data), binary.BigEndian.Uint16(q.data[2:])
	}
	return Quoted{q.protocol, netip.AddrPortFrom(src, from), netip.AddrPortFrom(dst, to)}
}

// IsTCP reports whether it is the beginning of a TCP segment, with the ports.
func (q Quoted) IsTCP() bool { return q.Protocol == protoTCP && q.Src.Port() > 0 }

// port names the destination: "192.0.2.21 tcp port 21".
func (q quoted) port() string {
	if q.src == "?" {
		return "? port"
	}
	port := "?"
	if len(q.data) >= 4 {
		port = fmt.Sprint(binary.BigEndian.Uint16(q.data[2:]))
	}
	switch q.protocol {
	case protoTCP:
		return q.dst + " tcp port " + port
	case protoUDP:
		return q.dst + " udp port " + port
	}
	return fmt.Sprintf("%s protocol %d port %s", q.dst, q.protocol, port)
}

// icmp6Text describes an ICMPv6 message as tcpdump does.
func icmp6Text(b piece) string {
	kind, code := b.data[0], b.data[1]
	address := func(at int) string {
		if len(b.data) < at+16 {
			return "?"
		}
		return netip.AddrFrom16([16]byte(b.data[at:])).String()
	}
	switch kind {
	case 1:
		return "destination unreachable, " + unreachable6(b)
	case 2:
		return fmt.Sprintf("packet too big, mtu %d", b.uint32(4))
	case 3:
		return "time exceeded in-transit" + coded(code, " for "+quoted6(b.from(8)).dst, " (reassembly)", ", unknown code (%d)")
	case 4:
		text := coded(code, "erroneous - octet %d", "next header - octet %d", "option - octet %d", "incomplete header chain - octet %d", "code-#%d")
		if strings.Contains(text, "%d") {
			text = fmt.Sprintf(text, b.uint32(4))
		}
		return "parameter problem, " + text
	case 128, 129:
		return fmt.Sprintf("echo %s, id %d, seq %d", map[byte]string{128: "request", 129: "reply"}[kind], b.uint16(4), b.uint16(6))
	case 130:
		return "multicast listener query" + listeners(b, address(8))
	case 131, 132: // without a space, as tcpdump prints it
		return fmt.Sprintf("multicast listener %smax resp delay: %d addr: %s", map[byte]string{131: "report", 132: "done"}[kind], b.uint16(4), address(8))
	case 143:
		return fmt.Sprintf("multicast listener report v2, %d group record(s)", b.uint16(6))
	case 133:
		return "router solicitation"
	case 134:
		return "router advertisement"
	case 135:
		return "neighbor solicitation, who has " + address(8)
	case 136:
		return "neighbor advertisement, tgt is " + address(8)
	case 137:
		return "redirect, " + address(24) + " to " + address(8)
	}
	return fmt.Sprintf("unknown icmp6 type (%d)", kind)
}

// unreachable6 describes the code of a destination unreachable message (RFC 4443 section 3.1).
func unreachable6(b piece) string {
	q := quoted6(b.from(8))
	switch code := b.data[1]; code {
	case 0:
		return "unreachable route " + q.dst
	case 1:
		return " unreachable prohibited " + q.dst // with two spaces, as tcpdump prints it
	case 2:
		return "beyond scope " + q.dst + ", source address " + q.src
	case 3:
		return "unreachable address " + q.dst
	case 4:
		return "unreachable port, " + q.port()
	default:
		return fmt.Sprintf("unknown unreach code (%d)", code)
	}
}

// listeners describes the rest of a query for multicast listeners (RFC 2710, RFC 3810).
func listeners(b piece, group string) string {
	const first, second = 24, 28 // the length of the first version, the least one of the second
	switch n := len(b.data); {
	case n == first: // without a space, as tcpdump prints it
		return fmt.Sprintf("max resp delay: %d addr: %s", b.uint16(4), group)
	case n >= second && b.uint16(26) > 0:
		return fmt.Sprintf(" v2 [gaddr %s, %d source(s)]", group, b.uint16(26))
	case n >= second:
		return " v2 [gaddr " + group + "]"
	}
	return fmt.Sprintf(" unknown-version (len %d) ", len(b.data))
}
