// Rules about servers that do not answer.

package rules

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

var serverAnswersRule = Rule{
	Name: "server-answers", Theme: "dialogue",
	Says:     "The server greets each client, answers every command, and does not close the session while a command waits for its reply. As the last command, QUIT, ABOR, NOOP, STAT and REIN need no reply.",
	Source:   "RFC 959, 5.4; RFC 1123, 4.1.3.2",
	Example:  "> RETR file, and a RST of the server",
	Severity: Odd, sign: 1,
	Matters:  "A server that stops in the middle of a session has crashed, perhaps because of what it received. One that does so each time is no working server.",
	Innocent: "the server was restarted or overloaded, or a firewall cut the connection.",
	look:     answers,
}

// silence is how long an answer may take before it counts as none, standstill how long a transfer may stand still.
const (
	silence    = 10 * time.Second
	standstill = time.Minute
)

// answers collects the failures of each server with each client.
func answers() look {
	return look{
		connection: serverGreets,
		session: func(e *Evidence, s *session) []breach {
			s.pair.failures.add(e, s)
			return nil
		},
		end: func(e *Evidence) (found []breach) {
			for hosts, of := range e.pairs {
				for _, b := range of.failures.judge(hosts) {
					b.hosts = hosts
					found = append(found, b)
				}
			}
			sortByFrame(found)
			return found
		},
	}
}

// serverGreets finds connections to port 21 that were accepted but got no greeting.
func serverGreets(e *Evidence, c *ftp.Connection) []breach {
	seen := c.HandshakeSeen && c.Server.Port() == ftpPort && c.ClientFlow.Packets > 1
	silent := c.ServerFlow.Bytes == 0 && c.Missing() == 0
	closes := c.ClosedFirst() == ftp.Server && c.ServerFlow.Segments == 0
	waited := time.Duration(c.LastTime-c.FirstTime) >= silence
	if closed, _ := e.closedFor(c); !seen || !silent || closed > 0 {
		return nil
	}
	switch {
	case closes:
		return []breach{{
			packets:  []int{c.FirstPacket, c.ServerFlow.FIN},
			observed: fmt.Sprintf("%s accepted the connection from %s and closed it without a greeting", c.Server, c.Client),
		}}
	case !waited || c.FirstFIN == ftp.Server || c.ResetBy == ftp.Server:
		return nil
	}
	return []breach{{
		packets:  []int{c.FirstPacket, c.LastPacket},
		observed: fmt.Sprintf("%s accepted the connection from %s and sent nothing for %v", c.Server, c.Client, time.Duration(c.LastTime-c.FirstTime).Round(time.Second)),
	}}
}

// unanswerable are commands that often get no reply.
var unanswerable = wording.Set("QUIT ABOR NOOP STAT REIN")

// unansweredCommand judges a session with a command that the server leaves without an answer, nil for none.
func unansweredCommand(e *Evidence, s *session) (b breach, x *ftp.Exchange) {
	n, first := len(s.Exchanges), s.unanswered()
	if !s.Whole {
		first = s.IgnoredFrom()
	}
	if n == 0 || !s.Whole && first == n || s.TLS || s.dismissed() {
		return b, nil
	}
	x = s.Exchanges[n-1]
	if n-first > muteCommands { // it has not answered for long
		x = s.Exchanges[first]
	}
	last := x.Final()
	if c := s.Control; last == 500 && c.FirstFIN == ftp.Server && evidence.IsKnown(x.Command) && !unanswerable[x.Command] {
		reply := x.Replies[len(x.Replies)-1]
		return breach{place: c.ID, packets: append(evidence.Frames(x), c.ServerFlow.FIN),
			observed: fmt.Sprintf("%s was answered by %s, and the server closed the connection", x.Command, wording.Quote(reply.Text))}, x
	}
	if last > 0 || unanswerable[x.Command] || !x.Complete {
		return b, nil
	}
	c := s.Control
	waited := time.Duration(c.LastTime - x.Time)
	b = breach{place: c.ID, packets: evidence.Frames(x)}
	answered := "was never answered"
	if len(x.Replies) > 0 {
		answered = "was begun and never finished"
	}
	switch {
	case c.ResetBy == ftp.Server && c.ClientFlow.FIN == 0:
		b.packets = append(b.packets, c.ServerFlow.RST)
		b.observed = fmt.Sprintf("%s %s: the server reset the connection", wording.Quote(x.Line.Text), answered)
		if e.resetElsewhere(c) {
			b.sign = noSign // the RST is one itself
			b.observed = fmt.Sprintf("%s %s: a RST from another distance than the server's packets, in its name, ended the connection", wording.Quote(x.Line.Text), answered)
		}
	case c.FirstFIN == ftp.Server:
		b.packets = append(b.packets, c.ServerFlow.FIN)
		b.observed = fmt.Sprintf("%s %s: the server closed the connection", wording.Quote(x.Line.Text), answered)
	case waited >= silence && len(x.Replies) == 0 && c.ServerFlow.LastDataTime < x.Time, s.Ended() && s.standsStill(x):
		b.packets = append(b.packets, c.LastPacket)
		b.observed = fmt.Sprintf("%s %s, within %v", wording.Quote(x.Line.Text), answered, waited.Round(time.Second))
	default:
		return b, nil
	}
	return b, x
}

