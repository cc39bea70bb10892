// Package evidence reads the FTP sessions of a capture with the facts that rules and profiles
// need: what was readable and is whole, who logged in, where in the tree a client is, which
// packets were damaged.
package evidence

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sort"
	"strings"

	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// Sessions are the sessions and connections of a capture, without those that damaged packets
// seem to make. They are read one after another.
type Sessions struct {
	*capture.Capture
	// Ledger counts what the tables of the check have no room for.
	Ledger *bounded.Ledger
	Damage Damage
	// Announced are the addresses that each client announced in active mode. They are known
	// when the connections have been read.
	Announced map[netip.Addr]map[netip.Addr]bool
	// Served are the servers with which each client has a control connection.
	Served map[PairOfHosts]bool
	// Secured are the servers with a session in TLS, with the packet in which it begins.
	Secured map[netip.AddrPort]int
}

// NewSessions returns the sessions of a capture. [Sessions.Packet] must then get every packet.
func NewSessions(c *capture.Capture) *Sessions {
	g := bounded.NewLedger()
	return &Sessions{Capture: c, Ledger: g, Damage: newDamage(g)}
}

// Packet takes the next packet, and reports whether every host drops it because it was damaged.
func (e *Sessions) Packet(p *capture.Packet) (dropped bool) {
	e.Ledger.At = p.Number
	return e.Damage.packet(p)
}

// maxLines is how much of a dialogue is read; see [ftp.Session].Overlong.
var maxLines = bounded.Limit{Of: "lines of one dialogue", Most: ftp.MaxLines}

// A Visitor is called for each part of a capture.
type Visitor struct {
	Connection func(*ftp.Connection)
	Session    func(*Session)
	// Data is called for each data connection with its session, nil for none.
	Data func(*Session, *ftp.Connection)
}

// Visit calls v for all connections, then for all sessions with their data connections.
func (e *Sessions) Visit(v Visitor) error {
	e.Announced, e.Served = map[netip.Addr]map[netip.Addr]bool{}, map[PairOfHosts]bool{}
	e.Secured = map[netip.AddrPort]int{}
	for c := range e.Connections() {
		if e.Damage.made(c.ID) {
			continue
		}
		if c.Role == ftp.Control {
			if c.TLSFrom > 0 && e.Secured[c.Server] == 0 {
				e.Secured[c.Server] = c.TLSFrom
			}
			e.noteAnnounced(c)
		}
		e.Ledger.At = c.FirstPacket
		v.Connection(c)
		if c.Role == ftp.Data && c.Control == ftp.NoConnection {
			v.Data(nil, c)
		}
	}
	for d := range e.Dialogues(true) {
		if e.Damage.made(d.Control.ID) {
			continue
		}
		data := slices.DeleteFunc(slices.Clone(d.Data), func(c *ftp.Connection) bool { return e.Damage.made(c.ID) })
		s := NewSession(d.Session(), data, e.Damage.of(d.Control.ID))
		e.Ledger.At = s.Control.FirstPacket
		if s.Overlong {
			e.Ledger.Room(maxLines, maxLines.Most)
		}
		v.Session(s)
		for _, c := range data {
			v.Data(s, s.DataByID[c.ID])
		}
	}
	return e.Err()
}

// noteAnnounced adds the addresses that the client of a control connection announced.
func (e *Sessions) noteAnnounced(c *ftp.Connection) {
	client := c.Client.Addr().Unmap()
	e.Served[Between(client, c.Server.Addr().Unmap())] = true
	damaged := e.Damage.of(c.ID)
	for _, a := range e.DataPorts(c.ID) {
		if a.Mode != ftp.Active || damaged[a.Packet] {
			continue
		}
		if e.Announced[client] == nil {
			e.Announced[client] = map[netip.Addr]bool{}
		}
		e.Announced[client][a.Addr.Addr().Unmap()] = true
	}
}

// A Session is an FTP session with facts that several rules need.
type Session struct {
	*ftp.Session
	// DataByID are its data connections, by ID.
	DataByID map[int]*ftp.Connection
	// Whole says that the dialogue is in the capture from the handshake or the greeting
	// on, without a gap and in clear. Only then does something missing count. certain.go tells
	// what is certain of other dialogues.
	Whole bool
	// SecuredAt is the packet after which the dialogue is encrypted, 0 for none: that of the
	// reply which agrees to it. What follows is not text, whether or not it looks like TLS.
	SecuredAt int
	// MayBeClear says that SecuredAt is a guess, since AUTH and its reply may be missing.
	MayBeClear bool
	// ClearFrom is the packet from which on it is in clear again, 0 for none.
	ClearFrom int
	// Greeting is the server's first reply, nil if it is not in the capture.
	Greeting *ftp.Reply
	Logins   []Login
	// LoggedIn is the packet of the first reply that accepted a login, 0 for none.
	LoggedIn int
	// LoggedInAt is the place of that reply in what the server said. Packets may have been reordered.
	LoggedInAt int64
	// Commands counts the commands.
	Commands map[string]int
	// Damaged counts packets that the receiver discarded because of a wrong checksum.
	// Unread are these packets and those with a ClientHello that nobody asked for. They
	// contain no dialogue.
	Damaged int
	Unread  map[int]bool

	heardTo map[int64]bool  // see hear
	offered map[string]bool // see Knows
	added   []int           // see Index
}

