// The addresses that PORT, EPRT, PASV and EPSV offer for data connections.

package ftp

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// dataPorts are the addresses that a control connection has offered so far.
type dataPorts struct {
	client, server netip.AddrPort
	proxy          *Proxy // nil for none
	list           []*DataPort
	commands       int // so far
}

// add takes the next command.
func (all *dataPorts) add(e *Exchange) {
	i, before := all.commands, len(all.list)
	all.commands++
	add := func(a *DataPort) {
		a.Exchange, a.seen, a.Packet = i, i+1, e.Packet
		all.append(a)
	}
	if a := fromCommand(e, all.client); a != nil {
		add(a)
	}
	for _, r := range e.Replies {
		if a := fromReply(r, e.Command, all.server); a != nil {
			add(a)
		}
	}
	if len(all.list) == before {
		if a := withoutPort(e, all.client, all.server); a != nil {
			add(a)
		}
	}
}

// used notes which data ports a transfer began with, and the packet after which no connection
// comes to each passive one: the last reply to the last command that used it. A server listens
// for one connection (RFC 959 section 3.3). Some servers continue to listen for the next command.
func (all *dataPorts) used(by *transfers) {
	for i, a := range all.list {
		last := all.commands
		if i+1 < len(all.list) {
			last = all.list[i+1].seen
		}
		among, _ := by.between(a.seen, last)
		a.needed = slices.ContainsFunc(among, func(x transferCommand) bool { return x.began || a.PortLost && x.Reply < 400 })
		if len(among) > 0 && (a.Mode == Passive || a.PortLost) {
			a.usedUp = among[len(among)-1].finalPacket
		}
	}
}

// addUnsolicited takes a reply whose command is not in the capture, after the given number
// of commands.
func (all *dataPorts) addUnsolicited(r *Reply, commands int) {
	if a := fromReply(r, "", all.server); a != nil {
		a.seen = commands
		all.append(a)
	}
}

// append adds a data port. The address of a proxy is not a third party's.
func (all *dataPorts) append(a *DataPort) {
	if p := all.proxy; p != nil && a.ThirdParty {
		server, _ := netip.ParseAddrPort(p.Server)
		ip := a.Addr.Addr().Unmap()
		a.ThirdParty = ip != p.Client.Addr().Unmap() && ip != server.Addr().Unmap()
	}
	all.list = append(all.list, a)
}

// inOrder puts them in the order in which connections could come to them.
func (all *dataPorts) inOrder() {
	slices.SortStableFunc(all.list, func(a, b *DataPort) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.ReplyPacket, b.ReplyPacket))
	})
}

// SixNumbers reports whether its line has the form of PORT and of 227, in which the port is two numbers.
func (a *DataPort) SixNumbers() bool {
	return a.Command == "PORT" || a.Mode == Passive && a.ReplyCode == 227
}

// Line names the line that has the address: PORT, or the reply to PASV.
func (a *DataPort) Line() string {
	if a.Mode == Passive {
		return "the reply to " + a.Command
	}
	return a.Command
}

// Where is the announced address in words. Of some malformed EPRT only the port is known.
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
	said := address{}
	if a.Mode == Passive {
		code, _, _ := replyCode(l.Text)
		said = addressInReply(code, a.Command, afterCode(l.Text), l.Complete)
		if !said.ok { // a reply of many lines
			said = addressInReply(a.ReplyCode, a.Command, l.Text, l.Complete)
		}
	} else {
		verb, argument := cutCommand(l.Text)
		said = addressInCommand(capitals(verb), argument, l.Complete)
	}
	return said.ok && said.Port() == a.Addr.Port() && (!said.Addr().IsValid() || said.Addr() == a.Addr.Addr())
}

// Announced reads the address for a data connection in a line of a dialogue, from the
// address of who said it; ok is false if there is none.
func Announced(line string, from netip.AddrPort) (a netip.AddrPort, ok bool) {
	var said address
	if code, _, reply := replyCode(line); reply {
		said = addressInReply(code, "", afterCode(line), true)
	} else {
		verb, argument := cutCommand(line)
		said = addressInCommand(capitals(verb), argument, true)
	}
	if said.ok && !said.Addr().IsValid() {
		said.AddrPort = netip.AddrPortFrom(from.Addr(), said.Port())
	}
	return unmapped(said.AddrPort), said.ok
}

