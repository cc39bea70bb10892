// What is certain of a dialogue although the capture lacks some of it.
//
// A loss excuses what it can explain, and nothing else. The sequence and acknowledgement numbers of two lines tell
// what their senders had sent and received by then, so they show what may be missing between them.

package evidence

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
)

// MayBeRest reports whether a command may be the rest of another one, whose beginning the capture lacks. It is not if
// it begins where the server had received everything when it spoke.
func (s *Session) MayBeRest(command *ftp.Line) bool {
	return command.AfterGap && !(command.Complete && s.heardTo[command.Seq])
}

// hear notes up to which places in what the client said the server had received everything when it spoke.
func (s *Session) hear() {
	if !slices.ContainsFunc(s.Lines, func(l *ftp.Line) bool { return l.AfterGap }) {
		return
	}
	s.heardTo = map[int64]bool{}
	for _, l := range s.Lines {
		if l.From == ftp.Server {
			s.heardTo[l.Ack] = true
		}
	}
}

// isExact reports whether the first reply to command i is its own: the client had received all that the server sent
// before the reply, and the server all that the client sent up to the command, and nothing after it.
func (s *Session) isExact(i int) bool {
	x := s.Exchanges[i]
	if len(x.Replies) == 0 || !x.Complete || s.MayBeRest(x.Line) || x.InTLS || !s.Readable(x.Packet) {
		return false
	}
	l := x.Replies[0].Lines[0]
	return s.Readable(l.Packet) && x.Ack > 0 && l.Seq == x.Ack && l.Ack == x.End
}

// heardBack reports whether the server can have answered command i with its first reply, so that the capture lacks
// nothing between the two. Some of the command may be cut off.
func (s *Session) heardBack(i int) bool {
	x := s.Exchanges[i]
	if len(x.Replies) == 0 {
		return false
	}
	l := x.Replies[0].Lines[0]
	return l.Seq == x.Ack && (l.Ack == x.End || !x.Complete && l.Ack > x.End)
}

// IsAnswered reports whether the first reply to command i answers it, whatever the capture lacks elsewhere. The
// server owed the client no other reply: it had answered the command before, and the client had waited for that.
func (s *Session) IsAnswered(i int) bool {
	if i == 0 || !s.isExact(i) || !s.isExact(i-1) {
		return false
	}
	x, before := s.Exchanges[i], s.Exchanges[i-1]
	return before.End == x.Seq && before.Final() > 0 && before.Replies[len(before.Replies)-1].Lines[0].Seq < x.Ack
}

// IsCompleted reports whether the replies to command i are surely its own, and the server sent nothing between them.
func (s *Session) IsCompleted(i int) bool {
	if !s.IsAnswered(i) {
		return false
	}
	at := s.Exchanges[i].Ack
	for _, r := range s.Exchanges[i].Replies {
		if r.Lines[0].Seq != at || !s.Readable(r.Packet) {
			return false
		}
		at = r.Lines[len(r.Lines)-1].End
	}
	return s.Exchanges[i].Final() > 0
}

// CertainUpTo is how many commands from the beginning on the capture has without a gap. No other command can have changed
// what these mean.
func (s *Session) CertainUpTo() int {
	next := int64(1)
	for i, x := range s.Exchanges {
		if s.Control.ClientFlow.SYN == 0 || x.Seq != next || !x.Complete || !s.Readable(x.Packet) {
			return i
		}
		next = x.End
	}
	return len(s.Exchanges)
}

// IsSurplus reports whether a reply answers nothing, whatever the capture lacks elsewhere: it is not the first, and the
// server had received nothing by then, or had answered the last command that it had received.
func (s *Session) IsSurplus(r *ftp.Reply) bool {
	l := r.Lines[0]
	if l.Ack == 1 && l.Seq > 1 && s.Control.ClientFlow.SYN > 0 && s.Readable(l.Packet) {
		return true
	}
	i, found := slices.BinarySearchFunc(s.Exchanges, l.Ack, func(x *ftp.Exchange, end int64) int { return cmp.Compare(x.End, end) })
	if !found || !s.Readable(l.Packet) || !s.IsAnswered(i) {
		return false
	}
	replies := s.Exchanges[i].Replies
	return s.Exchanges[i].Final() > 0 && replies[len(replies)-1].Lines[0].Seq < l.Seq
}

