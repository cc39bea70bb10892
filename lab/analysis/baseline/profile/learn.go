// Measurements of a capture, which a profile learns or is compared with.

package profile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
)

// A Measure is something that is measured in every capture.
type Measure struct {
	Name string
	// Unit is seconds, bytes, or what is counted.
	Unit string
	Says string
	// Free says that it depends on people and their files, or on the path, so any value is normal.
	Free bool

	// Connection finds the values of a connection, Session those of a session; nil for none.
	Connection func(c *ftp.Connection, found Found)
	Session    func(s *evidence.Session, found Found)
}

// Found is called with each value, and the packets that show it.
type Found func(value float64, packets ...int)

// Measures returns all measures.
func Measures() []Measure {
	return []Measure{
		{"round-trip-time", "seconds", "from the SYN to the ACK that ends the handshake, control and data connections", true, roundTrips, nil},
		{"reply-time", "seconds", "from a command to its first reply, except for refused passwords, data connections that fail, disks that wake, transfers that go on, and files that a server has to fetch first", false, nil, replyTimes},
		{"think-time", "seconds", "from a reply to the next command", true, nil, thinkTimes},
		{"session-duration", "seconds", "from the first to the last packet of a control connection", true, nil, durations},
		{"commands-a-session", "commands", "in one session", true, nil, commandCounts},
		{"transfer-bytes", "bytes", "of one data connection", true, transferBytes, nil},
		{"transfer-segments", "segments", "with data, of one data connection", true, transferSegments, nil},
		{"transfer-time", "seconds", "from the first to the last packet of a data connection", true, transferTimes, nil},
		{"data-connections-a-minute", "connections", "in the busiest minute of a session", true, nil, dataRates},
		{"packet-length", "bytes", "on the wire, headers included", false, nil, nil},
	}
}

// Learn returns the profile of the sessions and packets of a capture. The name says where it comes from.
func Learn(e *evidence.Sessions, packets *Packets, name string) (*Profile, error) {
	p := New()
	p.Sources = []string{name}
	p.Packets, p.Connections, p.Sessions = e.Size, e.NumConnections(), e.NumSessions()
	measures := Measures()
	learner := &measureLearner{profile: p, clusters: map[string]cluster{}}
	sessions := newTrafficLearner(packets.habits, packets.rates)
	err := e.Visit(evidence.Visitor{
		Connection: func(c *ftp.Connection) {
			if c.Transfer != nil {
				p.Transfers++
			}
			if kind := kindOf(c); kind != "" {
				count2(p.Histories, kind, c.History, 1)
			}
			for _, m := range measures {
				if m.Connection != nil {
					m.Connection(c, learner.ofConnection(m.Name, c))
				}
			}
			learner.packets(c)
		},
		Session: func(s *evidence.Session) {
			p.learnDialogue(s)
			sessions.session(s)
			for _, m := range measures {
				if m.Session != nil {
					learner.ofSession(m, s)
				}
			}
		},
		Data: func(*evidence.Session, *ftp.Connection) {},
	})
	for length, n := range packets.lengths {
		p.Distributions["packet-length"].AddTimes(float64(length), n)
	}
	p.Distributions["packet-length"].Merge(&packets.longer)
	learner.finish()
	p.Traffic = sessions.result()
	return p, err
}

// A measureLearner adds values to a profile, and counts how many each session had.
type measureLearner struct {
	profile  *Profile
	clusters map[string]cluster // of measures of connections
}

// A cluster counts the values of each session, by the ID of its control connection.
type cluster map[int32]int32

// of counts values of a session.
func (l *measureLearner) of(measure string, c *ftp.Connection, values int) {
	owner := c.ID
	if c.Role == ftp.Data && c.Control != ftp.NoConnection {
		owner = c.Control
	}
	if l.clusters[measure] == nil {
		l.clusters[measure] = cluster{}
	}
	l.clusters[measure][int32(owner)] += int32(values)
}

