// Rules of the data connections.

package rules

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
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
	again := c.ID != c.DataPort.Connections[0] // the port was used up, so another announcement may be lost
	if late <= dataTimeout || again && s.Lossy() {
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

var bytesAgreeRule = Rule{
	Name: "bytes-agree", Theme: "data connections",
	Says:     "A transfer has as many bytes as SIZE or the reply 150 or 226 gave, and a file that nobody changed has the same bytes for everybody.",
	Source:   "RFC 3659, 4; RFC 959, 4.2",
	Example:  "< 150 Opening data connection (1000 bytes), and 999 bytes on it",
	Severity: Odd,
	Matters:  "Fewer bytes mean an incomplete file. More bytes were added on the way.",
	Innocent: "the file grew in the meantime, or only a part of it was requested.",
	look: func() look {
		all := versions{}
		return look{session: func(e *Evidence, s *session) []breach { return bytesAgree(e, s, all) }}
	},
}

func bytesAgree(e *Evidence, s *session, all versions) []breach {
	if s.Lossy() {
		return nil
	}
	var found []breach
	binary, rest := false, false
	var short counted
	size, changed := map[string]int64{}, map[string]string{} // by argument and by path
	var w evidence.Walk
	for _, x := range s.Exchanges {
		w.Follow(x)
		file := servedFile{s.Server(), w.Target(x.Argument)}
		all.note(x, file, changed)
		switch {
		case x.Command == "USER" || x.Command == "REIN":
			binary, rest = false, false // some servers reset them
		case x.Command == "TYPE":
			binary = strings.HasPrefix(strings.ToUpper(x.Argument), "I") && x.Final() < 400
		case x.Command == "REST":
			rest = strings.TrimSpace(x.Argument) != "0"
		case x.Command == "SIZE" && x.Final() == 213 && x.Complete && x.Replies[len(x.Replies)-1].Lines[0].Complete:
			if n, err := strconv.ParseInt(strings.TrimSpace(x.Replies[len(x.Replies)-1].Text), 10, 64); err == nil {
				size[x.Argument] = n
			}
		case evidence.IsTransfer(x):
			if x.Command != "RETR" && x.Sender() != ftp.Client || rest {
				rest = false
				continue
			}
			found = append(found, s.wrongBytes(x, size, binary, &short)...)
			if b, differs := all.fetched(e, s, x, file, changed[file.path]); differs && binary && x.Command == "RETR" {
				found = append(found, b)
			}
			rest = false
		}
	}
	if short.n >= manyShort {
		found = append(found, breach{severity: Violation, packets: short.packets, expected: "A file ends where the server said.",
			observed: fmt.Sprintf("%d files of the server ended long before their ends, and it reported success", short.n)})
	}
	return found
}

// manyShort is how many files end before half of their bytes if that is no accident.
const manyShort = 3

// More bytes than these fill a buffer that a client made for those which the server announced. A log grows less in the
// meantime. In ASCII, a line end may have one byte more.
const (
	asciiMore   = 2
	blockLess   = 4 << 10  // bytes; some servers count blocks
	swollen     = 100      // times as many
	swollenMore = 64 << 10 // and so many more
)

// wrongBytes compares a transfer of a whole file with the size that the server gave before it and after it.
// Short counts the downloads that lack more than a half.
func (s *session) wrongBytes(x *ftp.Exchange, size map[string]int64, binary bool, short *counted) []breach {
	data := s.DataOf(x.Data)
	if !evidence.Completed(x) || len(data) != 1 || data[0].Transfer != nil && data[0].Transfer.Mode != "" {
		return nil // compressed bytes, or blocks, are not those of the file
	}
	c := data[0]
	f := c.Flow(x.Sender())
	if f.FIN == 0 || f.Missing > 0 || !c.HandshakeSeen {
		return nil
	}
	moved := c.Content(x.Sender())
	if c.TLS != nil {
		if c.TLS.Hidden() {
			return nil
		}
		moved = c.TLS.Flow(x.Sender()).Data
	}
	said := announcedBytes(x)
	if n, known := size[x.Argument]; known && x.Complete && len(said) == 0 && x.Sender() == ftp.Server {
		said = []statement{{n, x.Packet}}
	}
	for _, n := range said {
		if n.bytes != moved && (binary || moved > asciiMore*n.bytes+swollenMore) {
			severity := Odd
			if x.Sender() == ftp.Server && moved > swollen*n.bytes && moved > n.bytes+swollenMore {
				severity = Violation
			}
			if x.Sender() == ftp.Server && moved < n.bytes/2 && n.bytes-moved > blockLess && c.ClosedFirst() == ftp.Server {
				short.add(f.FIN)
			}
			return []breach{{
				severity: severity,
				packets:  []int{x.Packet, n.packet, f.LastData},
				expected: wording.Plural(int(n.bytes), "byte", "bytes") + ", as the server said",
				observed: fmt.Sprintf("%s transferred %s", wording.Quote(x.Line.Text), wording.Plural(int(moved), "byte", "bytes")),
			}}
		}
	}
	return nil
}

// A statement is a file size that the server gave, and its packet.
type statement struct {
	bytes  int64
	packet int
}

// announcedBytes finds the sizes in the replies to a transfer.
func announcedBytes(x *ftp.Exchange) []statement {
	var said []statement
	for _, r := range x.Replies {
		for _, l := range r.Lines {
			if n, ok := ftp.SaidBytes(l.Text); ok {
				said = append(said, statement{n, l.Packet})
			}
		}
	}
	return said
}