// Unbroken returns the lines of the server that surely belong to no reply whose first line is missing: the capture lacks
// nothing between them and the greeting, or a reply that the server gave to a command at once.
func (s *Session) Unbroken() map[*ftp.Line]bool {
	begins := map[*ftp.Line]bool{}
	for i, x := range s.Exchanges {
		if s.isExact(i) {
			begins[x.Replies[0].Lines[0]] = true
		}
	}
	all := map[*ftp.Line]bool{}
	unbroken, next := s.Control.ServerFlow.SYN > 0, int64(1)
	for _, l := range s.Lines {
		if l.From != ftp.Server {
			continue
		}
		greets := l.Seq > 1 || l.Ack == 1 // else a proxy may answer something of which the end was cut off
		unbroken = begins[l] || unbroken && greets && l.Seq == next
		if unbroken = unbroken && l.Complete && s.Readable(l.Packet); unbroken {
			all[l] = true
		}
		next = l.End
	}
	return all
}

// IgnoredFrom is the index of the first of the last commands after which the server surely said nothing: the capture has
// all that the client said from there on, and all that the server said before. It is the number of commands if there are
// none.
func (s *Session) IgnoredFrom() int {
	n, c := len(s.Exchanges), s.Control
	if c.ClientFlow.SYN == 0 || c.ServerFlow.SYN == 0 || s.Damaged > 0 || c.Lacks(ftp.Client).After+c.Lacks(ftp.Server).After > 0 {
		return n
	}
	said, heard := 1+c.ClientFlow.Bytes+c.ClientFlow.Missing, 1+c.ServerFlow.Bytes+c.ServerFlow.Missing
	for n > 0 {
		x := s.Exchanges[n-1]
		if len(x.Replies) > 0 || !x.Complete || s.MayBeRest(x.Line) || !s.Readable(x.Packet) || x.End != said || x.Ack != heard {
			break
		}
		said, n = x.Seq, n-1
	}
	return n
}

// IsSkipped reports whether the server surely said nothing to command i before it answered the next one. It had answered
// all before, and after the next one it answered another.
func (s *Session) IsSkipped(i int) bool {
	if i == 0 || i+2 >= len(s.Exchanges) || !s.isExact(i-1) || !s.IsAnswered(i+2) {
		return false
	}
	before, x, next := s.Exchanges[i-1], s.Exchanges[i], s.Exchanges[i+1]
	heard := before.Final() > 0 && repliedTo(before) == x.Ack && x.Ack == next.Ack && repliedTo(next) == s.Exchanges[i+2].Ack
	return heard && len(x.Replies) == 0 && x.Complete && s.Readable(x.Packet) && before.End == x.Seq && x.End == next.Seq
}

// repliedTo is where the last reply to a command ends, in what the server said.
func repliedTo(x *ftp.Exchange) int64 {
	lines := x.Replies[len(x.Replies)-1].Lines
	return lines[len(lines)-1].End
}

// LacksBetween reports whether the capture may lack something that was said between two packets.
func (s *Session) LacksBetween(from, to int) bool {
	if !s.Lossy() {
		return false
	}
	for _, side := range []ftp.Side{ftp.Client, ftp.Server} {
		after := slices.IndexFunc(s.Lines, func(l *ftp.Line) bool { return l.From == side && l.FirstPacket > to })
		if after < 0 && s.Control.Lacks(side).After > 0 || after >= 0 && s.Lines[after].AfterGap {
			return true
		}
		if slices.ContainsFunc(s.Lines, func(l *ftp.Line) bool {
			return l.From == side && l.FirstPacket > from && l.FirstPacket <= to && l.AfterGap
		}) {
			return true
		}
	}
	return false
}

