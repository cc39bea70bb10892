package ftpserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
)

// A ruleRun is a rule that a session follows for one command.
//
// The library supplies what only it has: the text of a listing, the content of a
// file after REST, the port on which it listens. It then gets the command, and the
// client does not see its replies where the rule has its own. For a transfer the
// library gets a pipe instead of the data connection, and the rule moves the data
// between the two.
type ruleRun struct {
	session *session
	rest    []scenario.Action // still to be done
	values  map[string]string // of placeholders
	data    *dataConn         // nil while it is not open
	broken  bool              // the data connection could not be opened, or has failed
	own     network.Listener  // at a port that the rule names; nil is none

	keep bool          // the data connection is left open
	at   network.Host  // where it listens
	over chan struct{} // closed when the rule has been followed

	part    libraryPart   // of the library
	handed  bool          // the library has been given its part
	refused bool          // by the library, and so the rule is not followed
	pipe    net.Conn      // this end of it; nil until the library has the other one
	opened  chan struct{} // closed when the library has the pipe, or has refused
	ended   chan struct{} // closed when the library has said its last reply

	aside     bool               // it may come during a transfer, and has no data connection of its own
	transfers bool               // it is about a command that uses a data connection
	life      context.Context    // ends when the rule must
	abort     context.CancelFunc // ends life, and closes the data connection
	closed    func() bool        // keeps the end of life from closing the data connection; nil while it is not open
	concluded atomic.Bool        // a final reply has been sent
}

// A libraryPart is what the library does in a rule.
type libraryPart int

const (
	repliesAsUsual libraryPart = iota // or nothing
	greetsInVain                      // its greeting is hidden
	listens                           // its reply to EPSV is hidden
	logsIn                            // its replies to USER and PASS are hidden
	movesData                         // through a pipe; its replies are hidden
)

// follow begins to follow a rule for a command. It returns the command that the
// library executes, or nil if it executes none.
func (s *session) follow(rule *scenario.Rule, line []byte, command, argument string) []byte {
	r := &ruleRun{session: s, rest: rule.Actions, values: map[string]string{"argument": argument},
		opened: make(chan struct{}), ended: make(chan struct{}), over: make(chan struct{})}
	for _, a := range rule.Actions {
		moves := a.Verb == scenario.SendData && a.Size != 0 || a.Verb == scenario.TakeData
		if moves && transferCommands[command] {
			r.part = movesData
		}
	}
	r.aside = rule.AtOnce()
	r.begin(command)
	s.setRun(r)
	if r.part == movesData {
		go r.transfer()
		return s.exchange(line)
	}
	handed := r.perform()
	r.hand(handed != "")
	switch handed {
	case scenario.AsUsual:
		library := s.exchange(line)
		if library == nil { // the session has answered by itself
			r.resume()
		}
		return library
	case scenario.ListenData:
		r.part = listens
		s.setDataPort(nil)
		return []byte("EPSV\r\n")
	case scenario.LogIn:
		r.part = logsIn
		s.letIn.Store(true)
		return []byte("USER lab\r\nPASS lab\r\n")
	}
	r.end()
	return nil
}

// greet follows the rule about a client that connects, up to the greeting.
func (s *session) greet() {
	rule := s.server.rules.find(scenario.Connect, "")
	if rule == nil {
		return
	}
	r := &ruleRun{session: s, rest: rule.Actions, handed: true, over: make(chan struct{})}
	r.begin(scenario.Connect)
	s.setRun(r)
	for i, a := range rule.Actions {
		if a.Verb == scenario.AsUsual {
			r.rest = rule.Actions[:i]
			r.perform()
			r.rest = rule.Actions[i+1:]
			return
		}
	}
	r.part = greetsInVain
}

// transfer follows a rule for a transfer, when the library is ready for it.
func (r *ruleRun) transfer() {
	<-r.opened
	if !r.refused {
		r.perform()
		r.pipe.Close()
		<-r.ended
	}
	r.end()
}

// end ends the run. What it left open of a data connection is closed.
func (r *ruleRun) end() {
	if r.own != nil {
		r.own.Close()
	}
	if r.data != nil && !r.keep {
		r.data.Close()
	}
	r.session.setRun(nil)
	if r.pipe != nil {
		r.session.dropData() // which the library has done, see keeps
	}
	if r.closed != nil {
		r.closed() // it is closed already, or kept
	}
	r.abort()
	close(r.over)
}

func (s *session) setRun(r *ruleRun) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.run = r
}

