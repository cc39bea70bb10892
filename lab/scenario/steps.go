package scenario

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A Step is one line of the script: one thing that a client does. The verb determines
// which arguments are set; the others are zero.
type Step struct {
	Line       int
	Text       string // as written
	Session    string // the session that takes the step
	Host       string // the host of that session's client
	Verb       string // one of [Verbs]
	Refused    bool   // "!": the server must refuse
	Break      string // "expect": how the step must fail, one of [Breaks]; "" if it must not fail
	Code       int    // "expect" or await: the code of the final reply; 0 is any
	Background bool   // "&": the next step does not wait for its end

	Name           string        // the name of the server, to look up; "" uses its address
	Mechanism      string        // of AUTH; "" is TLS
	User, Password string        //
	NoWait         bool          // do not wait for the reply
	Pause          time.Duration //
	Of             string        // the session to wait for; "" is all
	Extended       bool          // EPRT for PORT, EPSV for PASV (RFC 2428)
	Port           uint16        // of the next active data connection; 0 is any
	Protect        bool          // PROT P instead of C
	ASCII          bool          // TYPE A instead of I
	Path           string        // on the server
	To             string        // a path on the server, after a rename
	Local          string        // a path at the client
	Size           int64         // an offset, or how much to transfer, bytes
	Command        string        // the line to send
	Bytes          string        // the bytes to send
	Data           bool          // on the data connection, not the control connection
	Telnet         bool          // send ABOR with Telnet signals (RFC 959, 4.1.3)
	Pipelined      bool          // replies that came in clear before TLS count in TLS
	Peer           string        // where to connect to; "" is the address that the server sent
	Program        []string      // to run, and its arguments
	Brings         []string      // the files that the program downloads, as paths on the server
}

// Transfers reports whether the step uses a data connection.
func (s Step) Transfers() bool {
	v, _ := verbOf(s.Verb)
	return v.is(transfer)
}

// FirstSession is the default name of the session with which a scenario begins.
const FirstSession = "first"

// step parses one line of the script.
func (p *parser) step(line string, words []string) {
	if p.twin && !p.inTwin {
		return
	}
	s := Step{Line: p.line, Text: line, Session: p.session}
	prefix, line := cutPrefix(line)
	if len(words) == 0 {
		p.fail("a step was expected after the %s", prefix)
	}
	if second, _ := cutPrefix(line); second != "" {
		p.fail("%s %s: a step has ! or expect, not both, and once; `! STEP` says that the server refuses, `expect 550: STEP` with which code", prefix, strings.TrimSuffix(second, ":"))
	}
	p.setPrefix(&s, prefix)
	s.Verb, words = words[0], words[1:]
	v, ok := verbOf(s.Verb)
	if !ok {
		if p.inTwin {
			p.fail("unknown step %q; %s", s.Verb, suggestStep(s.Verb, nil))
		}
		p.fail("unknown setting or step %q; %s", s.Verb, suggestStep(s.Verb, settings))
	}
	if n := len(words); n > 0 && words[n-1] == "&" && !p.quotedWords[n] {
		s.Background, words, line = true, words[:n-1], strings.TrimSuffix(strings.TrimSpace(line), "&")
		if v.is(instant) {
			p.fail("%s: & has no effect on this step; leave it out, as & is for steps that take time, such as get, ls, noop and run", s.Verb)
		}
	}
	if v.is(verbatim) && len(words) > 0 {
		words = lastVerbatim(v, line)
	}
	if !v.is(program) {
		p.refuseEmpty(v, words)
	}
	if s.Verb == "session" {
		p.startSession(v, words)
		return
	}
	if v.is(program) {
		p.setProgramArgs(v, &s, words)
	} else {
		p.setArgs(v, &s, words)
	}
	if _, begun := p.sessions[s.Session]; !begun {
		p.sessions[s.Session] = "client"
	}
	s.Host = p.sessions[s.Session]
	p.s.Steps = append(p.s.Steps, s)
}

