package report

import (
	"fmt"
	"strings"

	"ftplab/lab/scenario"
)

// networkText describes a scenario's network in a line.
func networkText(s *scenario.Scenario) string {
	p := s.Network
	if p.Kind == scenario.Loopback {
		text := "loopback: client and server are one machine"
		if p.MTU > 0 {
			text += fmt.Sprintf(", MTU %d", p.MTU)
		}
		return text
	}
	parts := []string{"wire: a routed path"}
	if p.MTU > 0 {
		parts = append(parts, fmt.Sprintf("MTU %d", p.MTU))
	}
	if p.Rate > 0 {
		parts = append(parts, fmt.Sprintf("%g Mbit/s", float64(p.Rate)/1e6))
	}
	if p.Queue > 0 {
		parts = append(parts, fmt.Sprintf("a queue of %d bytes", p.Queue))
	}
	if p.Loss > 0 {
		parts = append(parts, fmt.Sprintf("%g %% loss", 100*p.Loss))
	}
	if p.PathMTU > 0 {
		parts = append(parts, fmt.Sprintf("MTU %d in the middle", p.PathMTU))
	}
	if p.NoICMP {
		parts = append(parts, "no ICMP about packets that are too big for that")
	}
	if p.NoHostSilent {
		parts = append(parts, "no ICMP about addresses that nobody has")
	}
	for _, n := range p.NATs {
		parts = append(parts, natText(n))
	}
	for _, r := range p.Rules {
		parts = append(parts, ruleText(r))
	}
	for _, l := range p.Late {
		parts = append(parts, lateText(l))
	}
	return strings.Join(append(parts, recordedAt(s)), ", ")
}

// recordedAt says where the capture was taken, and which sessions are not in it.
func recordedAt(s *scenario.Scenario) string {
	text := "recorded at the " + captureHost(s) + "'s end"
	if others := s.Network.AlsoAt; len(others) > 0 {
		text = fmt.Sprintf("recorded at the ends of %s; what crosses several of them is read at the first", enumerate(s.Network.Places()))
		if len(s.Network.NATs) > 0 {
			text += ", with the addresses that it has there"
		}
	}
	if hosts := s.Unrecorded(); len(hosts) > 0 {
		text += ", so the sessions of " + enumerate(hosts) + " are not in the capture"
	}
	return text
}

// lateText says which segments a setting late delays.
func lateText(l scenario.Late) string {
	text := counted(max(1, l.Count), "segment")
	if flags := l.Flags.String(); flags != "" {
		text += " " + flags
	}
	if l.Length >= 0 {
		text += " of " + counted(l.Length, "byte")
	}
	behind := "late"
	if l.Overtaken {
		behind = "behind a later one"
	}
	return fmt.Sprintf("%s from %s to %s %s %s", text, endOf(l.From, l.FromPort), endOf(l.To, l.ToPort), duration(int64(l.By)), behind)
}

// captureHost returns the host at whose end the capture was taken.
func captureHost(s *scenario.Scenario) string {
	if s.Network.Capture != "" {
		return s.Network.Capture
	}
	return "client"
}

// hostText describes where a host of a scenario is, and how its TCP differs from a
// current Linux. Its ports are in the drawing.
func hostText(h scenario.Host) []string {
	var parts []string
	add := func(ok bool, format string, args ...any) {
		if ok {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(h.Of != "", "the other address of %s", h.Of)
	add(h.RTT > 0 && h.Name != "client", "%s from the client and back", duration(int64(h.RTT)))
	add(h.Way > 0, "of which the way there takes %s", duration(int64(h.Way)))
	add(h.MTU > 0, "MTU %d", h.MTU)
	add(h.Rate > 0, "%g Mbit/s towards it", float64(h.Rate)/1e6)
	add(h.Window > 0, "window %d", h.Window)
	add(h.Buffer > 0, "receive buffer %d bytes", h.Buffer)
	add(h.NoWScale, "no window scaling")
	add(h.NoTimestamps, "no timestamps")
	add(h.NoSACK, "no SACK")
	add(h.NoDF, "fragments allowed (no DF)")
	add(h.TTL > 0, "TTL %d", h.TTL)
	add(h.Congestion != "", "congestion control %s", h.Congestion)
	add(h.CWND > 0, "at most %s under way", counted(h.CWND, "segment"))
	add(h.Cork, "full segments only, until the end of a transfer")
	add(h.FINApart, "its FIN in a packet of its own")
	return parts
}