func (l *measureLearner) ofConnection(measure string, c *ftp.Connection) Found {
	return func(value float64, _ ...int) {
		l.profile.Distributions[measure].Add(value)
		l.of(measure, c, 1)
	}
}

func (l *measureLearner) ofSession(m Measure, s *evidence.Session) {
	h := l.profile.Distributions[m.Name]
	before := h.Count
	m.Session(s, func(value float64, _ ...int) { h.Add(value) })
	h.Squares += square(float64(h.Count - before))
}

// packets counts the packets of a connection.
func (l *measureLearner) packets(c *ftp.Connection) {
	l.of("packet-length", c, c.ClientFlow.Packets+c.ServerFlow.Packets)
}

// finish adds up what was counted.
func (l *measureLearner) finish() {
	for measure, counted := range l.clusters {
		for _, n := range counted {
			l.profile.Distributions[measure].Squares += square(float64(n))
		}
	}
}

func square(v float64) float64 { return v * v }

// kindOf is the name of a connection's kind in a profile, "" if it is not FTP.
func kindOf(c *ftp.Connection) string {
	switch c.Role {
	case ftp.Control:
		return "control"
	case ftp.Data:
		return string(c.Mode)
	}
	return ""
}

// OtherCommand stands for all commands that are not part of FTP.
const OtherCommand = "(other)"

// CommandName returns the command, or [OtherCommand] if it is not part of FTP or a known extension.
func CommandName(x *ftp.Exchange) string {
	if evidence.IsKnown(x.Command) {
		return x.Command
	}
	return OtherCommand
}

// ComesNext reports whether a command follows the one before it. In a session in TLS there may be encrypted
// commands in between.
func ComesNext(s *evidence.Session, x *ftp.Exchange) bool { return !s.Hidden || !x.AfterGap }

// learnDialogue counts commands, their order, and their replies, as far as they can be read.
func (p *Profile) learnDialogue(s *evidence.Session) {
	last := Start
	for _, x := range s.Exchanges {
		if s.Protection.Hides(x.Packet) {
			continue
		}
		name := CommandName(x)
		p.Commands[name]++
		if ComesNext(s, x) {
			count2(p.Transitions, last, name, 1)
		}
		for _, r := range x.Replies {
			count2(p.Replies, name, fmt.Sprint(r.Code), 1)
		}
		last = name
	}
	if s.Greeting != nil {
		count2(p.Replies, Start, fmt.Sprint(s.Greeting.Code), 1)
	}
	if last != Start && !s.Hidden {
		count2(p.Transitions, last, End, 1)
	}
}

func roundTrips(c *ftp.Connection, found Found) {
	if c.Role != ftp.Other && c.RoundTripKnown {
		found(c.RoundTrip.Seconds(), c.FirstPacket)
	}
}

// A disk that sleeps wakes within a time, when the first command needs it that takes a moment.
const (
	moment   = time.Second
	wakeTime = 30 * time.Second
)

func replyTimes(s *evidence.Session, found Found) {
	if s.Lossy() {
		return
	}
	lastTransfer := -1 // that succeeded
	for i, x := range s.Exchanges {
		if evidence.IsTransfer(x) && evidence.Completed(x) {
			lastTransfer = i
		}
	}
	awake, passive, busy := false, false, 0 // busy is the packet of the last reply to a transfer
	for i, x := range s.Exchanges {
		queued := x.Packet < busy // some servers read no command during a transfer
		if evidence.IsTransfer(x) && len(x.Replies) > 0 {
			_, busy = evidence.Answer(x)
		}
		if ofDataPort[x.Command] {
			passive = strings.HasSuffix(x.Command, "SV")
		}
		if len(x.Replies) == 0 || x.Replies[0].FirstPacket <= x.Packet {
			continue
		}
		// Servers delay the refusal of a password on purpose (RFC 2577 section 5). If a firewall drops the SYNs of a
		// data connection, the server waits for minutes until it or its system gives up. The SYNs of the client are
		// then in the capture. Those of the server may not reach the recorder, but a later transfer succeeds.
		code := x.Replies[0].Code
		delayed := x.Command == "PASS" && x.Final() >= 400 || code == 425 && (passive && neverAnswered(s, x) || !passive && i < lastTransfer)
		took := time.Duration(x.Replies[0].Time - x.Time)
		wakes := !awake && evidence.AboutFiles[x.Command] && took > moment && took < wakeTime
		awake = awake || wakes
		fetched := x.Command == "RETR" && code < 200 && took > moment // from a tape, or from another server
		if !delayed && !wakes && !fetched && !queued && !waitsForUnseen(s, x) {
			found(seconds(int64(took)), x.Packet, x.Replies[0].Packet)
		}
	}
}