// lastVerbatim returns the arguments of a verb whose last argument is the rest of the
// line.
func lastVerbatim(v verb, line string) (words []string) {
	rest := strings.TrimSpace(strings.TrimPrefix(line, v.name))
	for range v.args[1:] {
		word, after, _ := strings.Cut(rest, " ")
		words, rest = append(words, word), strings.TrimSpace(after)
	}
	if rest != "" {
		words = append(words, rest)
	}
	return words
}

// The ways in which a step can break.
const (
	Timeout     = "timeout"
	ResetBreak  = "reset"
	Refusal     = "refused"
	Unreachable = "unreachable"
	Closed      = "closed"
	Unreadable  = "unreadable"
	Short       = "short"
	Distrust    = "certificate" // the client refuses the server's certificate
	Alert       = "alert"       // the server ends TLS with an alert
)

// breaks are all ways in which a step can break, in the order of the manual.
var breaks = []usage{
	{Timeout, "nothing arrives until the deadline"},
	{ResetBreak, "the server resets a connection"},
	{Refusal, "the server does not accept a connection"},
	{Unreachable, "the network reports that it has no path to the server"},
	{Closed, "the server closes the connection without a reply"},
	{Unreadable, "a reply is malformed, has no usable address, or is not in TLS where it should be"},
	{Short, "the data is less or more than the file or has other bytes, no 125 or 150 announces it, or in TLS it ends without close_notify"},
	{Distrust, "the client refuses the server's certificate, such as one that has expired"},
	{Alert, "the server ends TLS with an alert, such as handshake_failure"},
}

// Breaks returns the names of all ways in which a step can break.
func Breaks() []string {
	var names []string
	for _, b := range breaks {
		names = append(names, b.form)
	}
	return names
}

// breakManual returns the manual's list of the ways in which a step can break.
func breakManual() string {
	var b strings.Builder
	writeOptions(&b, breaks)
	return b.String()
}

// cutPrefix splits the ! or the "expect WHAT:" from a step.
func cutPrefix(line string) (prefix, step string) {
	if step, ok := strings.CutPrefix(line, "!"); ok {
		return "!", strings.TrimSpace(step)
	}
	if head, step, ok := strings.Cut(line, ":"); ok && (head == "expect" || strings.HasPrefix(head, "expect ")) {
		return head + ":", strings.TrimSpace(step)
	}
	return "", line
}

// setPrefix parses the prefix of a step.
func (p *parser) setPrefix(s *Step, prefix string) {
	what, expects := strings.CutPrefix(prefix, "expect")
	what = strings.TrimSpace(strings.TrimSuffix(what, ":"))
	switch {
	case prefix == "!":
		s.Refused = true
	case !expects:
	case slices.Contains(Breaks(), what):
		s.Break = what
	case len(what) == 3 && strings.Trim(what, "0123456789") == "":
		s.Code = p.number("reply code", what, 100, 599)
	default:
		hint := cmp.Or(DidYouMean(what, Breaks()), ": "+strings.Join(Breaks(), ", "))
		p.fail("expect %s: a reply code was expected, or how the step breaks%s", what, hint)
	}
}

// startSession makes the following steps those of another session.
func (p *parser) startSession(v verb, words []string) {
	if len(words) < 1 || len(words) > 2 {
		p.fail("%s was expected, and there %s", v.usage(), thereAre(len(words), "argument"))
	}
	p.session = words[0]
	host, known := p.sessions[p.session]
	switch {
	case len(words) == 2 && known && host != words[1]:
		p.fail("session %s is on host %s already", p.session, host)
	case len(words) == 2:
		p.sessions[p.session] = words[1]
	case !known:
		p.sessions[p.session] = "client"
	}
	p.begun = append(p.begun, begun{p.session, p.sessions[p.session], p.line})
}

// checkSessions refuses sessions on hosts that are not there. Some are there although no line says so.
func (p *parser) checkSessions() {
	tryEach(p, p.begun, func(_ int, b begun) {
		p.line = b.line
		h, ok := p.s.Host(b.host)
		if !ok {
			p.fail("session %s: %s", b.session, p.noHost(b.host))
		}
		client, _ := p.s.Host("client")
		if h.Name != client.Name && h.Addr == client.Addr {
			p.fail("session %s: %s has the address of client, %s, so no capture would tell them apart; %s", b.session, h.Name, h.Addr, p.apart(h))
		}
	})
}

