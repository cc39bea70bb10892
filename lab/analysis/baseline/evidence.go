// Sessions with facts that several rules and the profiles need.

package baseline

import (
	"maps"
	"net/netip"
	"slices"
	"sort"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// Sessions are the sessions and connections of a capture, without those that damaged packets
// seem to make. They are read one after another.
type Sessions struct {
	*capture.Capture
	damage damage
	// announced are the addresses that each client announced in active mode. They are known
	// when the connections have been read.
	announced map[netip.Addr]map[netip.Addr]bool
	// served are the servers with which each client has a control connection.
	served map[pairOfHosts]bool
	// secured are the servers with a session in TLS, with the packet in which it begins.
	secured map[netip.AddrPort]int
}

// NewSessions returns the sessions of a capture. [Sessions.Packet] must then get every packet.
func NewSessions(c *capture.Capture) *Sessions {
	return &Sessions{Capture: c, damage: newDamage()}
}

// Packet takes the next packet, and reports whether every host drops it because it was damaged.
func (e *Sessions) Packet(p *capture.Packet) (dropped bool) { return e.damage.packet(p) }

// A visitor is called for each part of a capture.
type visitor struct {
	Connection func(*ftp.Connection)
	Session    func(*Session)
	// Data is called for each data connection with its session, nil for none.
	Data func(*Session, *ftp.Connection)
}

// visit calls v for all connections, then for all sessions with their data connections.
func (e *Sessions) visit(v visitor) error {
	e.announced, e.served = map[netip.Addr]map[netip.Addr]bool{}, map[pairOfHosts]bool{}
	e.secured = map[netip.AddrPort]int{}
	for c := range e.Connections() {
		if e.damage.made(c.ID) {
			continue
		}
		if c.Role == ftp.Control {
			if c.TLSFrom > 0 && e.secured[c.Server] == 0 {
				e.secured[c.Server] = c.TLSFrom
			}
			e.noteAnnounced(c)
		}
		v.Connection(c)
		if c.Role == ftp.Data && c.Control == ftp.NoConnection {
			v.Data(nil, c)
		}
	}
	for d := range e.Dialogues(true) {
		if e.damage.made(d.Control.ID) {
			continue
		}
		data := slices.DeleteFunc(slices.Clone(d.Data), func(c *ftp.Connection) bool { return e.damage.made(c.ID) })
		s := newSession(d.Session(), data, e.damage.of(d.Control.ID))
		v.Session(s)
		for _, c := range data {
			v.Data(s, c)
		}
	}
	return e.Err()
}

// noteAnnounced adds the addresses that the client of a control connection announced.
func (e *Sessions) noteAnnounced(c *ftp.Connection) {
	client := c.Client.Addr().Unmap()
	e.served[pairOfHosts{client, c.Server.Addr().Unmap()}] = true
	damaged := e.damage.of(c.ID)
	for _, a := range e.DataPorts(c.ID) {
		if a.Mode != ftp.Active || damaged[a.Packet] {
			continue
		}
		if e.announced[client] == nil {
			e.announced[client] = map[netip.Addr]bool{}
		}
		e.announced[client][a.Addr.Addr().Unmap()] = true
	}
}

// A Session is an FTP session with facts that several rules need.
type Session struct {
	*ftp.Session
	// data are its data connections, by ID.
	data map[int]*ftp.Connection
	// whole says that the dialogue is in the capture from the handshake or the greeting
	// on, without a gap and in clear. Only then does something missing count.
	whole bool
	// securedAt is the packet of the reply after which the dialogue is encrypted, 0 for
	// none. What follows is not text, whether or not it looks like TLS.
	securedAt int
	// clearFrom is the packet from which on it is in clear again, 0 for none.
	clearFrom int
	// greeting is the server's first reply, nil if it is not in the capture.
	greeting *ftp.Reply
	logins   []login
	// loggedIn is the packet of the first reply that accepted a login, 0 for none.
	loggedIn int
	// loggedInAt is the place of that reply in what the server said. Packets may have been reordered.
	loggedInAt int64
	// commands counts the commands.
	commands map[string]int
	// damaged counts packets that the receiver discarded because of a wrong checksum.
	// unread are these packets and those with a ClientHello that nobody asked for. They
	// contain no dialogue.
	damaged int
	unread  map[int]bool
}

// A login is an attempt to log in.
type login struct {
	user, password string
	packet         int // of the last command
	time           int64
	code           int // of the last reply, 0 for none
	at             int // the packet of that reply
}

func newSession(t *ftp.Session, data []*ftp.Connection, damaged map[int]bool) *Session {
	if damaged == nil {
		damaged = map[int]bool{}
	}
	s := &Session{Session: t, data: map[int]*ftp.Connection{}, commands: map[string]int{}, damaged: len(damaged), unread: maps.Clone(damaged)}
	for _, c := range data {
		s.data[c.ID] = c
	}
	for _, x := range t.Exchanges {
		s.commands[x.Command]++
	}
	for _, r := range t.Unsolicited {
		if r.Code == 220 || r.Code == 421 {
			s.greeting = r
			break
		}
	}
	s.whole = !t.Hidden && (t.Layer == nil || len(t.Layer.Problems) == 0) && s.fromStart() && t.Control.Missing() == 0 && s.bothSides() && len(damaged) == 0
	for i, l := range t.Lines {
		if l.Unasked() || damaged[l.FirstPacket] {
			s.unread[l.Packet] = true
		}
		if l.Seq < 1 || l.Ack < 0 { // a SYN was damaged: nobody can count from its number
			s.whole = false
		}
		if l.AfterGap || s.lacks(l) || !l.Complete && i < len(t.Lines)-1 { // lost, or cut short by the recorder
			s.whole = false
		}
	}
	for _, x := range t.Exchanges {
		lost := x.Final() == 0 && !s.whole
		if x.Command == "AUTH" && (x.Final() == 234 || lost) && (s.opaque() || !t.TLS) {
			_, at := answer(x)
			s.securedAt = max(at, x.Packet)
			s.whole = false
		}
	}
	if !s.whole && s.securedAt == 0 && len(s.Exchanges) > 0 && !s.saysAnything() {
		s.securedAt = 1 // AUTH and its reply may be missing
	}
	if t.Layer != nil {
		s.clearFrom = t.Layer.ClearFrom()
	}
	s.findLogins()
	return s
}

// lacks reports whether a line acknowledges more than the capture has of the other side.
func (s *Session) lacks(l *ftp.Line) bool {
	f := s.Control.Flow(l.From.Other())
	end := 1 + f.Bytes + f.Missing
	if f.FIN > 0 {
		end++
	}
	return l.Ack > end
}

// fromStart reports whether the capture has the beginning of the session.
func (s *Session) fromStart() bool {
	if s.Control.OpenedBy != "" && (s.Control.ServerFlow.SYN > 0 || s.Control.ServerFlow.Packets == 0) {
		return s.Control.OpenedBy == ftp.Client
	}
	if !s.bothSides() || len(s.Lines) == 0 || s.Lines[0].From != ftp.Server || !strings.HasPrefix(s.Lines[0].Text, "220") {
		return false
	}
	for _, x := range s.Exchanges[:min(1, len(s.Exchanges))] {
		if x.Line.Seq != 1 { // the client has said something before
			return false
		}
	}
	return true
}

// lossy reports whether some of the dialogue is missing, so that commands, replies and data
// connections may be put together wrongly. A record in the middle of TLS that cannot be
// decrypted is missing like one that was not recorded.
func (s *Session) lossy() bool { return s.Control.Missing() > 0 || s.Hidden && !s.opaque() }

// torn reports whether the first line of a reply may be missing, cut short or damaged.
func (s *Session) torn() bool { return s.lossy() || s.Control.ServerFlow.CutShort > 0 || s.damaged > 0 }

// opaque reports whether the dialogue goes on in TLS of which nothing can be read.
func (s *Session) opaque() bool {
	return s.Hidden && (s.Layer == nil || s.Layer.Flows[0].Data+s.Layer.Flows[1].Data == 0)
}

// saysAnything reports whether the client sent a command other than those before TLS.
func (s *Session) saysAnything() bool {
	for command := range s.commands {
		if isKnown(command) && !beforeTLS[command] {
			return true
		}
	}
	return false
}

// bothSides reports whether the capture has both directions of the control connection.
func (s *Session) bothSides() bool {
	return s.Control.ClientFlow.Packets > 0 && s.Control.ServerFlow.Packets > 0
}

// readable reports whether what was said in a packet can be read, and was received.
func (s *Session) readable(packet int) bool {
	clear := s.securedAt == 0 || packet <= s.securedAt || s.clearFrom > 0 && packet >= s.clearFrom
	return clear && !s.unread[packet]
}

// findLogins collects the attempts to log in: a USER with a final reply, or a USER with its
// PASS, and perhaps ACCT.
func (s *Session) findLogins() {
	var user string
	for i, e := range s.Exchanges {
		code, at := answer(e)
		switch e.Command {
		case "USER":
			user = e.Argument
			if code == 331 || code == 332 || s.followedByPass(i) {
				continue
			}
		case "PASS":
			if code == 332 { // and an account
				continue
			}
		case "ACCT":
		default:
			continue
		}
		l := login{user: user, packet: e.Packet, time: e.Time, code: code, at: at}
		if e.Command != "USER" {
			l.password = e.Argument
		}
		s.logins = append(s.logins, l)
		if l.succeeded() && s.loggedIn == 0 {
			s.loggedIn, s.loggedInAt = at, e.Replies[len(e.Replies)-1].Lines[0].Seq
		}
	}
	if s.greeting != nil && s.greeting.Code == 230 {
		s.loggedIn, s.loggedInAt = s.greeting.Packet, s.greeting.Lines[0].Seq
	}
}

func (s *Session) followedByPass(i int) bool {
	return i+1 < len(s.Exchanges) && s.Exchanges[i+1].Command == "PASS" && s.Exchanges[i].Final() == 0
}

// succeeded reports whether the server accepted the login, usually with 230.
func (l login) succeeded() bool { return l.code >= 200 && l.code < 300 }

// failed reports whether the server refused the user or the password.
func (l login) failed() bool {
	switch l.code {
	case 500, 502, 503: // not understood, or out of order
		return false
	}
	return l.code == 430 || l.code >= 500 && l.code < 600
}

// answer is the code and the packet of the last reply to a command, 0 for none.
func answer(e *ftp.Exchange) (code, packet int) {
	if len(e.Replies) == 0 {
		return 0, 0
	}
	r := e.Replies[len(e.Replies)-1]
	return r.Code, r.Packet
}

// announcing is the command of an announcement, nil if it is not in the capture.
func (s *Session) announcing(a *ftp.DataPort) *ftp.Exchange {
	if a.Exchange < 0 {
		return nil
	}
	return s.Exchanges[a.Exchange]
}

// before is the number of commands in frames before the given one.
func (s *Session) before(packet int) int {
	return sort.Search(len(s.Exchanges), func(i int) bool { return s.Exchanges[i].Packet >= packet })
}

// said reports whether the client sent the command.
func (s *Session) said(command string) bool { return s.commands[command] > 0 }

// dataOf returns those of some data connections that belong to the session.
func (s *Session) dataOf(ids []int) []*ftp.Connection {
	var list []*ftp.Connection
	for _, id := range ids {
		if c := s.data[id]; c != nil { // else it is another session's, of two servers
			list = append(list, c)
		}
	}
	return list
}

// hosts are the two parties of the session.
func (s *Session) hosts() pairOfHosts { return pairOfHosts{s.client(), s.server()} }

// A pairOfHosts is a client and a server.
type pairOfHosts struct{ client, server netip.Addr }

// ordered is the pair with the lower address first.
func (p pairOfHosts) ordered() pairOfHosts {
	if p.server.Less(p.client) {
		return pairOfHosts{p.server, p.client}
	}
	return p
}

func (s *Session) client() netip.Addr { return s.Control.Client.Addr().Unmap() }
func (s *Session) server() netip.Addr { return s.Control.Server.Addr().Unmap() }

// exchangeFrames are the frames of a command and of its replies.
func exchangeFrames(e *ftp.Exchange) []int {
	packets := []int{e.Packet}
	for _, r := range e.Replies {
		packets = append(packets, r.Packet)
	}
	return packets
}

// began reports whether a transfer began, by a preliminary reply.
func began(e *ftp.Exchange) bool {
	for _, r := range e.Replies {
		if r.Code >= 100 && r.Code < 200 {
			return true
		}
	}
	return false
}

// completed reports whether a transfer succeeded (226 or 250).
func completed(e *ftp.Exchange) bool { return e.Final() == 226 || e.Final() == 250 }

func isTransfer(e *ftp.Exchange) bool { return e.Sender() != "" }

// ended reports whether the capture has an end of the control connection.
func (s *Session) ended() bool { return s.Control.FirstFIN != "" || s.Control.ResetBy != "" }

// secret reports whether the session goes on in TLS, or in something else that the server
// agreed to.
func (s *Session) secret() bool { return s.TLS || s.Hidden || s.securedAt > 0 }

// beforeTLS are commands that say nothing about a session which goes on in TLS.
var beforeTLS = words("AUTH ADAT FEAT HOST OPTS CLNT NOOP SYST QUIT")

// shows reports whether enough of the session can be read to judge some of it: a line of
// the dialogue and what follows it, but not the way into TLS alone.
func (s *Session) shows() bool {
	if s.secret() {
		for _, x := range s.Exchanges {
			if !beforeTLS[x.Command] && len(x.Replies) > 0 && s.readable(x.Packet) {
				return true
			}
		}
		return false
	}
	n := len(s.Lines)
	return n > 1 && s.Lines[0].Packet != s.Lines[n-1].Packet
}