// skippedCommand finds a command for whose reply the client waited in vain, while no transfer was going on, before it
// sent the next one, which the server answered.
func skippedCommand(s *session) (b breach, found bool) {
	if s.TLS || s.Whole && s.Greeting == nil {
		return b, false
	}
	if !s.Whole {
		return s.surelySkipped()
	}
	answered := s.Greeting.Packet // where the server had answered everything, 0 for a command that has no reply
	spoken := sync.OnceValue(s.serverPackets)
	for i, x := range s.Exchanges {
		if len(x.Replies) > 0 {
			if answered = 0; x.Final() > 0 {
				_, answered = evidence.Answer(x)
			}
			continue
		}
		if i+1 == len(s.Exchanges) || x.Command == "ABOR" || x.Command == "QUIT" {
			break
		}
		next := s.Exchanges[i+1]
		waited := time.Duration(next.Time - x.Time)
		if x.Complete && answered > 0 && answered < x.FirstPacket && waited >= silence && len(next.Replies) > 0 && !hasBetween(spoken(), x.Packet, next.Packet) {
			return s.wentOnAfter(x, next), true
		}
	}
	return b, false
}

// surelySkipped is skippedCommand for a session of which the capture lacks some.
func (s *session) surelySkipped() (b breach, found bool) {
	for i, x := range s.Exchanges[:max(0, len(s.Exchanges)-1)] {
		next := s.Exchanges[i+1]
		if x.Command == "ABOR" || x.Command == "QUIT" {
			break
		}
		if time.Duration(next.Time-x.Time) >= silence && s.IsSkipped(i) {
			return s.wentOnAfter(x, next), true
		}
	}
	return b, false
}

// wentOnAfter is a command whose reply the client waited for in vain before it sent the next one.
func (s *session) wentOnAfter(x, next *ftp.Exchange) breach {
	waited := time.Duration(next.Time - x.Time)
	return breach{place: s.Control.ID, packets: []int{x.Packet, next.Packet},
		observed: fmt.Sprintf("%s was never answered: the client went on after %v", wording.Quote(x.Line.Text), waited.Round(time.Second))}
}

// serverPackets returns the packets that end the lines of the server, sorted.
func (s *session) serverPackets() (packets []int) {
	for _, l := range s.Lines {
		if l.From == ftp.Server {
			packets = append(packets, l.Packet)
		}
	}
	slices.Sort(packets)
	return packets
}

// hasBetween reports whether one of the sorted packets is after one packet and before another.
func hasBetween(packets []int, after, before int) bool {
	i, _ := slices.BinarySearch(packets, after+1)
	return i < len(packets) && packets[i] < before
}

// connected reports whether a transfer has its data connections. A firewall may block them.
func (s *session) connected(x *ftp.Exchange) bool {
	data := s.DataOf(x.Data)
	return len(data) > 0 && !slices.ContainsFunc(data, func(c *ftp.Connection) bool { return !c.HandshakeSeen })
}

// standsStill reports whether a transfer began, and nothing more came until the session ended, on its data connection
// or about it.
func (s *session) standsStill(x *ftp.Exchange) bool {
	last := s.Control.ServerFlow.LastDataTime
	for _, c := range s.DataOf(x.Data) {
		last = max(last, c.ClientFlow.LastDataTime, c.ServerFlow.LastDataTime)
	}
	return len(x.Replies) > 0 && s.connected(x) && time.Duration(s.Control.LastTime-last) >= standstill
}

// unanswered is the index of the first of the commands at the end that have no reply.
func (s *session) unanswered() int {
	n := len(s.Exchanges)
	for n > 0 && len(s.Exchanges[n-1].Replies) == 0 {
		n--
	}
	return n
}

// muteCommands is how many commands of a session get no answer if the server never answers.
const muteCommands = 2

// How many sessions fail, and over which time, if that is no chance any more.
const (
	failedSessions = 3
	failedTime     = time.Minute
)

// isMute reports whether the server greeted and then answered no command, although the client waited.
func (s *session) isMute() bool {
	if !s.Whole || s.TLS || s.Greeting == nil || len(s.Exchanges) < muteCommands {
		return false
	}
	first, c := s.Exchanges[0], s.Control
	return !slices.ContainsFunc(s.Exchanges, func(x *ftp.Exchange) bool { return len(x.Replies) > 0 || !x.Complete }) &&
		c.ServerFlow.LastDataTime < first.Time && time.Duration(s.Exchanges[1].Time-first.Time) >= silence
}

// failures are the sessions of two hosts in which the server did not answer.
type failures struct {
	found       []breach
	mute, other int // sessions without any answer, and without a failure
	first, last int64
}