// apart says how to give a host on loopback an address of its own.
func (p *parser) apart(h Host) string {
	if h.Addr.Is6() {
		return "IPv6 has no second loopback address; use network wire"
	}
	return "write `host " + h.Name + " 127.0.0.2`, or use network wire"
}

// checkSteps checks what the steps need from the rest of the file.
func (p *parser) checkSteps() {
	sessions, background, sent, brings := map[string]connected{}, map[string]bool{}, map[string]byHand{}, map[string]map[string]int{}
	for i, s := range p.s.Steps {
		p.line = s.Line
		p.try(func() { p.checkStep(s, sessions) })
		p.try(func() { p.checkRest(s, p.s.Steps[i+1:]) })
		p.try(func() { p.checkBackground(s, background) })
		p.try(func() { p.checkByHand(s, sent) })
		p.try(func() { p.checkBrings(s, brings) })
	}
}

// A connected is what the steps so far say about the control connection of a session.
type connected string

const (
	isClosed  connected = ""
	isOpen    connected = "open"
	isUnread  connected = "unread"       // closed, because its greeting was unreadable
	mayBeOpen connected = "perhaps open" // a step has broken, or the server has said 421
)

// after returns what is known about the control connection after a step.
func (c connected) after(s Step) connected {
	switch s.Verb {
	case "open":
		if s.Break == Unreadable {
			return isUnread
		}
		if s.Break != "" || s.Refused {
			return isClosed
		}
		return isOpen
	case "quit", "hangup":
		return isClosed
	case "close", "reset":
		if !s.Data {
			return isClosed
		}
	}
	if c == isOpen && (s.Break != "" || s.Code == 421 || s.Verb == "finish" && !s.Data) {
		return mayBeOpen
	}
	return c
}

// checkStep checks one step; sessions are their states before it.
func (p *parser) checkStep(s Step, sessions map[string]connected) {
	v, _ := verbOf(s.Verb)
	before := sessions[s.Session]
	sessions[s.Session] = before.after(s)
	switch {
	case s.Verb == "open" && before == isOpen:
		p.fail("open: the session is open already; quit, hangup, close or reset ends it, and `session NAME` begins another one beside it")
	case v.is(program):
		p.checkRun(s)
	case (v.is(scripted) || s.Verb == "open" && s.NoWait) && p.s.Client.Kind == Jlaffaye:
		p.fail("%s: client jlaffaye cannot do that, because github.com/jlaffaye/ftp has no function for it; client scripted can", s.Verb)
	case s.Break != "" && s.Background:
		p.fail("expect: a step that should break cannot run in the background; leave out the &")
	case (s.Refused || s.Code != 0) && v.is(noReply):
		p.fail("%s does not wait for a reply, so it cannot expect one; use the step await after it", s.Verb)
	case s.Break != "" && p.s.Client.Kind == Jlaffaye:
		p.fail("expect %s: client jlaffaye cannot continue after that; client scripted can", s.Break)
	case s.Verb == "tls" && p.s.Server.TLS.Mode == "":
		p.fail("tls: the client has no TLS; the setting `server tls=explicit` gives it to the server and the client")
	case s.Verb == "open":
		p.checkOpen(s)
	case s.Peer != "":
		p.checkPeer(s)
	case s.Of != "" && !slices.ContainsFunc(p.s.Steps, func(other Step) bool { return other.Session == s.Of }):
		p.fail("wait %s: there is no session of this name", s.Of)
	case before == isUnread && !v.is(early):
		p.fail("%s: the session is not open, as its open was expected to break; open nowait, and then expect %s: await, leaves it open", s.Verb, Unreadable)
	case before == isClosed && !v.is(early):
		p.fail("%s: the session is not open; a step open comes first", s.Verb)
	case s.Local != "":
		if f, ok := p.s.LocalFile(s.Local); !ok || f.Folder() {
			p.fail("%s: the client has no file %q; %s", s.Verb, s.Local, p.suggestLocal(s.Local))
		}
	}
}