// A Login is an attempt to log in.
type Login struct {
	User, Password string
	Packet         int // of the last command
	Time           int64
	Code           int // of the last reply, 0 for none
	At             int // the packet of that reply
	// Known says that the capture has the name, and that the reply is surely the one to the last command.
	Known bool
	// Cut says that the capture lacks the end of the name or the password, CutName that it lacks that of the name. What
	// is left then has the length of the command added to it, as far as that is known: those of the same length may be
	// the same.
	Cut, CutName bool
}

// NewSession returns a session with its data connections. The receiver discarded the packets in damaged.
func NewSession(t *ftp.Session, data []*ftp.Connection, damaged map[int]bool) *Session {
	s := &Session{Session: t, DataByID: map[int]*ftp.Connection{}, Commands: map[string]int{}, offered: map[string]bool{}, Damaged: len(damaged), Unread: map[int]bool{}}
	maps.Copy(s.Unread, damaged)
	for _, c := range data {
		s.DataByID[c.ID] = c
	}
	s.addUnseen(data)
	for _, x := range s.Exchanges {
		s.Commands[x.Command]++
		s.noteOffers(x)
	}
	for _, r := range t.Unsolicited {
		if r.Code == 220 || r.Code == 421 {
			s.Greeting = r
			break
		}
	}
	s.Whole = !t.Hidden && !t.Overlong && (t.Layer == nil || len(t.Layer.Problems) == 0) && s.FromStart() && t.Control.Missing()+t.Control.CutShort() == 0 && s.BothSides() && len(damaged) == 0
	for i, l := range t.Lines {
		if l.Unasked() || damaged[l.FirstPacket] {
			s.Unread[l.Packet] = true
		}
		if l.Seq < 1 || l.Ack < 0 { // a SYN was damaged: nobody can count from its number
			s.Whole = false
		}
		if l.AfterGap || s.lacks(l) || !l.Complete && i < len(t.Lines)-1 { // lost, or cut short by the recorder
			s.Whole = false
		}
	}
	for i, x := range t.Exchanges {
		lost := x.Final() == 0 && !s.Whole && !goesOnInClear(t.Exchanges[i:])
		if x.Command == "AUTH" && (x.Final() == 234 || lost) && (s.Opaque() || !t.TLS) {
			_, at := Answer(x)
			s.SecuredAt = max(at, x.Packet)
			s.Whole = false
		}
	}
	refused := slices.ContainsFunc(t.Exchanges, func(x *ftp.Exchange) bool { return x.Unasked() }) // the server goes on in clear
	if !s.Whole && s.SecuredAt == 0 && len(s.Exchanges) > 0 && !s.saysAnything() && !refused && s.mayHaveSaidAUTH() {
		s.SecuredAt, s.MayBeClear = 1, true
	}
	if len(t.Exchanges) == 0 {
		for _, r := range t.Unsolicited { // AUTH is not in the capture
			if r.Code == 234 && (s.Opaque() || !t.TLS) {
				s.SecuredAt = r.Packet
			}
		}
	}
	switch p := t.Protection; {
	case p != nil:
		s.SecuredAt, s.ClearFrom = max(1, p.From-1), p.ClearFrom
	case t.Layer != nil:
		s.ClearFrom = t.Layer.ClearFrom()
	}
	s.hear()
	s.findLogins()
	return s
}

// mayHaveSaidAUTH reports whether the dialogue may go on in TLS, or in another protection, although the capture has no
// AUTH. It does not if the capture has all that the two sides said, and no TLS is in it.
func (s *Session) mayHaveSaidAUTH() bool {
	return s.Layer != nil || s.Overlong || !s.FromStart() || s.Damaged > 0 || s.Control.Missing()+s.Control.CutShort() > 0 ||
		slices.ContainsFunc(s.Lines, func(l *ftp.Line) bool { return l.AfterGap || s.lacks(l) || s.Unread[l.Packet] })
}

// goesOnInClear reports whether the client sent the second command in clear directly after the first one, an AUTH. Of a
// client that goes on in TLS, that would be its ClientHello.
func goesOnInClear(all []*ftp.Exchange) bool {
	if len(all) < 2 {
		return false
	}
	next := all[1]
	return next.Seq == all[0].End && next.Complete && !next.InTLS && IsKnown(next.Command)
}