// hand notes whether the library has been given its part of the rule. Until then
// its replies are those to an earlier command, whose transfer goes on.
func (r *ruleRun) hand(handed bool) {
	r.session.mu.Lock()
	defer r.session.mu.Unlock()
	r.handed = handed
}

func (r *ruleRun) hasHanded() bool {
	r.session.mu.Lock()
	defer r.session.mu.Unlock()
	return r.handed
}

func (s *session) running() *ruleRun {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.run
}

// awaitRun waits until no rule is followed any more.
func (s *session) awaitRun() {
	if r := s.running(); r != nil {
		<-r.over
	}
}

// staged returns the pipe that the library gets instead of a data connection
// while a rule moves the data. Otherwise it returns nil.
func (s *session) staged() net.Conn {
	r := s.running()
	if r == nil || r.part != movesData || r.pipe != nil {
		return nil
	}
	library, own := net.Pipe()
	r.pipe = own
	close(r.opened)
	return pipeEnd{library, s.control.RemoteAddr()}
}

// A pipeEnd is the library's end of a pipe. It looks as if the client were at
// the other end, which the library checks.
type pipeEnd struct {
	net.Conn
	remote net.Addr
}

func (p pipeEnd) RemoteAddr() net.Addr { return p.remote }

// hides reports whether a reply of the library's, of which this is the first
// line, is kept from the client. After the end of the session, all are.
func (s *session) hides(code int, first string) bool {
	r := s.running()
	switch {
	case r == nil || s.over.Load():
		return s.over.Load()
	case r.part == listens && code == 229:
		r.setPort(between(first, "(|||", "|)"))
		return true
	case r.part == listens:
		r.rest = nil // there is no data port, and so the rule has no sense
		return false
	case r.part == movesData && r.pipe == nil && code >= 400 && !r.refused:
		r.refused = true
		close(r.opened)
		return false
	}
	return r.part != repliesAsUsual
}

// listensAt returns the host under the address at which the session listens for a data
// connection.
func (s *session) listensAt() network.Host {
	if r := s.running(); r != nil && r.at != nil {
		return r.at
	}
	return s.server.host
}

// setPort sets what stands for the data port.
func (r *ruleRun) setPort(port string) {
	var number int
	fmt.Sscan(port, &number)
	r.values["port"] = port
	r.values["p1"], r.values["p2"] = fmt.Sprint(number>>8), fmt.Sprint(number&0xff)
	var host []byte
	for i, b := range r.session.listensAt().Addr().AsSlice() {
		if i > 0 {
			host = append(host, ',')
		}
		host = fmt.Appendf(host, "%d", b)
	}
	r.values["hostport"] = fmt.Sprintf("%s,%d,%d", host, number>>8, number&0xff)
}

// said is called after each complete reply of the library. It returns the run
// that goes on when the reply has been sent, or nil.
func (s *session) said(code int) *ruleRun {
	r := s.running()
	if r == nil || r.part != movesData && !r.hasHanded() || code < 200 || r.part == logsIn && code == 331 {
		return nil
	}
	if r.part == movesData {
		if !r.refused {
			close(r.ended)
		}
		return nil
	}
	return r
}

// resume follows the rest of a rule after the library has done its part.
func (r *ruleRun) resume() {
	r.perform()
	r.end()
}

// perform does the actions that are left, up to one that the library takes part
// in. It returns the name of that action, or "" at the end.
func (r *ruleRun) perform() (handed string) {
	for len(r.rest) > 0 {
		a := r.rest[0]
		r.rest = r.rest[1:]
		switch a.Verb {
		case scenario.AsUsual, scenario.ListenData, scenario.LogIn:
			if a.Port == 0 { // the library has no part in a port that no reply announces
				r.at = r.session.server.config.Addresses[a.Host]
				return a.Verb
			}
		}
		for range a.Repeat {
			if err := r.do(a); err != nil {
				r.rest = nil
				return ""
			}
		}
	}
	return ""
}