// leastLogin is how many bytes the shortest command has with which a client logs in: PASS without a password.
const leastLogin = 6

// MayHaveSaid reports whether the client may have said something of at least so many bytes, between two of its lines,
// that the capture lacks. A line of nil is the beginning or the end of the session.
func (s *Session) MayHaveSaid(from, to *ftp.Line, least int64) bool {
	if from == nil && !s.FromStart() {
		return true
	}
	for l, bytes := range s.missing(from) {
		switch {
		case bytes >= least:
			return true
		case l == to:
			return false
		}
	}
	return true
}

// LongestMissing returns, for each line of the client after one of them, the most bytes that the client may have said
// without a break between the two, and that the capture lacks.
func (s *Session) LongestMissing(from *ftp.Line) map[*ftp.Line]int64 {
	all, longest := map[*ftp.Line]int64{}, int64(0)
	for l, bytes := range s.missing(from) {
		longest = max(longest, bytes)
		all[l] = longest
	}
	return all
}

// missing yields each line of the client after one of them, nil for the first, with how many bytes the client may have
// said directly before it that the capture lacks. At last it yields nil, with those at the end of the session.
func (s *Session) missing(from *ftp.Line) iter.Seq2[*ftp.Line, int64] {
	return func(yield func(*ftp.Line, int64) bool) {
		next, heard := int64(1), int64(0)
		if from != nil {
			next = from.End
		}
		for _, l := range s.Lines {
			if l.From == ftp.Server {
				heard = max(heard, l.Ack)
			}
			if l.From == ftp.Server || l.Seq < next {
				continue
			}
			bytes := l.Seq - next
			if !s.Readable(l.Packet) {
				bytes = math.MaxInt64
			}
			if !yield(l, bytes) {
				return
			}
			next = l.Seq
			if l.Complete {
				next = l.End
			}
		}
		yield(nil, heard-next)
	}
}

// IsStranger reports whether no login can have succeeded before command i: the capture has each attempt, with a reply
// that refuses it, and no reply to a command that it lacks says that somebody is logged in.
func (s *Session) IsStranger(i int) bool {
	letIn := func(r *ftp.Reply) bool { return r.Code == 230 || r.Code == 232 }
	if s.LoggedIn > 0 || slices.ContainsFunc(s.Unsolicited, letIn) || s.MayHaveSaid(nil, s.Exchanges[i].Line, leastLogin) {
		return false
	}
	for k, x := range s.Exchanges[:i] {
		if (logsIn[x.Command] || s.MayBeRest(x.Line)) && (!s.isExact(k) || x.Final() < 300) {
			return false
		}
	}
	return true
}

// logsIn are the commands after which a client may be logged in.
var logsIn = wording.Set("USER PASS ACCT ADAT")

// leastAnnouncement is how many bytes the shortest line has that announces a data port, such as PORT 1,2,3,4,5,6.
const leastAnnouncement = 18

// PortsLost is how many data ports may have been announced that the capture does not tell.
func (s *Session) PortsLost() int {
	lost := 0
	if !s.FromStart() {
		lost++ // a client announces a port in front of each transfer
	}
	var said, received [2]int64 // by client and server
	for _, l := range s.Lines {
		from := 0
		if l.From == ftp.Server {
			from = 1
		}
		if !l.Complete || !s.Readable(l.Packet) {
			lost++
		}
		said[from] += l.End - l.Seq
		received[1-from] = max(received[1-from], l.Ack-1)
	}
	for from, side := range []ftp.Side{ftp.Client, ftp.Server} {
		sent := max(received[from], s.Control.Flow(side).Bytes+s.Control.Flow(side).Missing)
		lost += int(max(0, sent-said[from])+leastAnnouncement-1) / leastAnnouncement
	}
	return lost
}
