// Package conform judges, rule by rule, whether a server or a client follows the RFCs:
// RFC 959, 1123 (4.1), 2228, 2389, 2428, 3659 and 4217.
//
// Each [Rule] names a scenario, and is judged by the capture of its one session: by the
// commands, the reply codes, the data, their order, and which side closed. The text of a
// reply matters only where an RFC prescribes it. A rule with "should" is a recommendation of
// its RFC; so is a rule about a reply code of RFC 959 (RFC 1123, 4.1.2.11).
package conform

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// A Verdict says how far a rule is kept.
type Verdict string

// The verdicts.
const (
	Keeps         Verdict = "keeps"
	Breaks        Verdict = "does not"
	NotApplicable Verdict = "not applicable" // what the rule is about is optional, or did not happen
)

// A Finding is what was seen of a rule.
type Finding struct {
	Verdict Verdict `json:"verdict"`
	Seen    string  `json:"seen"`
	Frame   int     `json:"frame,omitempty"` // the packet that shows it best, 0 for none
}

// A Rule is a requirement of an RFC. The capture of a session shows whether it is kept.
type Rule struct {
	RFC      string `json:"rfc"`
	Section  string `json:"section"`
	Text     string `json:"rule"`
	Scenario string `json:"scenario"` // whose capture shows it; for All, see [Rule.In]

	judge judge
}

// All is the scenario of a rule that is about every session.
const All = "all"

// apart are the scenarios in which commands come in parts, or during a transfer. Other rules
// say there which replies belong to them.
var apart = []string{"abort", "segments", "telnet"}

// In reports whether the rule is judged by the capture of a scenario.
func (r Rule) In(scenario string) bool {
	return r.Scenario == scenario || r.Scenario == All && !slices.Contains(apart, scenario)
}

// A judge says what a session shows.
type judge func(*facts) Finding

// An Ending is how a client that is a program ended, in the words of a finding.
type Ending string

// The endings.
const (
	NoProgram Ending = ""
	Succeeded Ending = "the client says that it has succeeded" // with status 0
	Failed    Ending = "the client says that it has failed"    // with another status
	Crashed   Ending = "a signal ends the client, or it cannot be run"
	NotEnded  Ending = "the client does not end in time"
)

// ErrNoSession is the error of [Judge] for a capture without an FTP session.
var ErrNoSession = errors.New("there is no FTP session in the capture")

// A Run is what is known of a session besides its capture.
type Run struct {
	Ending  Ending
	Failure string            // why the lab's own client ended the session before its last step, or ""
	Files   map[string]string // the server's: the SHA-256 of each in hexadecimal, by its path
}

// Judge judges the rules about a scenario by its capture and what else is known of the run. The findings are in the order of the rules. If the error is
// [ErrNoSession], they say why there is none.
func Judge(c *capture.Capture, run Run, rules []Rule) ([]Finding, error) {
	f, err := newFacts(c)
	if err != nil {
		return nil, err
	}
	f.run = run
	if f.session == nil {
		return Unjudged(rules, f.noSession()), ErrNoSession
	}
	var findings []Finding
	for _, r := range rules {
		found := r.judge(f)
		if extra := f.extraReply(); found.Verdict == Breaks && 0 < extra && extra < found.Frame && r.Scenario != All && !slices.Contains(apart, r.Scenario) {
			found = notApplicable(extra, "after the reply too many in frame %d, the client takes each reply for another: %s", extra, found.Seen)
		}
		findings = append(findings, found)
	}
	return findings, nil
}

// Unjudged returns findings on rules for which there is no session: only that about the greeting
// can be judged.
func Unjudged(rules []Rule, why Finding) (findings []Finding) {
	for _, r := range rules {
		if why.Verdict = NotApplicable; r.Text == GreetingRule {
			why.Verdict = Breaks
		}
		findings = append(findings, why)
	}
	return findings
}

// noSession says why there is no session.
func (f *facts) noSession() Finding {
	if f.run.Ending != NoProgram {
		return notApplicable(0, "the client does not connect to the server; %s", f.run.Ending)
	}
	var last *ftp.Connection
	for _, c := range f.connections {
		if last == nil || c.ID > last.ID {
			last = c
		}
	}
	if last == nil {
		return notApplicable(0, "there is no connection to the server")
	}
	switch client, server := last.ClientFlow, last.ServerFlow; {
	case last.ResetBy == ftp.Server && client.FIN == 0:
		return notApplicable(server.RST, "the server resets the connection in frame %d, without a greeting", server.RST)
	case last.FirstFIN == ftp.Server:
		return notApplicable(server.FIN, "the server closes the connection in frame %d, without a greeting", server.FIN)
	}
	return notApplicable(last.LastPacket, "the server sends no greeting, up to frame %d", last.LastPacket)
}

// extraReply returns the packet of the first reply of a server that answers no command, or
// one that has been answered, and 0 if there is none. A client is not judged by it.
func (f *facts) extraReply() int {
	if f.run.Ending != NoProgram || len(f.session.Exchanges) == 0 {
		return 0
	}
	first := math.MaxInt
	for _, r := range f.session.Unsolicited {
		if r.Code != 421 && r.Packet > f.session.Exchanges[0].Packet && !f.isLate(r) {
			first = min(first, r.Packet)
		}
	}
	for _, e := range f.session.Exchanges {
		finals := slices.DeleteFunc(slices.Clone(f.inTime(e).Replies), func(r *ftp.Reply) bool { return r.Code < 200 })
		if len(finals) > 1 {
			first = min(first, finals[1].Packet)
		}
	}
	if first == math.MaxInt {
		return 0
	}
	return first
}