// checkRest refuses an offset that no later step would send. REST must be followed by the
// command of a transfer (RFC 3659, 5.3), and an offset of 0 needs none.
func (p *parser) checkRest(s Step, later []Step) {
	if s.Verb != "rest" {
		return
	}
	if s.Size == 0 {
		p.fail("rest 0: a transfer begins there without REST; `quote REST 0` sends it")
	}
	for _, next := range later {
		if next.Session != s.Session {
			continue
		}
		if v, _ := verbOf(next.Verb); v.is(transfer) && !v.is(early) {
			return
		}
		if next.Verb == "rest" || next.Verb == "open" {
			break
		}
	}
	p.fail("rest: the session has no transfer after it, such as get or put, to begin there, so REST would never be sent; `quote REST %d` sends it at once", s.Size)
}

// checkBackground checks steps with &. background has the sessions in which such a step
// may still run.
func (p *parser) checkBackground(s Step, background map[string]bool) {
	if s.Verb == "wait" {
		delete(background, s.Of)
		if s.Of == "" {
			clear(background)
		}
		return
	}
	if v, _ := verbOf(s.Verb); v.is(program) {
		return // a program has its own connections
	}
	if background[s.Session] && p.s.Client.Kind == Jlaffaye {
		p.fail("%s: client jlaffaye cannot send anything while a step with & runs in its session; put a step wait before it, or use client scripted", s.Verb)
	}
	if background[s.Session] && s.Verb == "await" {
		p.fail("await: a step with & runs in this session, and either of the two could take the reply; put a step wait before it, send the command by a step that takes its own reply, such as noop, or take the transfer by hand, with dial, send and read")
	}
	background[s.Session] = background[s.Session] || s.Background
}

func (p *parser) checkPeer(s Step) {
	if _, ok := p.s.Host(s.Peer); !ok {
		p.fail("dial: %s", p.noHost(s.Peer))
	}
	p.checkCrosses(s, s.Peer)
}

// checkCrosses refuses a connection of a host to itself: none of its packets would be on the wire.
func (p *parser) checkCrosses(s Step, to string) {
	if plan := &p.s.Network; plan.Kind == Wire && plan.machine(s.Host) == plan.machine(to) {
		p.fail("%s: session %s is on host %s, which it connects to, so no packet would cross the network; put the session on another host", s.Verb, s.Session, s.Host)
	}
}

func (p *parser) checkOpen(s Step) {
	p.checkCrosses(s, p.s.serverOf(s))
	if s.Name == "" {
		return
	}
	known := slices.ContainsFunc(p.s.Names, func(n Name) bool { return n.Name == s.Name }) ||
		slices.ContainsFunc(p.s.Server.Replicas, func(r Replica) bool { return r.Host == s.Name }) ||
		p.s.Network.of(s.Name) == "server"
	if !known {
		p.fail("open %s: no setting `name %s ADDRESS` gives its address, and no setting replica has a server there", s.Name, s.Name)
	}
}

// volume returns about how many bytes the steps transfer.
func (p *parser) volume() int64 {
	var total int64
	for _, s := range p.s.Steps {
		var f File
		switch s.Verb {
		case "get", "resume", "abort":
			name := strings.TrimPrefix(s.Path, "/")
			for _, candidate := range p.s.Files {
				if candidate.Path == name || strings.HasSuffix(candidate.Path, "/"+name) {
					f = candidate
				}
			}
		case "put", "append", "upload", "feed":
			f, _ = p.s.LocalFile(s.Local)
		case "run":
			total += p.everything()
		}
		total += f.Size + int64(len(f.Content))
	}
	return total
}

// Mode returns one word for how the data connections are opened: active, passive, both,
// control if there are none, or program if only programs decide.
func (s *Scenario) Mode() string {
	mode, used := map[string]string{}, map[string]bool{}
	for _, step := range s.Steps {
		switch {
		case step.Verb == "active" || step.Verb == "passive":
			mode[step.Session] = step.Verb
		case step.Transfers():
			used[cmp.Or(mode[step.Session], "passive")] = true
		}
	}
	switch {
	case used["active"] && used["passive"]:
		return "both"
	case used["active"]:
		return "active"
	case used["passive"]:
		return "passive"
	case slices.ContainsFunc(s.Steps, func(step Step) bool { return len(step.Program) > 0 }):
		return "program"
	}
	return "control"
}