// waitsForUnseen reports whether a transfer that began before the capture ended before a command was answered.
func waitsForUnseen(s *evidence.Session, x *ftp.Exchange) bool {
	return slices.ContainsFunc(s.Unsolicited, func(r *ftp.Reply) bool {
		return r.Code == 226 && x.Packet < r.Packet && r.Packet <= x.Replies[0].FirstPacket
	})
}

// ofDataPort are the commands that say which side connects.
var ofDataPort = wording.Set("PORT EPRT LPRT PASV EPSV LPSV")

// neverAnswered reports whether a client opened a data connection for a command, and nobody answered its SYN.
func neverAnswered(s *evidence.Session, x *ftp.Exchange) bool {
	return slices.ContainsFunc(s.DataOf(x.Data), func(c *ftp.Connection) bool { return !c.HandshakeSeen && c.ClientFlow.SYN > 0 })
}

func thinkTimes(s *evidence.Session, found Found) {
	for i, x := range s.Exchanges {
		if i == 0 {
			continue
		}
		replies := s.Exchanges[i-1].Replies
		if n := len(replies); n > 0 && replies[n-1].Code >= 200 && replies[n-1].Packet < x.FirstPacket {
			found(seconds(x.Time-replies[n-1].Time), replies[n-1].Packet, x.Packet)
		}
	}
}

func durations(s *evidence.Session, found Found) {
	found(seconds(s.Control.LastTime-s.Control.FirstTime), s.Control.FirstPacket, s.Control.LastPacket)
}

func commandCounts(s *evidence.Session, found Found) {
	if n := len(s.Exchanges); n > 0 {
		found(float64(n), s.Exchanges[0].Packet, s.Exchanges[n-1].Packet)
	}
}

func transferBytes(c *ftp.Connection, found Found) {
	if c.DataPort != nil {
		found(float64(c.ClientFlow.Bytes+c.ServerFlow.Bytes), c.FirstPacket, c.LastPacket)
	}
}

func transferSegments(c *ftp.Connection, found Found) {
	if c.DataPort != nil {
		found(float64(c.ClientFlow.Segments+c.ServerFlow.Segments), c.FirstPacket, c.LastPacket)
	}
}

func transferTimes(c *ftp.Connection, found Found) {
	if c.DataPort != nil {
		found(seconds(c.LastTime-c.FirstTime), c.FirstPacket, c.LastPacket)
	}
}

// dataRates finds the minute of a session with the most data connections.
func dataRates(s *evidence.Session, found Found) {
	var list []*ftp.Connection
	for _, c := range s.DataByID {
		if c.DataPort != nil {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b *ftp.Connection) int { return cmp.Compare(a.ID, b.ID) })
	best, from := 0, 0
	for i, j := 0, 0; j < len(list); j++ {
		for time.Duration(list[j].FirstTime-list[i].FirstTime) > time.Minute {
			i++
		}
		if n := j - i + 1; n > best {
			best, from = n, i
		}
	}
	if best > 0 {
		found(float64(best), list[from].FirstPacket, list[from+best-1].FirstPacket)
	}
}

// seconds converts nanoseconds to seconds. A negative time counts as 0.
func seconds(ns int64) float64 { return max(0, time.Duration(ns).Seconds()) }