// facts are what a capture shows of its session.
type facts struct {
	run         Run
	sent        map[string]int // how often the client sent each command, in all sessions
	session     *ftp.Session
	connections map[int]*ftp.Connection
	data        map[flow][]byte // what small data connections carried
	beforeAbort map[flow]int64  // what they had carried before the last ABOR, in bytes
}

// A flow is a data connection by its number, and the side that sends.
type flow struct {
	connection int
	from       ftp.Side
}

// mostData bounds what is kept of a flow, in bytes. It is more than any file that
// the rules compare.
const mostData = 128 << 10

func newFacts(c *capture.Capture) (*facts, error) {
	f := &facts{sent: map[string]int{}, connections: map[int]*ftp.Connection{}, data: map[flow][]byte{}, beforeAbort: map[flow]int64{}}
	abort := 0 // its packet
	for s := range c.Sessions() {
		if f.session == nil {
			f.session = s
		}
		for _, e := range s.Exchanges {
			if f.sent[e.Command]++; e.Command == "ABOR" {
				abort = e.Packet
			}
		}
	}
	for x := range c.Connections() {
		copied := *x
		f.connections[x.ID] = &copied
	}
	for p := range c.Packets() {
		if p.Connection == nil || p.Connection.Role != ftp.Data || p.Segment == nil || p.Segment.Damaged {
			continue
		}
		to := flow{p.Connection.ID, p.From}
		if p.Segment.Seq-1 == int64(len(f.data[to])) && len(f.data[to]) < mostData {
			f.data[to] = append(f.data[to], p.Segment.Payload...)
		}
		if p.Number < abort {
			f.beforeAbort[to] = max(f.beforeAbort[to], p.Segment.Seq-1+int64(len(p.Segment.Payload)))
		}
	}
	return f, c.Err()
}

// inTime returns an exchange without the replies that came after the client had closed the
// control connection. Such a reply, like Pure-FTPd's "230 Logout.", is about the end of the
// session, and does not answer the command. A reply that ends a transfer does: the server may have
// waited until a client that gave up closed the data connection.
func (f *facts) inTime(e *ftp.Exchange) *ftp.Exchange {
	if e.Command == "QUIT" {
		return e
	}
	early := *e
	early.Replies = nil
	for _, r := range e.Replies {
		if !f.isLate(r) || len(e.Data) > 0 && early.Final() == 0 && fits(r.Code, endOfTransfer...) {
			early.Replies = append(early.Replies, r)
		}
	}
	return &early
}

// endOfTransfer are the first digits of the replies that end a transfer (RFC 959, 5.4).
var endOfTransfer = []string{"226", "250", "425", "426", "45", "55"}

// isLate reports whether a reply came after the client had closed the control connection.
func (f *facts) isLate(r *ftp.Reply) bool {
	end := f.connections[f.session.Control.ID].ClientFlow.FIN
	return end != 0 && r.Packet > end
}

// heard returns an exchange as inTime does, and with the lines that came instead of a reply: those
// without a reply code, up to the next command, if nothing else answered it.
func (f *facts) heard(e *ftp.Exchange) *ftp.Exchange {
	if early := f.inTime(e); len(early.Replies) > 0 {
		return early
	}
	all := f.withStrays(e)
	all.Replies = slices.DeleteFunc(all.Replies, func(r *ftp.Reply) bool { return r.Code != 0 })
	return all
}

// withStrays returns an exchange with the replies that answer no command too, from the first
// segment of its command to the next command.
func (f *facts) withStrays(e *ftp.Exchange) *ftp.Exchange {
	next := math.MaxInt
	if i := 1 + slices.IndexFunc(f.session.Exchanges, func(x *ftp.Exchange) bool { return x.Line == e.Line }); i < len(f.session.Exchanges) {
		next = f.session.Exchanges[i].Packet
	}
	all := *e
	all.Replies = slices.Clone(e.Replies)
	for _, r := range f.session.Unsolicited {
		if e.FirstPacket < r.Packet && r.Packet < next {
			all.Replies = append(all.Replies, r)
		}
	}
	slices.SortStableFunc(all.Replies, func(a, b *ftp.Reply) int { return cmp.Compare(a.Packet, b.Packet) })
	return f.inTime(&all)
}

// find returns the first exchange of a command, or nil. The argument "" matches any.
func (f *facts) find(command, argument string) *ftp.Exchange {
	for _, e := range f.session.Exchanges {
		if e.Command == command && (argument == "" || e.Argument == argument) {
			return f.heard(e)
		}
	}
	return nil
}

// all returns the exchanges of a command.
func (f *facts) all(command string) (list []*ftp.Exchange) {
	for _, e := range f.session.Exchanges {
		if e.Command == command {
			list = append(list, f.heard(e))
		}
	}
	return list
}

// completed is transfer for an exchange that the server says is complete.
func (f *facts) completed(e *ftp.Exchange) *ftp.Connection {
	if e == nil || !fits(e.Final(), "2") {
		return nil
	}
	return f.transfer(e)
}

// transfer returns the data connection of an exchange, or nil.
func (f *facts) transfer(e *ftp.Exchange) *ftp.Connection {
	if e == nil || len(e.Data) == 0 {
		return nil
	}
	return f.connections[e.Data[0]]
}
