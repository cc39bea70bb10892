package report

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/scenario"
)

// natPurposes returns sentences about what the NATs of a scenario did to announced
// addresses and to idle connections, by the numbers of the packets.
func natPurposes(s *scenario.Scenario, c *capture.Capture) map[int]string {
	texts := map[int]string{}
	if s == nil || len(s.Network.NATs) == 0 && !s.Network.Dual() {
		return texts
	}
	for session := range c.Sessions() {
		for _, a := range session.DataPorts {
			packet, host := a.Packet, clientOf(s, session)
			if a.Mode == ftp.Passive {
				packet, host = a.ReplyPacket, "server"
			}
			if nat := s.Network.NATOf(host); nat != nil && packet > 0 {
				texts[packet] = announcedBehind(s, nat, session, a)
			}
			if text := otherAddress(s, session, a); text != "" && packet > 0 {
				texts[packet] = text
			}
		}
	}
	for _, nat := range s.Network.NATs {
		if nat.Idle > 0 {
			forgotten(s, &nat, c, texts)
		}
	}
	return texts
}

// explainedAddresses returns the addresses that a host may announce although its packets have another
// one, as [natPurposes] says: those of hosts that have two, and of hosts behind a NAT.
func explainedAddresses(s *scenario.Scenario) map[netip.Addr]bool {
	explained := map[netip.Addr]bool{}
	if s == nil {
		return explained
	}
	for _, h := range s.Network.Hosts {
		if _, ok := s.Network.Other(h.Name); ok || s.Network.NATOf(h.Name) != nil {
			explained[h.Addr] = true
		}
	}
	return explained
}

// otherAddress says that an announced address is the other one of the host that announced
// it, or returns "".
func otherAddress(s *scenario.Scenario, session *ftp.Session, a *ftp.DataPort) string {
	side, from := "client", session.Control.Client.Addr()
	if a.Mode == ftp.Passive {
		side, from = "server", session.Control.Server.Addr()
	}
	for _, h := range s.Network.Hosts {
		other, dual := s.Network.Other(h.Name)
		if dual && h.Addr == a.Addr.Addr().Unmap() && other.Addr == from.Unmap() {
			return fmt.Sprintf("It is the other address of the same %s, which has IPv4 and IPv6.", side)
		}
	}
	return ""
}

// clientOf returns the host of a session's client.
func clientOf(s *scenario.Scenario, session *ftp.Session) string {
	for _, h := range s.Network.Hosts {
		if seenAs(s, h, session.Control.Client.Addr()) {
			return h.Name
		}
	}
	return ""
}

// announcedBehind says what happened to an address that a host behind a NAT announced.
func announcedBehind(s *scenario.Scenario, nat *scenario.NAT, session *ftp.Session, a *ftp.DataPort) string {
	host, _ := s.Host(nat.Host)
	inside := slices.Contains([]netip.Addr{session.Control.Client.Addr().Unmap(), session.Control.Server.Addr().Unmap()}, host.Addr)
	helps := nat.ALG && session.Control.Server.Port() == 21 && (!session.TLS || a.Packet < session.TLSFrom)
	own := a.Addr.Addr().Unmap() == host.Addr
	where := fmt.Sprintf("the NAT in front of the %s (line %d)", nat.Host, nat.Line)
	portOnly := a.Mode == ftp.Passive && a.ReplyCode == 229
	switch {
	case portOnly && helps && inside:
		return fmt.Sprintf("On its way, %s may rewrite this port.", where)
	case portOnly && helps:
		return fmt.Sprintf("The port is that of %s, which rewrote the reply.", where)
	case portOnly:
		return ""
	case inside && helps:
		return fmt.Sprintf("On its way, %s rewrites this address and port: the other side gets %s.", where, nat.Addr)
	case own && inside:
		return fmt.Sprintf("Nobody else can reach this address, and %s does not rewrite it%s.", where, unhelped(nat, session, a))
	case own:
		return fmt.Sprintf("This is the address that the %s has behind its NAT, and cannot be reached: %s did not rewrite it%s.", nat.Host, where, unhelped(nat, session, a))
	case a.Addr.Addr().Unmap() == nat.Addr && helps:
		return fmt.Sprintf("%s rewrote the %s: the %s itself said %s.", upperFirst(where), rewrittenLine(a), nat.Host, host.Addr)
	}
	return ""
}

// unhelped says why a NAT did not change an address.
func unhelped(nat *scenario.NAT, session *ftp.Session, a *ftp.DataPort) string {
	switch {
	case !nat.ALG:
		return ", as it does not help FTP"
	case session.TLS && a.Packet >= session.TLSFrom:
		return ", as it cannot read what is in TLS"
	case session.Control.Server.Port() != 21:
		return ", as it helps FTP on port 21 only"
	}
	return ", as it looks at each segment by itself, and this line is split over two"
}

// rewrittenLine returns the name of the line with the address.
func rewrittenLine(a *ftp.DataPort) string {
	if a.Mode == ftp.Passive {
		return "reply to " + a.Command
	}
	return a.Command
}

// forgotten explains the packets after a silence that was so long that a NAT forgot the
// connection.
func forgotten(s *scenario.Scenario, nat *scenario.NAT, c *capture.Capture, texts map[int]string) {
	host, _ := s.Host(nat.Host)
	last, done := map[int]int64{}, map[int]bool{}
	for p := range c.Packets() {
		if p.Connection == nil || p.IP == nil || !seenAs(s, host, p.IP.Src) && !seenAs(s, host, p.IP.Dst) {
			continue
		}
		id := p.Connection.ID
		if before, known := last[id]; known && !done[id] && p.Time-before > int64(nat.Idle) {
			done[id] = true
			text := fmt.Sprintf("Nothing passed for %s, and the NAT in front of the %s (line %d) forgets a connection after %s: this packet does not get through.",
				duration(p.Time-before), nat.Host, nat.Line, duration(int64(nat.Idle)))
			texts[p.Number] = strings.TrimSpace(texts[p.Number] + " " + text)
		}
		last[id] = p.Time
	}
}

// natText describes a NAT for the line about the network.
func natText(nat scenario.NAT) string {
	text := fmt.Sprintf("the %s behind a NAT with the address %s (line %d)", nat.Host, nat.Addr, nat.Line)
	if nat.ALG {
		text += " that helps FTP"
	}
	if nat.Idle > 0 {
		text += " and forgets idle connections after " + duration(int64(nat.Idle))
	}
	return text
}