// add takes the next session. If a firewall may have blocked a data connection, the server need not have failed.
func (f *failures) add(e *Evidence, s *session) {
	b, x := unansweredCommand(e, s)
	switch {
	case s.isMute():
		f.mute++
		b = breach{place: s.Control.ID, packets: []int{s.Exchanges[0].Packet}, observed: "the server greeted, and answered no command"}
	case x == nil:
		f.other++
		if b, found := skippedCommand(s); found {
			f.found = append(f.found, b)
		}
		return
	case evidence.IsTransfer(x) && !s.connected(x):
		f.other++
	}
	f.found = append(f.found, b)
	if f.last = s.Control.FirstTime; f.first == 0 {
		f.first = f.last
	}
}

// judge says what failed. Many sessions in a row are one breach.
func (f *failures) judge(hosts evidence.PairOfHosts) []breach {
	always := len(f.found) >= failedSessions && f.other == 0 && time.Duration(f.last-f.first) >= failedTime
	if !always && f.mute < failedSessions {
		return f.found
	}
	b := breach{severity: Violation, observed: fmt.Sprintf("%d sessions of %s with %s failed: %s", len(f.found), hosts.Client(), hosts.Server(), f.found[0].observed)}
	for _, of := range f.found[:min(len(f.found), MaxPackets)] {
		b.packets = append(b.packets, of.packets...)
	}
	return []breach{b}
}

var usualPortsRule = Rule{
	Name: "usual-ports", Theme: "dialogue",
	Says:     "The server listens at port 21, at 990 for implicit FTPS, or at a port that is often used instead.",
	Source:   "RFC 959, 8; the port registry of IANA (RFC 6335)",
	Example:  "a server at port 4444",
	Severity: Note, sign: 1,
	Matters:  "Malware that contains an FTP server uses a port of its own.",
	Innocent: "the server is behind a NAT device, or its owner wants to hide it.",
	look:     ownPorts,
}

// usualPort reports whether FTP servers are often at a port.
func usualPort(port uint16) bool {
	return port == ftpPort || port == 990 || port == 20 || port%100 == ftpPort || port == 2100 || port == 2210 || port == 4559
}

// ownPorts judges the ports of sessions, at last of those that cannot be read: it is unusual if the same two hosts have
// another session in clear.
func ownPorts() look {
	hidden := map[evidence.PairOfHosts][]breach{}
	return look{
		session: func(e *Evidence, s *session) []breach {
			found, hosts := usualPorts(e, s), s.Hosts()
			switch {
			case !s.Secret():
				s.pair.inClear = true
			case s.Hidden && len(found) > 0 && bounded.Takes(s.ledger, maxPairs, hidden, hosts):
				how := ", in TLS"
				if s.Protection != nil {
					how = ", protected by " + s.Protection.String()
				}
				hidden[hosts] = append(hidden[hosts], breach{place: s.Control.ID, hosts: hosts, packets: found[0].packets, observed: found[0].observed + how})
				return nil
			}
			return found
		},
		end: func(e *Evidence) (found []breach) {
			for hosts, list := range hidden {
				for _, b := range list {
					if of := e.pairs[hosts]; of != nil && of.inClear {
						b.severity, b.observed = Odd, b.observed+", beside a session in clear"
					}
					found = append(found, b)
				}
			}
			sortByFrame(found)
			return found
		},
	}
}

// usualPorts judges the port of a session.
func usualPorts(e *Evidence, s *session) []breach {
	port := s.Control.Server.Port()
	if port == ftpPort {
		return nil
	}
	parts := s.fetchesRelease()
	if usualPort(port) && parts == 0 {
		return nil
	}
	b := breach{packets: []int{s.Control.FirstPacket}, observed: fmt.Sprintf("the server listens at %s", s.Control.Server)}
	switch {
	case forTLS[port] && !s.Secret():
		b.sign = 2
		b.observed += ", a port for TLS, in clear"
	case parts > 0:
		b.severity, b.sign = Odd, 2
		b.observed += fmt.Sprintf(", and the client moves %d parts of an archive and the text that belongs to a release", parts)
	case e.onlyPrograms(s):
		b.sign = 2
		b.observed += ", and all that the client fetches is a program whose name it knows"
	}
	return []breach{b}
}

// releaseParts is how many parts of an archive a release has, and aboutRelease matches the texts that belong to one
// which groups exchange.
const releaseParts = 3

var aboutRelease = pattern.New(`(?i)\.(nfo|sfv|diz)$`)

// fetchesRelease is how many parts of an archive a session moves with a text about the release, 0 if these are few.
func (s *session) fetchesRelease() int {
	parts, text := map[string]bool{}, false
	s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
		if at := w.Target(x.Argument); evidence.IsTransfer(x) && evidence.Completed(x) {
			text = text || aboutRelease.MatchString(at)
			if partOfArchive.MatchString(at) {
				parts[at] = true
			}
		}
	})
	if n := len(parts); text && n >= releaseParts {
		return n
	}
	return 0
}

// onlyPrograms reports whether all that a session moves are programs that the client fetches.
func (e *Evidence) onlyPrograms(s *session) bool {
	n := 0
	for _, x := range s.Exchanges {
		if !evidence.IsTransfer(x) {
			continue
		}
		if what, _ := e.programIn(s, x); x.Command != "RETR" || what == "" {
			return false
		}
		n++
	}
	return n > 0
}