// lacks reports whether a line acknowledges more than the capture has of the other side, and the other side has sent it.
func (s *Session) lacks(l *ftp.Line) bool {
	f := s.Control.Flow(l.From.Other())
	end := 1 + f.Bytes + f.Missing
	if f.FIN > 0 {
		end++
	}
	return l.Ack > end && f.Unseen > 0
}

// FromStart reports whether the capture has the beginning of the session.
func (s *Session) FromStart() bool {
	if s.Control.OpenedBy != "" && (s.Control.ServerFlow.SYN > 0 || s.Control.ServerFlow.Packets == 0) {
		return s.Control.OpenedBy == ftp.Client
	}
	if !s.BothSides() || len(s.Lines) == 0 || s.Lines[0].From != ftp.Server || !strings.HasPrefix(s.Lines[0].Text, "220") {
		return false
	}
	for _, x := range s.Exchanges[:min(1, len(s.Exchanges))] {
		if x.Line.Seq != 1 { // the client has said something before
			return false
		}
	}
	return true
}

// Lossy reports whether some of the dialogue is missing, so that commands, replies and data
// connections may be put together wrongly. A record in the middle of TLS that cannot be
// decrypted is missing like one that was not recorded.
func (s *Session) Lossy() bool {
	return s.Control.Lacks(ftp.Client).Between+s.Control.Lacks(ftp.Server).Between > 0 || s.Hidden && !s.Opaque()
}

// LostData returns how many bytes of the session's data connections the capture lacks, and how many
// successful transfers have no data connection in it. Whole says that the capture has all that was transferred.
func (s *Session) LostData() (bytes int64, connections int, whole bool) {
	whole = true
	for _, c := range s.DataByID {
		bytes += c.Missing() + c.CutShort()
		whole = whole && !c.Lacks(c.Sender()).Start
	}
	streams, open := true, false // the mode is stream mode, and an earlier transfer has a data connection
	for _, x := range s.Exchanges {
		reuses := !streams && open // only stream mode needs a data connection for each transfer (RFC 959, 3.3)
		if IsTransfer(x) && Began(x) && Completed(x) && len(x.Data) == 0 && !reuses {
			connections++
		}
		if x.Command == "MODE" && x.Final() == 200 {
			streams = strings.EqualFold(strings.TrimSpace(x.Argument), "S")
		}
		open = open || len(x.Data) > 0
	}
	return bytes, connections, whole && bytes == 0 && connections == 0
}

// Torn reports whether the first line of a reply may be missing, cut short or damaged.
func (s *Session) Torn() bool { return s.Lossy() || s.Control.ServerFlow.CutShort > 0 || s.Damaged > 0 }

// Opaque reports whether the dialogue goes on in TLS, or with another protection, of which nothing can be read.
func (s *Session) Opaque() bool {
	return s.Hidden && (s.Layer == nil || s.Layer.Flows[0].Data+s.Layer.Flows[1].Data == 0)
}

// saysAnything reports whether the client sent a command other than those before TLS.
func (s *Session) saysAnything() bool {
	for command := range s.Commands {
		if IsKnown(command) && !beforeTLS[command] {
			return true
		}
	}
	return false
}

// BothSides reports whether the capture has both directions of the control connection.
func (s *Session) BothSides() bool {
	return s.Control.ClientFlow.Packets > 0 && s.Control.ServerFlow.Packets > 0
}

// Readable reports whether what was said in a packet can be read, and was received.
func (s *Session) Readable(packet int) bool {
	clear := s.SecuredAt == 0 || packet <= s.SecuredAt || s.ClearFrom > 0 && packet >= s.ClearFrom
	return clear && !s.Unread[packet]
}

