// The addresses that PORT, EPRT, PASV and EPSV offer for data connections.

package ftp

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// dataPorts are the addresses that a control connection offered, as far as it has been
// read.
type dataPorts struct {
	client, server netip.AddrPort
	list           []*DataPort
	commands       int // so far
}

// add takes the next command.
func (all *dataPorts) add(e *Exchange) {
	i := all.commands
	all.commands++
	add := func(a *DataPort) {
		a.Exchange, a.seen, a.Packet = i, i+1, e.Packet
		all.list = append(all.list, a)
	}
	if a := fromCommand(e, all.client); a != nil {
		add(a)
	}
	for _, r := range e.Replies {
		if a := fromReply(r, all.server); a != nil {
			add(a)
		}
	}
}

// addUnsolicited takes a reply to a command that was not seen, behind so many that were.
func (all *dataPorts) addUnsolicited(r *Reply, commands int) {
	if a := fromReply(r, all.server); a != nil {
		a.seen = commands
		all.list = append(all.list, a)
	}
}

// inOrder returns them in the order in which they could be answered.
func (all *dataPorts) inOrder() []*DataPort {
	slices.SortStableFunc(all.list, func(a, b *DataPort) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.ReplyPacket, b.ReplyPacket))
	})
	return all.list
}

// Where is the announced address in words: an EPRT may have a port alone that can be read.
func (a *DataPort) Where() string {
	if !a.Addr.Addr().IsValid() {
		return fmt.Sprintf("port %d of an address that cannot be read", a.Addr.Port())
	}
	return a.Addr.String()
}

// SaidIn reports whether a line of the dialogue announces the address.
func (a *DataPort) SaidIn(l *Line) bool {
	if (a.Mode == Active) != (l.From == Client) {
		return false
	}
	switch a.Command {
	case "PASV":
		addr, ok := parseHostPort(l.Text)
		return ok && addr == a.Addr
	case "EPSV":
		port, ok := parseExtendedPort(l.Text)
		return ok && port == a.Addr.Port()
	default:
		verb, argument := cutCommand(l.Text)
		command, addr, ok := addressIn(capitals(verb), argument)
		return ok && command == a.Command && addr == a.Addr
	}
}

// addressIn reads the address in a PORT or EPRT.
func addressIn(verb, argument string) (command string, addr netip.AddrPort, ok bool) {
	switch verb {
	case "PORT":
		command = "PORT" // not the verb, which may share the bytes of its line
		addr, ok = parseHostPort(argument)
	case "EPRT":
		command = "EPRT"
		addr, ok = parseExtended(argument)
	}
	return command, addr, ok
}

// fromCommand reads the address in a PORT or EPRT of a client, nil if there is none.
func fromCommand(e *Exchange, client netip.AddrPort) *DataPort {
	command, addr, ok := addressIn(e.Command, e.Argument)
	if !ok {
		return nil
	}
	a := &DataPort{
		Command: command, Mode: Active, Addr: addr, from: e.Packet,
		ThirdParty: addr.Addr().IsValid() && addr.Addr().Unmap() != client.Addr().Unmap(),
	}
	for _, r := range e.Replies {
		if r.Code >= 200 {
			a.ReplyPacket, a.ReplyCode = r.Packet, r.Code
			a.from = min(a.from, r.FirstPacket) // captured before the command
			break
		}
	}
	return a
}

// fromReply reads the address in a reply 227 or 229 of a server, nil if there is none.
func fromReply(r *Reply, server netip.AddrPort) *DataPort {
	var command string
	var addr netip.AddrPort
	var ok bool
	switch r.Code {
	case 227:
		command = "PASV"
		addr, ok = parseHostPort(r.Text)
	case 229:
		command = "EPSV"
		var port uint16
		port, ok = parseExtendedPort(r.Text)
		addr = netip.AddrPortFrom(server.Addr(), port)
	}
	if !ok {
		return nil
	}
	return &DataPort{
		Command: command, Mode: Passive, Addr: addr, Exchange: -1, Packet: r.Packet, ReplyPacket: r.Packet, ReplyCode: r.Code,
		ThirdParty: addr.Addr().Unmap() != server.Addr().Unmap(), from: r.FirstPacket,
	}
}

// parseHostPort finds the six numbers of PORT and of 227 in a text, which may
// stand in parentheses or not (RFC 1123 section 4.1.2.6).
func parseHostPort(text string) (netip.AddrPort, bool) {
	for i := 0; i < len(text); i++ {
		if !digit(text[i]) {
			continue
		}
		if n, ok := sixNumbers(text[i:]); ok {
			for _, v := range n {
				if v > 255 {
					return netip.AddrPort{}, false
				}
			}
			ip := netip.AddrFrom4([4]byte{byte(n[0]), byte(n[1]), byte(n[2]), byte(n[3])})
			return netip.AddrPortFrom(ip, uint16(n[4]<<8|n[5])), true
		}
	}
	return netip.AddrPort{}, false
}

// sixNumbers reads six numbers of up to three digits with commas between them.
func sixNumbers(text string) (n [6]int, ok bool) {
	for k := range n {
		if k > 0 {
			text = strings.TrimLeft(text, " \t\r\n")
			if text == "" || text[0] != ',' {
				return n, false
			}
			text = strings.TrimLeft(text[1:], " \t\r\n")
		}
		digits := 0
		for digits < len(text) && digits < 3 && digit(text[digits]) {
			n[k] = n[k]*10 + int(text[digits]-'0')
			digits++
		}
		if digits == 0 {
			return n, false
		}
		text = text[digits:]
	}
	return n, true
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// parseExtended reads the argument of EPRT: "|2|2001:db8::1|3172|", with any
// character for the bar (RFC 2428 section 2).
func parseExtended(text string) (netip.AddrPort, bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return netip.AddrPort{}, false
	}
	parts := strings.Split(text, text[:1])
	if len(parts) < 4 {
		return netip.AddrPort{}, false
	}
	port, err := strconv.ParseUint(parts[3], 10, 16)
	if err != nil {
		return netip.AddrPort{}, false
	}
	ip, _ := netip.ParseAddr(parts[2]) // the port counts, even if this is no address
	return netip.AddrPortFrom(ip, uint16(port)), true
}

// parseExtendedPort finds the port in the text of a reply 229:
// "(|||3172|)", with any character for the bar (RFC 2428 section 3).
func parseExtendedPort(text string) (uint16, bool) {
	for i := 0; i+4 < len(text); i++ {
		bar, at := text[i], i
		if bar == '(' && text[i+1] != '(' {
			bar, at = text[i+1], i+1
		} else if bar != '|' {
			continue
		}
		rest, found := strings.CutPrefix(text[at:], strings.Repeat(string(bar), 3))
		end := strings.IndexByte(rest, bar)
		if !found || end < 1 {
			continue
		}
		if port, err := strconv.ParseUint(rest[:end], 10, 16); err == nil {
			return uint16(port), true
		}
	}
	return 0, false
}