// do does one action. An error means that the rest of the rule cannot be done,
// because the client has gone, or has ended the transfer.
func (r *ruleRun) do(a scenario.Action) error {
	control := r.session.control
	switch a.Verb {
	case scenario.SendReply, scenario.WriteBytes:
		text := a.Expand(r.values)
		if a.Verb == scenario.SendReply && text[0] >= '2' {
			r.concluded.Store(true)
		}
		_, err := control.out.Write(text)
		return err
	case scenario.WritePlain:
		_, err := control.conn.Write(a.Expand(r.values))
		return err
	case scenario.Pause:
		return network.Sleep(r.life, r.session.server.host.Clock(), a.Pause)
	case scenario.Close:
		return control.Conn.Close()
	case scenario.Reset:
		return network.Reset(control.conn)
	case scenario.BeginTLS:
		if r.session.protection.control == nil {
			control.enterTLS(a.Pipelined)
		}
		return control.failed
	case scenario.ListenData:
		return r.reachable(r.listenAt(a.Port))
	case scenario.FallSilent:
		r.session.silent.Store(true)
		r.keep = true
		if r.data != nil {
			r.session.keepOpen(r.data)
		}
		return nil
	case scenario.SayNothing, scenario.AtOnce:
		return nil
	}
	if r.aside {
		return r.session.endTransfer(a)
	}
	if !r.broken {
		r.broken = r.openData() != nil || r.doData(a) != nil
	}
	return r.life.Err()
}

// reachable tells the client why there is no data connection, if err is not nil.
func (r *ruleRun) reachable(err error) error {
	if err == nil {
		return nil
	}
	reply := Reply{425, fmt.Sprintf("No data connection: %v", err)}
	_, failed := r.session.control.out.Write(reply.Bytes())
	return errors.Join(err, failed)
}

// openData opens the data connection, if it has not been opened yet.
func (r *ruleRun) openData() error {
	if r.data != nil {
		return nil
	}
	conn, err := r.connect()
	r.data = conn
	if err == nil {
		r.closed = context.AfterFunc(r.life, func() { conn.Close() })
	}
	return err
}

// connect returns the connection to the port that the rule named, or else that which the
// client and the server have agreed on.
func (r *ruleRun) connect() (*dataConn, error) {
	if r.own != nil {
		return r.acceptOwn()
	}
	r.session.mu.Lock()
	listener := r.session.data
	r.session.mu.Unlock()
	if listener == nil {
		return nil, errors.New("there was no PASV, EPSV, PORT or EPRT")
	}
	return listener.connect()
}

// doData does one action on the data connection, which is open.
func (r *ruleRun) doData(a scenario.Action) (err error) {
	switch a.Verb {
	case scenario.SendData:
		if r.data.secured != nil { // also of nothing: an end without TLS would be a truncation
			err = r.data.secured.Handshake()
		}
		switch {
		case err != nil:
		case a.Bytes != "":
			_, err = r.data.Write(a.Expand(r.values))
		case r.pipe != nil && a.Pause > 0:
			for err == nil {
				if _, err = io.CopyN(r.data, r.pipe, a.Size); err == nil {
					err = network.Sleep(r.life, r.session.server.host.Clock(), a.Pause)
				}
			}
		case r.pipe != nil && a.Size >= 0:
			_, err = io.CopyN(r.data, r.pipe, a.Size)
		case r.pipe != nil:
			_, err = io.Copy(r.data, r.pipe)
		}
	case scenario.TakeData:
		err = r.receive(a.Size)
	case scenario.FinishData:
		if err = r.data.tcp.CloseWrite(); err == nil {
			_, err = io.Copy(io.Discard, r.data.Conn)
		}
	case scenario.CloseData:
		err = r.data.close()
	case scenario.ResetData:
		err = r.data.reset()
	case scenario.CutData:
		err = r.data.cut()
	case scenario.KeepData:
		r.keep = true
		r.session.keepOpen(r.data)
	}
	if errors.Is(err, io.EOF) { // there was less than the rule says
		err = nil
	}
	return err
}

// keepOpen has a data connection closed at the end of the session.
func (s *session) keepOpen(d *dataConn) { context.AfterFunc(s.life, func() { d.Close() }) }

// receive takes size bytes of an upload. With -1 it takes the rest, and waits
// until the library has stored the file.
func (r *ruleRun) receive(size int64) (err error) {
	var to io.Writer = io.Discard
	if r.pipe != nil {
		to = r.pipe
	}
	if size >= 0 {
		_, err = io.CopyN(to, r.data.Conn, size)
		return err
	}
	if _, err = io.Copy(to, r.data.Conn); err == nil && r.pipe != nil {
		r.pipe.Close()
		<-r.ended
	}
	return err
}

// keeps reports whether the data port is still needed, for a rule that moves the
// data; it is closed when the rule has been followed.
func (s *session) keeps() bool {
	r := s.running()
	return r != nil && r.pipe != nil
}