// findLogins collects the attempts to log in: a USER with a final reply, or a USER with its
// PASS, and perhaps ACCT.
func (s *Session) findLogins() {
	var user string
	named, cutName := false, false
	for i, e := range s.Exchanges {
		code, at := Answer(e)
		switch e.Command {
		case "USER":
			user, named, cutName = s.argument(i), true, !e.Complete
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
		l := Login{User: user, Packet: e.Packet, Time: e.Time, Code: code, At: at, Known: s.Whole || named && s.heardBack(i), Cut: cutName, CutName: cutName}
		if e.Command != "USER" {
			l.Password, l.Cut = s.argument(i), cutName || !e.Complete
		}
		s.Logins = append(s.Logins, l)
		if l.Succeeded() && s.LoggedIn == 0 {
			s.LoggedIn, s.LoggedInAt = at, e.Replies[len(e.Replies)-1].Lines[0].Seq
		}
	}
	if s.Greeting != nil && s.Greeting.Code == 230 {
		s.LoggedIn, s.LoggedInAt = s.Greeting.Packet, s.Greeting.Lines[0].Seq
	}
}

// argument is the argument of command i. If its end was cut off, how much the server acknowledged tells its length.
func (s *Session) argument(i int) string {
	x := s.Exchanges[i]
	if x.Complete || !s.heardBack(i) {
		return x.Argument
	}
	return fmt.Sprintf("%s (cut off, %d bytes)", x.Argument, x.Replies[0].Lines[0].Ack-x.Seq-int64(len(x.Command)))
}

func (s *Session) followedByPass(i int) bool {
	return i+1 < len(s.Exchanges) && s.Exchanges[i+1].Command == "PASS" && s.Exchanges[i].Final() == 0
}

// Succeeded reports whether the server accepted the login, usually with 230.
func (l Login) Succeeded() bool { return l.Code >= 200 && l.Code < 300 }

// Failed reports whether the server refused the user or the password.
func (l Login) Failed() bool {
	switch l.Code {
	case 500, 502, 503: // not understood, or out of order
		return false
	}
	return l.Code == 430 || l.Code >= 500 && l.Code < 600
}

// Answer is the code and the packet of the last reply to a command, 0 for none.
func Answer(e *ftp.Exchange) (code, packet int) {
	if len(e.Replies) == 0 {
		return 0, 0
	}
	r := e.Replies[len(e.Replies)-1]
	return r.Code, r.Packet
}

// Announcing is the command of an announcement, nil if it is not in the capture.
func (s *Session) Announcing(a *ftp.DataPort) *ftp.Exchange {
	if a.Exchange < 0 {
		return nil
	}
	return s.Exchanges[s.Index(a.Exchange)]
}

// Before is the number of commands in frames before the given one.
func (s *Session) Before(packet int) int {
	return sort.Search(len(s.Exchanges), func(i int) bool { return s.Exchanges[i].Packet >= packet })
}

// Said reports whether the client sent the command.
func (s *Session) Said(command string) bool { return s.Commands[command] > 0 }

// DataOf returns those of some data connections that belong to the session.
func (s *Session) DataOf(ids []int) []*ftp.Connection {
	var list []*ftp.Connection
	for _, id := range ids {
		if c := s.DataByID[id]; c != nil { // else it is another session's, of two servers
			list = append(list, c)
		}
	}
	return list
}

// Hosts are the two parties of the session.
func (s *Session) Hosts() PairOfHosts { return Between(s.Client(), s.Server()) }

// Client returns the address of the client.
func (s *Session) Client() netip.Addr { return s.Control.Client.Addr().Unmap() }

// Server returns the address of the server.
func (s *Session) Server() netip.Addr { return s.Control.Server.Addr().Unmap() }

// Frames are the frames of a command and of its replies.
func Frames(e *ftp.Exchange) []int {
	packets := []int{e.Packet}
	for _, r := range e.Replies {
		packets = append(packets, r.Packet)
	}
	return packets
}

// Began reports whether a transfer began, by a preliminary reply.
func Began(e *ftp.Exchange) bool {
	for _, r := range e.Replies {
		if r.Code >= 100 && r.Code < 200 {
			return true
		}
	}
	return false
}

// Completed reports whether a transfer succeeded (226 or 250).
func Completed(e *ftp.Exchange) bool { return e.Final() == 226 || e.Final() == 250 }

// IsTransfer reports whether a command moves data on a data connection.
func IsTransfer(e *ftp.Exchange) bool { return e.Sender() != "" }

// Ended reports whether the capture has an end of the control connection.
func (s *Session) Ended() bool { return s.Control.FirstFIN != "" || s.Control.ResetBy != "" }

// Concluded reports whether the capture shows that the session is over: the end of the control connection, or
// the reply 221 to QUIT.
func (s *Session) Concluded() bool {
	return s.Ended() || slices.ContainsFunc(s.Exchanges, func(x *ftp.Exchange) bool { return x.Command == "QUIT" && x.Final() == 221 })
}

// Secret reports whether the session goes on in TLS, or in something else that the server
// agreed to.
func (s *Session) Secret() bool { return s.TLS || s.Hidden || s.SecuredAt > 0 }

// beforeTLS are commands that say nothing about a session which goes on in TLS.
var beforeTLS = wording.Set("AUTH ADAT FEAT HOST OPTS CLNT NOOP SYST QUIT")

// Shows reports whether enough of the session can be read to judge some of it: a line of
// the dialogue and what follows it, but not the way into TLS alone.
func (s *Session) Shows() bool {
	if s.Secret() {
		for _, x := range s.Exchanges {
			if !beforeTLS[x.Command] && len(x.Replies) > 0 && s.Readable(x.Packet) {
				return true
			}
		}
		return false
	}
	n := len(s.Lines)
	return n > 1 && s.Lines[0].Packet != s.Lines[n-1].Packet
}
