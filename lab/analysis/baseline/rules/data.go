// Rules of the data connections.

package rules

import (
	"fmt"
	"path"
	"slices"
	"time"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

var dataIsAnnouncedRule = Rule{
	Name: "data-is-announced", Theme: "data connections",
	Says:     "A data connection was announced on a control connection before it was opened.",
	Source:   "RFC 959, 3.2 and 3.3; Frederick 2001",
	Example:  "a connection from 192.0.2.21.20 to a client's port that no PORT named",
	Severity: Odd,
	Matters:  "A connection from port 20 that nobody asked for may be a scan that looks like FTP.",
	Innocent: "the client relied on the default data port, or the announcement was inside TLS or took another way.",
	look:     eachData(isAnnounced),
}

func isAnnounced(_ *Evidence, s *session, c *ftp.Connection) []breach {
	if c.DataPort != nil || s == nil || !s.Whole || c.FirstPacket < s.Control.FirstPacket || c.FirstPacket > s.Control.LastPacket && !s.Ended() || c.Client.Port() == s.Control.Client.Port() {
		return nil
	}
	return []breach{{
		packets:  []int{c.FirstPacket},
		observed: fmt.Sprintf("%s opened a connection to %s, which no PORT or EPRT had announced", c.Server, c.Client),
	}}
}

var dataInTimeRule = Rule{
	Name: "data-in-time", Theme: "data connections",
	Says:     "The data connection is opened within a minute of its announcement.",
	Source:   "RFC 2577, 8 (port stealing)",
	Example:  "< 227 (192,0,2,21,100,0), and a connection to the port 70 seconds later",
	Severity: Odd,
	Matters:  "Another host can use a port that stays open.",
	Innocent: "the client waited for its user.",
	look:     eachData(inTime),
}

// dataTimeout is how long after its announcement a data connection may be opened.
const dataTimeout = time.Minute

func inTime(_ *Evidence, s *session, c *ftp.Connection) []breach {
	if c.DataPort == nil {
		return nil
	}
	x := s.Announcing(c.DataPort)
	if x == nil {
		return nil
	}
	late := time.Duration(c.FirstTime - x.Time)
	if late <= dataTimeout || s.LacksBetween(max(x.Packet, c.DataPort.ReplyPacket), c.FirstPacket) { // the same port may have been announced again
		return nil
	}
	return []breach{{
		packets:  []int{x.Packet, c.FirstPacket},
		observed: fmt.Sprintf("it was opened %v after %s", late.Round(time.Second), x.Command),
	}}
}

var activeFromPort20Rule = Rule{
	Name: "active-from-port-20", Theme: "data connections",
	Says:     "In active mode the server connects from port 20, or from the port below its control port.",
	Source:   "RFC 959, 3.2; IANA, ftps-data; Frederick 2001",
	Example:  "a data connection in active mode from 192.0.2.21.2020",
	Severity: Note,
	Matters:  "Firewalls recognize active data connections by that port.",
	Innocent: "the server does not run as root and cannot use a low port, like many servers.",
	look:     fromPort20,
}

// fromPort20 makes one breach of all connections from other ports.
func fromPort20() look {
	var packets []int
	n, last := 0, &ftp.Connection{}
	return look{
		data: func(_ *Evidence, s *session, c *ftp.Connection) []breach {
			if !isActive(c) || c.Server.Port() == 20 || s != nil && c.Server.Port() == s.Control.Server.Port()-1 {
				return nil
			}
			if n++; n <= MaxPackets {
				packets = append(packets, c.FirstPacket)
			}
			if c.FirstPacket > last.FirstPacket {
				*last = *c
			}
			return nil
		},
		end: func(*Evidence) []breach {
			if n == 0 {
				return nil
			}
			slices.Sort(packets) // the connections came by session
			return []breach{{
				packets:  packets,
				observed: fmt.Sprintf("%s from another port, the last from %s", wording.Plural(n, "connection", "connections"), last.Server),
			}}
		},
	}
}

// isActive reports whether a server opened a data connection at a client's address
// that was announced.
func isActive(c *ftp.Connection) bool {
	return c.Role == ftp.Data && c.DataPort != nil && c.Mode == ftp.Active
}

var passiveHighPortsRule = Rule{
	Name: "passive-high-ports", Theme: "data connections",
	Says:     "In passive mode both ports of the data connection are high.",
	Source:   "RFC 959, 3.2; Frederick 2001",
	Example:  "a data connection in passive mode from the client's port 1023",
	Severity: Odd,
	Matters:  "A client that connects from a low port may try to pass a packet filter as another service.",
	Innocent: "a NAT device chose the port.",
	look:     eachData(highPorts),
}

func highPorts(_ *Evidence, _ *session, c *ftp.Connection) []breach {
	if c.DataPort == nil || c.Mode != ftp.Passive || c.Client.Port() >= packet.FirstUserPort {
		return nil
	}
	return []breach{{
		packets:  []int{c.FirstPacket},
		observed: fmt.Sprintf("%s connected from port %d", c.Client.Addr(), c.Client.Port()),
	}}
}

var oneConnectionATransferRule = Rule{
	Name: "one-connection-a-transfer", Theme: "data connections",
	Says:     "Each transfer has exactly one data connection, and data belongs to a transfer.",
	Source:   "RFC 959, 3.2 and 3.4.1 (stream mode)",
	Example:  "two connections with data between one > RETR and its < 226",
	Severity: Odd,
	Matters:  "A second connection to the same port may come from another host, or carry something else.",
	Innocent: "the first attempt failed and was repeated, or MODE B kept a connection open.",
	look:     eachSession(oneConnection),
}

func oneConnection(_ *Evidence, s *session) []breach {
	var found []breach
	for _, x := range s.Exchanges {
		var packets []int
		data := s.DataOf(x.Data)
		for i, c := range data {
			copied := slices.ContainsFunc(data[:i], func(before *ftp.Connection) bool { return c.Client != before.Client && isCopy(c, before) })
			if c.ClientFlow.Bytes+c.ServerFlow.Bytes > 0 && !copied {
				packets = append(packets, c.FirstPacket)
			}
		}
		if len(packets) > 1 {
			found = append(found, breach{
				packets:  packets,
				observed: fmt.Sprintf("%s had %d data connections", wording.Quote(x.Line.Text), len(packets)),
			})
		}
	}
	if b, ok := withoutCommand(s); ok {
		found = append(found, b)
	}
	return found
}

// manyWithoutCommand is how many data connections with data and without a command make FTP a cover.
const manyWithoutCommand = 3

// withoutCommand finds data connections with data for which the client sent no command.
func withoutCommand(s *session) (b breach, ok bool) {
	if !s.Whole || !s.Concluded() || s.Secret() {
		return b, false
	}
	for _, x := range s.Exchanges {
		if !evidence.IsTransfer(x) && evidence.Began(x) {
			return b, false // it may be a command for a transfer that only this server knows
		}
	}
	var packets []int
	for _, c := range s.DataByID {
		if c.Transfer == nil && c.DataPort != nil && c.ClientFlow.Bytes+c.ServerFlow.Bytes > 1 { // one byte may be a keep-alive probe
			packets = append(packets, c.FirstPacket)
		}
	}
	slices.Sort(packets)
	b = breach{packets: packets[:min(len(packets), MaxPackets)],
		observed: wording.Plural(len(packets), "data connection", "data connections") + " carried data, and the client sent no command for a transfer"}
	if len(packets) >= manyWithoutCommand {
		b.severity = Violation
	}
	return b, len(packets) > 0
}

// protected reports whether data connections of the session may be in TLS.
func (s *session) protected() bool { return s.TLS || s.Said("PROT") || s.Said("ADAT") }

var dataFlowsOneWayRule = Rule{
	Name: "data-flows-one-way", Theme: "data connections",
	Says:     "Only the sender of the file sends on a data connection.",
	Source:   "RFC 959, 3.4.1 and 4.1.3",
	Example:  "> RETR file, and the client sends on the data connection",
	Severity: Violation,
	Matters:  "Bytes in the other direction make it a conversation, such as a shell or a tunnel.",
	Innocent: "TLS protects the transfer. Its handshake goes both ways.",
	look:     eachSession(oneWay),
}

func oneWay(e *Evidence, s *session) []breach {
	if s.protected() {
		return nil
	}
	var found []breach
	for _, x := range s.Exchanges {
		for _, c := range s.DataOf(x.Data) {
			sender := x.Sender()
			// One byte may be a keep-alive probe.
			back := c.Content(sender.Other())
			if back <= 1 || s.Lossy() && (c.Content(sender) == 0 || c.TLS != nil) || e.Damage.FromReceiver(c.ID) {
				continue
			}
			b := breach{
				packets:  []int{x.Packet, c.Flow(sender.Other()).FirstData},
				observed: fmt.Sprintf("during %s the %s sent %s", wording.Quote(x.Line.Text), sender.Other(), wording.Plural(int(back), "byte", "bytes")),
			}
			if c.Flow(sender).Bytes == 0 || s.Lossy() || len(x.Data) > 1 && !evidence.Completed(x) {
				b.severity = Odd // the connection may belong to another transfer or session
			}
			found = append(found, b)
		}
	}
	return found
}

var senderClosesRule = Rule{
	Name: "sender-closes", Theme: "data connections",
	Says:     "The sender of the data closes the connection first, which marks the end of the file: the server after LIST and RETR, the client after STOR.",
	Source:   "RFC 959, 3.4.1",
	Example:  "> RETR file, and the client sends the first FIN",
	Severity: Odd,
	Matters:  "If the receiver closes first, the file is incomplete although the server reports success.",
	Innocent: "the receiver closed only its own, unused direction early.",
	look:     eachSession(senderCloses),
}

func senderCloses(_ *Evidence, s *session) []breach {
	var found []breach
	for _, x := range s.Exchanges {
		if !evidence.Completed(x) || s.Said("ABOR") {
			continue
		}
		for _, c := range s.DataOf(x.Data) {
			sender := x.Sender()
			if c.ClosedFirst() != sender.Other() {
				continue
			}
			fin := c.Flow(sender.Other()).FIN
			b := breach{
				packets:  []int{x.Packet, fin},
				observed: fmt.Sprintf("after %s the %s closed first", wording.Quote(x.Line.Text), sender.Other()),
			}
			whole := c.Flow(sender.Other()).FINAck > c.Flow(sender).Bytes+c.Flow(sender).Missing
			if c.OpenedBy == "" || fin > c.Flow(sender).LastData || c.Flow(sender).FIN > 0 || whole {
				b.severity = Note
			}
			found = append(found, b)
		}
	}
	return found
}

var dataEndsWithFINRule = Rule{
	Name: "data-ends-with-fin", Theme: "data connections",
	Says:     "A data connection ends with a FIN from each side, not with a RST.",
	Source:   "RFC 959, 3.4.1; RFC 9293, 3.5.2 and 3.6",
	Example:  "> RETR file, a RST in the middle of the data, and then < 226",
	Severity: Odd,
	Matters:  "The FIN is the end of the file. A RST discards data that is still on the way, and the receiver cannot tell a complete file from a part of it.",
	Innocent: "the user cancelled the transfer, or a program closed its socket before it had read everything.",
	look:     endWithFIN,
}

// resumeTime is the longest time between a download that the client reset, and its request for the rest.
const resumeTime = 10 * time.Minute

// A resumption is a request for the rest of a file, by REST and RETR.
type resumption struct {
	hosts evidence.PairOfHosts
	file  string
	time  int64
}

// endWithFIN reports every RST. What looks odd is a note if the client fetched the rest of the file
// soon, as programs with a time limit do.
func endWithFIN() look {
	var resumed []resumption
	var odd []breach
	var of []resumption // the downloads of odd
	return look{
		session: func(_ *Evidence, s *session) []breach {
			for i, x := range s.Exchanges {
				if x.Command == "RETR" && i > 0 && s.Exchanges[i-1].Command == "REST" && len(resumed) < maxResumptions {
					resumed = append(resumed, resumption{s.Hosts(), path.Base(evidence.Unquoted(x.Argument)), x.Time})
				}
			}
			return nil
		},
		data: func(_ *Evidence, s *session, c *ftp.Connection) []breach {
			b, ok := endsWithRST(s, c)
			switch x := s.transfer(c); {
			case !ok:
				return nil
			case b.severity == Odd && x.Command == "RETR" && c.ResetBy == ftp.Client:
				b.place, b.hosts = c.ID, s.Hosts()
				odd = append(odd, b)
				of = append(of, resumption{s.Hosts(), path.Base(evidence.Unquoted(x.Argument)), x.Time})
				return nil
			}
			return []breach{b}
		},
		end: func(*Evidence) []breach {
			for i, o := range of {
				if slices.ContainsFunc(resumed, func(r resumption) bool {
					return r.hosts == o.hosts && r.file == o.file && r.time > o.time && r.time-o.time < int64(resumeTime)
				}) {
					odd[i].severity = Note
					odd[i].observed += ", and fetched the rest of the file later"
				}
			}
			return odd
		},
	}
}

// endsWithRST judges a data connection that a RST ended. It is odd only if the RST cut a transfer before
// the sender's FIN, and the server reported success.
func endsWithRST(s *session, c *ftp.Connection) (b breach, ok bool) {
	rst := c.Flow(c.ResetBy).RST
	refused := !c.HandshakeSeen && c.ClientFlow.Segments+c.ServerFlow.Segments == 0
	if c.ResetBy == "" || refused {
		return b, false
	}
	b = breach{
		severity: Note,
		packets:  []int{rst},
		observed: fmt.Sprintf("the %s reset the data connection in frame %d", c.ResetBy, rst),
	}
	if x := s.transfer(c); x != nil {
		b.packets = append(b.packets, x.Packet)
		b.observed += ", after " + wording.Quote(x.Line.Text)
		fin := c.Flow(x.Sender()).FIN
		goesOn := max(c.Flow(c.ResetBy).LastData, c.Flow(c.ResetBy).FIN) > rst // so damage made the RST
		if evidence.Completed(x) && !s.Said("ABOR") && (fin == 0 || rst < fin) && !goesOn && !s.Lossy() && c.Lacks(x.Sender()).Between == 0 {
			b.severity = Odd
			b.observed += ", although the server reported success"
		}
	}
	return b, true
}