// An address is one that was read in a line of the dialogue. Its IP is not valid if the
// line gives a port alone, or nothing else that can be read.
type address struct {
	netip.AddrPort
	command       string
	malformed, ok bool
}

// addressInCommand reads the address in a PORT, EPRT or LPRT. The end of its line may be
// missing.
func addressInCommand(verb, argument string, complete bool) (a address) {
	if !complete && endsInDigit(argument) {
		return a // nobody knows how the number goes on
	}
	a.command = strings.Clone(verb) // which may share the bytes of its line
	switch verb {
	case "PORT":
		a.AddrPort, a.ok = parseHostPort(argument)
	case "EPRT":
		a.AddrPort, a.ok = parseExtended(argument)
	case "LPRT":
		a.AddrPort, a.ok = parseLong(argument)
	}
	if !a.ok && verb == "PORT" && complete {
		a.AddrPort, a.ok = parseLoosely(argument)
		a.malformed = a.ok
	}
	return a
}

// passiveCodes are the commands that ask the server for an address, each with the code of the reply
// that has one.
var passiveCodes = map[string]int{"PASV": 227, "LPSV": 228, "EPSV": 229}

// addressInReply reads the address in a reply 227, 228 or 229, or in another positive reply to a command
// that asks for one, "" if the command is not in the capture. The end of its line may be missing.
func addressInReply(code int, command, text string, complete bool) (a address) {
	if !complete && endsInDigit(text) {
		return a
	}
	form := code
	if asks := passiveCodes[command]; code/100 == 2 && (code < 227 || code > 229) && asks > 0 {
		form = asks
	}
	switch form {
	case 227:
		a.command = "PASV"
		a.AddrPort, a.ok = parseHostPort(text)
	case 228:
		a.command = "LPSV"
		a.AddrPort, a.ok = parseLong(text)
	case 229:
		a.command = "EPSV"
		var port uint16
		port, a.ok = parseExtendedPort(text)
		a.AddrPort = netip.AddrPortFrom(netip.Addr{}, port)
	default:
		return a
	}
	if !a.ok && form == code && complete {
		a.AddrPort, a.ok = parseLoosely(text)
		a.malformed = a.ok
	}
	a.malformed = a.malformed || form != code
	if passiveCodes[command] > 0 {
		a.command = strings.Clone(command) // though the reply may be that to another one
	}
	return a
}

func endsInDigit(text string) bool { return text != "" && digit(text[len(text)-1]) }

// fromCommand reads the address in a PORT, EPRT or LPRT of a client, nil if there is none.
func fromCommand(e *Exchange, client netip.AddrPort) *DataPort {
	said := addressInCommand(e.Command, e.Argument, e.Complete)
	if !said.ok {
		return nil
	}
	a := &DataPort{
		Command: said.command, Mode: Active, Addr: said.AddrPort, Malformed: said.malformed, from: e.Packet, time: e.Time,
		ThirdParty: said.Addr().IsValid() && said.Addr().Unmap() != client.Addr().Unmap(),
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

// fromReply reads the address in a server's reply to a command, nil if there is none.
func fromReply(r *Reply, command string, server netip.AddrPort) *DataPort {
	said := addressInReply(r.Code, command, r.Text, r.Lines[len(r.Lines)-1].Complete)
	if !said.ok {
		return nil
	}
	addr := said.AddrPort
	if !addr.Addr().IsValid() {
		addr = netip.AddrPortFrom(server.Addr(), addr.Port())
	}
	return &DataPort{
		Command: said.command, Mode: Passive, Addr: addr, Exchange: -1, Malformed: said.malformed,
		Packet: r.Packet, ReplyPacket: r.Packet, ReplyCode: r.Code,
		ThirdParty: addr.Addr().Unmap() != server.Addr().Unmap(), from: r.FirstPacket, time: r.Time,
	}
}
