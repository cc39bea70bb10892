// Rules about the dialogue: the order of commands and replies, and which reply fits.

package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
)

var serverGreetsFirstRule = Rule{
	Name: "server-greets-first", Theme: "dialogue",
	Says:     "The server speaks first: it sends 220 before any command, perhaps after 120, or refuses the client.",
	Source:   "RFC 959, 5.4",
	Example:  "> USER ada in front of < 220",
	Severity: Violation,
	Matters:  "A client waits for the greeting. A program that sends its commands without waiting is not a normal client.",
	Innocent: "a person typed ahead, or piped a script into netcat.",
	look:     eachSession(greetsFirst),
}

func greetsFirst(_ *Evidence, s *session) []breach {
	for _, look := range []func(*session) (breach, bool){strangeGreeting, noText} {
		if b, ok := look(s); ok {
			return []breach{b}
		}
	}
	if !s.Whole || len(s.Lines) == 0 || s.Lines[0].From != ftp.Client || len(s.Exchanges) == 0 {
		return nil
	}
	command := s.Exchanges[0]
	reply := s.firstReply()
	if reply == nil || s.Control.ServerFlow.SYN == 0 { // the recorder may have lost the greeting
		return nil
	}
	if command.Unasked() { // of a client of implicit FTPS, which speaks first
		return nil
	}
	// The server's acknowledgment shows what it had received when it greeted. If it had
	// not received the command, the two only crossed.
	if known, ok := s.known(reply); !ok || known <= command.Line.Seq {
		return nil
	}
	// The client's acknowledgment shows the same of the greeting: the recorder stored it late.
	if s.Lines[0].Ack > 1 {
		return nil
	}
	b := breach{
		packets:  []int{command.Packet, reply.FirstPacket},
		observed: fmt.Sprintf("%s in frame %d; the server's first line, %s, came after it, in frame %d", wording.Quote(command.Line.Text), command.Packet, wording.Quote(reply.Lines[0].Text), reply.FirstPacket),
	}
	if last := s.Exchanges[len(s.Exchanges)-1]; last.Packet == command.Packet && last.Command == "QUIT" && s.LoggedIn > 0 {
		b.severity, b.sign = Odd, 2
		b.observed += "; it is a whole session at once, as somebody pipes it into netcat"
	}
	return []breach{b}
}

// strangeGreeting finds a first reply that says yes to something, before the client has said anything, and does not
// greet.
func strangeGreeting(s *session) (b breach, ok bool) {
	if !s.Whole || s.Control.ServerFlow.SYN == 0 || len(s.Lines) == 0 || s.Lines[0].From != ftp.Server || s.Lines[0].Seq != 1 || len(s.Unsolicited) == 0 {
		return b, false
	}
	r := s.Unsolicited[0]
	if r.FirstPacket != s.Lines[0].FirstPacket || r.Code < 100 || r.Code >= 400 || r.Code == 120 || r.Code == 220 {
		return b, false
	}
	return breach{packets: []int{r.FirstPacket}, observed: fmt.Sprintf("the server's first reply is %s, which is no greeting", wording.Quote(r.Lines[0].Text))}, true
}

// noText finds a server whose first bytes are no text, so that it is no server for FTP.
func noText(s *session) (b breach, ok bool) {
	i := slices.IndexFunc(s.Lines, func(l *ftp.Line) bool { return l.From == ftp.Server })
	if !s.Whole || s.Secret() || i < 0 || s.Lines[i].Seq != 1 {
		return b, false
	}
	l := s.Lines[i]
	return breach{packets: []int{l.FirstPacket}, observed: "the server begins with bytes that are no text: " + wording.Quote(l.Text)},
		strings.ContainsFunc(l.Text, func(r rune) bool { return r < '\t' }) && !digits.MatchString(l.Text[:min(3, len(l.Text))])
}

// firstReply is the first reply of the session, nil if there is none.
func (s *session) firstReply() *ftp.Reply {
	var first *ftp.Reply
	earliest := func(r *ftp.Reply) {
		if first == nil || r.FirstPacket < first.FirstPacket {
			first = r
		}
	}
	for _, r := range s.Unsolicited {
		earliest(r)
	}
	for _, x := range s.Exchanges {
		for _, r := range x.Replies {
			earliest(r)
		}
	}
	return first
}

var oneCommandAtATimeRule = Rule{
	Name: "one-command-at-a-time", Theme: "dialogue",
	Says:     "A client waits for the reply before it sends the next command. ABOR, STAT and QUIT need not wait.",
	Source:   "RFC 959, 5.4",
	Example:  "> TYPE I > PWD > SYST > FEAT, and only then < 200",
	Severity: Odd,
	Matters:  "A server need not queue commands. Scripts and floods send them anyway.",
	Innocent: "the client saves round trips, as lftp does.",
	look:     eachSession(oneAtATime),
}

func oneAtATime(_ *Evidence, s *session) []breach {
	if !s.Whole {
		return nil
	}
	var packets []int
	for i := 1; i < len(s.Exchanges); i++ {
		if s.early(i) {
			packets = append(packets, s.Exchanges[i].Packet)
		}
	}
	if len(packets) == 0 {
		return nil
	}
	b := breach{
		packets:  packets,
		observed: wording.Plural(len(packets), "command was", "commands were") + " sent before the one before had been answered",
	}
	if len(packets) < 3 {
		b.severity = Note
	}
	return []breach{b}
}

// early reports whether command i was sent before the client had received the answer to the previous one.
func (s *session) early(i int) bool {
	x, before := s.Exchanges[i], s.Exchanges[i-1]
	switch x.Command {
	case "ABOR", "STAT", "QUIT", "":
		return false
	}
	code, at := evidence.Answer(before)
	if code < 200 {
		return len(before.Replies)+len(x.Replies) > 0
	}
	lines := before.Replies[len(before.Replies)-1].Lines
	return at > x.FirstPacket && x.Line.Ack < lines[len(lines)-1].End // else packets were reordered
}

var replyAnswersCommandRule = Rule{
	Name: "reply-answers-command", Theme: "dialogue",
	Says:     "Every reply answers an earlier command. Only the greeting, 421 and 221 may come without one.",
	Source:   "RFC 959, 4.2 and 5.4",
	Example:  "< 227 (192,0,2,21,100,0) in front of > PASV",
	Severity: Violation, sign: 1,
	Matters:  "A reply before its command shows that the session is forged, injected or replayed.",
	Innocent: "the recorder lost the command, or stored packets in the wrong order.",
	look:     eachSession(answersCommand),
}

func answersCommand(_ *Evidence, s *session) []breach {
	var found []breach
	for _, x := range s.Exchanges {
		if s.Whole && len(x.Replies) > 0 && s.spokeBefore(x.Replies[0], x) {
			r := x.Replies[0]
			found = append(found, breach{
				packets:  []int{r.FirstPacket, x.Packet},
				observed: fmt.Sprintf("the reply %s began in frame %d, before its command %s in frame %d", wording.Quote(r.Lines[0].Text), r.FirstPacket, wording.Quote(x.Line.Text), x.Packet),
			})
		}
	}
	previous, contradicted := 0, 0
	begun := false
	for _, r := range s.replies() {
		greeting := !begun || previous == 120 // "ready in n minutes"
		if surplus := r.unsolicited && (s.Whole || s.IsSurplus(r.Reply)); surplus {
			if !greeting {
				found = append(found, s.unasked(r.Reply, previous)...)
			}
			if contradicts(r.Code, previous) {
				contradicted++
			}
		}
		previous = r.Code
		rest := r.Code == 0 && (r.Lines[0].AfterGap || s.Control.ServerFlow.SYN == 0) // of a line of the greeting
		begun = begun || !rest
	}
	for i := range found {
		if contradicted >= contradictions {
			found[i].severity = Violation
		}
	}
	return found
}

// contradictions is how many contradictions in a session are no failure of a server or a proxy.
const contradictions = 2

// contradicts reports whether a reply says no where the one before said yes, about the account or about files: their
// second digits are the same (RFC 959 section 4.2.1).
func contradicts(code, before int) bool {
	about := code / 10 % 10
	return code >= 400 && before >= 200 && before < 400 && about == before/10%10 && (about == 3 || about == 5)
}

// oftenTwice are replies that servers, or proxies in front of them, often send twice.
var oftenTwice = map[int]bool{120: true, 220: true, 225: true, 226: true, 230: true, 331: true}

// leads are replies that lead the client to a port, or into TLS. A second one may lead elsewhere.
var leads = map[int]bool{227: true, 228: true, 229: true, 234: true, 334: true}

// unasked judges a reply that answers no command; previous is the code before it.
func (s *session) unasked(r *ftp.Reply, previous int) []breach {
	switch {
	case r.Code < 100, r.Code == 421, r.Code == 426, r.Code == 221, r.Code == previous && r.Code >= 400:
		return nil
	case (r.Code == 225 || r.Code == 226) && (previous >= 400 || s.Said("ABOR")):
		return nil // servers often report a cancelled transfer twice
	}
	if known, ok := s.known(r); !ok || known > s.heardBy(r.FirstPacket) {
		return nil // it answers a command that was recorded later, or not at all
	}
	b := breach{
		packets:  []int{r.Packet},
		observed: fmt.Sprintf("%s in frame %d, when no command waited for a reply", wording.Quote(r.Lines[0].Text), r.Packet),
	}
	switch {
	case contradicts(r.Code, previous):
		b.severity, b.sign = Odd, 2
		b.observed += fmt.Sprintf(", and after %d to the same one", previous)
	case r.Code >= 400, r.Code == previous && oftenTwice[r.Code]:
		b.severity = Note // it may answer an empty line
	case !evidence.Telling[r.Code], r.Code == 220, r.Code == 225, r.Code == 226, r.Code == previous && !leads[r.Code]:
		b.severity = Odd // servers send these too often, and they give a client nothing
	}
	return []breach{b}
}

// spokeBefore reports whether the server began a reply before it can have received the
// command: in an earlier frame that does not acknowledge the command.
func (s *session) spokeBefore(r *ftp.Reply, x *ftp.Exchange) bool {
	if r.FirstPacket >= x.FirstPacket {
		return false
	}
	known, ok := s.known(r)
	return ok && known <= x.Line.Seq
}

// known is the relative sequence number up to which the server had acknowledged the client's
// stream when it began a reply; ok is false if that is not in the capture.
func (s *session) known(r *ftp.Reply) (ack int64, ok bool) {
	return r.Lines[0].Ack, r.Lines[0].Ack != 0
}

// A heardReply is a reply, with or without a command that it answers.
type heardReply struct {
	*ftp.Reply
	unsolicited bool
}

// replies are all replies in the order of their frames.
func (s *session) replies() []heardReply {
	if s.heard != nil {
		return s.heard
	}
	all := make([]heardReply, 0, len(s.Unsolicited)+len(s.Exchanges))
	for _, r := range s.Unsolicited {
		all = append(all, heardReply{r, true})
	}
	for _, x := range s.Exchanges {
		for _, r := range x.Replies {
			all = append(all, heardReply{r, false})
		}
	}
	slices.SortStableFunc(all, func(a, b heardReply) int { return cmp.Compare(a.Lines[0].Seq, b.Lines[0].Seq) })
	s.heard = all
	return all
}

// heardBy is the relative sequence number after the last command before the given frame.
func (s *session) heardBy(packet int) int64 {
	if n := s.Before(packet); n > 0 {
		return s.Exchanges[n-1].Line.End
	}
	return 1
}

var replyFitsCommandRule = Rule{
	Name: "reply-fits-command", Theme: "dialogue",
	Says:     "The reply code is one that the command may have.",
	Source:   "RFC 959, 5.4; RFC 2228, 2389, 2428, 3659",
	Example:  "> PWD < 226 done",
	Severity: Violation, sign: 1, habit: true,
	Matters:  "The code of another command shows that client and server disagree about the dialogue.",
	Innocent: "the server is of an unusual make, or the recorder lost a reply.",
	look:     eachSession(fitsCommand),
}

// announcesAll reports whether a client says that it will open every data connection by EPSV (RFC 2428
// section 4). Pure-FTPd and pyftpdlib answer 220.
func announcesAll(x *ftp.Exchange) bool {
	return x.Command == "EPSV" && strings.EqualFold(x.Argument, "ALL")
}

func fitsCommand(_ *Evidence, s *session) []breach {
	var found []breach
	previous := 0
	for i, x := range s.Exchanges {
		if s.Whole && len(x.Replies) == 1 && len(x.Data) > 0 && evidence.Completed(x) {
			found = append(found, breach{severity: Note, sign: noSign, packets: evidence.Frames(x),
				expected: "A transfer begins with 125 or 150 (RFC 959, 5.4).",
				observed: fmt.Sprintf("%s was answered by %s alone", wording.Quote(x.Line.Text), wording.Quote(x.Replies[0].Lines[0].Text))})
		}
		for k, r := range x.Replies {
			if !s.Whole && (k > 0 || !s.IsAnswered(i)) {
				break // the reply may be another command's
			}
			how, again := evidence.FitOf(x.Command, r.Code), r.Code == previous
			previous = r.Code
			if how == evidence.Fits || r.Code == 220 && announcesAll(x) {
				continue
			}
			b := breach{
				packets:  []int{x.Packet, r.Packet},
				expected: x.Command + " is answered by " + evidence.ExpectedReplies(x.Command),
				observed: fmt.Sprintf("%s answered by %s", wording.Quote(x.Line.Text), wording.Quote(r.Lines[0].Text)),
			}
			if how == evidence.Rare || again || i > 0 && s.early(i) || i+1 < len(s.Exchanges) && s.early(i+1) {
				b.severity = Odd // a missing or additional reply shifts the others
			}
			found = append(found, b)
		}
	}
	return found
}
