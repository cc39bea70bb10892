// How replies are matched to commands.

package ftp

import (
	"cmp"
	"slices"
	"time"

	"ftplab/lab/internal/replycode"
)

// A waiting is a command that may get more replies.
type waiting struct {
	Exchange
	room  [2]*Reply // of the replies: a transfer has two
	begun bool      // its transfer has begun: it has a preliminary reply
	done  bool      // no more replies are expected
	// unheard says that it moves data, and that its preliminary reply may be lost.
	unheard bool
	// doubtful says that the final reply does not fit the command. A reply that fits
	// replaces it if it comes before the next command.
	doubtful bool
	// passed says that a command which was sent during the same transfer was answered first. Its
	// reply may still come before the client sends its next command.
	passed bool
	// instead is the command that was answered in its place, because the client had stopped waiting
	// for the reply to this one, or sent it during this transfer.
	instead *waiting
	// displaced is a final reply that came before the preliminary one. It stays with the
	// command if no other final reply comes.
	displaced *Reply
}

// pending are the commands that were not passed to the handler yet, in their order.
type pending []*waiting

// Limits of the work for one line, since a client may send any number of commands.
const (
	maxPending = 1024 // commands of near, and those after a transfer that never ends
	maxLooked  = 64   // waiting commands that are compared with a reply
)

// near returns the first commands. Only these get replies; others are after them.
func (all pending) near() pending { return all[:min(len(all), maxPending)] }

// first returns the command that has waited longest for its final reply, nil for none.
func (all pending) first() *waiting {
	for _, w := range all.near() {
		if !w.done {
			return w
		}
	}
	return nil
}

// goOn is called when the client sends its next command. Doubtful replies become final, and
// replies that were passed over do not come any more.
func (p *parser) goOn() {
	for _, w := range p.pending.near() {
		w.doubtful, w.passed, w.instead = false, false, nil
	}
	p.handOut()
	if len(p.pending) > maxPending && p.pending[0].begun {
		p.settle(1)
	}
}

// handOut passes the first commands to the handler that have all their replies. If very many
// commands wait, these do not get better ones.
func (p *parser) handOut() {
	n := 0
	for n < len(p.pending) {
		w := p.pending[n]
		if better := w.doubtful || w.passed; !w.done || better && len(p.pending)-n <= maxPending {
			break
		}
		n++
	}
	p.settle(n)
}

// settle passes the first n commands to the handler. They get no more replies.
func (p *parser) settle(n int) {
	for _, w := range p.pending[:n] {
		if w.displaced != nil {
			w.Replies = append([]*Reply{w.displaced}, w.Replies...)
		}
		if p.to.Exchange != nil {
			p.to.Exchange(&w.Exchange)
		}
	}
	if n < len(p.pending) {
		p.pending = p.pending[n:]
	} else {
		p.pending = p.pending[:0] // its memory is used again
	}
}

// answer matches a reply to a command, if it answers one. afterGap says that bytes before
// the reply are missing, partial that its end is.
func (p *parser) answer(r *Reply, afterGap, partial bool) {
	if !p.greeted && p.greets(r) {
		r.Greets, p.greeted = true, r.Code != 120 // "ready in n minutes": 220 will follow
		p.unsolicited(r)
		return
	}
	p.gap = p.gap || afterGap
	if r.Code == 0 {
		// A complete line without a code takes the place of the reply, if no gap can be
		// the reason for it.
		if w := p.pending.first(); w != nil && p.fromStart && !p.gap && p.greeted && !partial {
			w.done = true
			defer p.handOut()
		}
		p.unsolicited(r)
		return
	}
	p.stopWaiting(r)
	p.passOver(r.Code)
	p.handOut()
	w := p.answeredBy(r)
	if w != nil && w.instead != nil {
		w = w.exchange()
	}
	lost := w != nil && !w.done && (!w.takes(r.Code) && (afterGap || p.commandLost(r) || w.followsLost(r) || p.endsEarlier(r, w)) || (afterGap || p.lost) && p.answersLost(r, w) || afterGap && w.saysGoodbye(r))
	if w == nil || lost || p.endsUnseen(r, w) { // the answer was lost, or the command of this reply
		p.unseen = replycode.Preliminary(r.Code)
		p.unsolicited(r)
		return
	}
	p.give(r, w)
	p.handOut()
}

// answersLost reports whether a reply after a gap answers a command that is not in the capture:
// the server had received more than the last command, and the client waits for each reply. A reply that ends a
// transfer ends the last one, if what is lost is too short for another.
func (p *parser) answersLost(r *Reply, w *waiting) bool {
	const leastTransfer = int64(len("PASV\r\nLIST\r\n"))
	last := w == p.pending[len(p.pending)-1]
	ends := w.begun && r.Code < 400 && replycode.Completes(r.Code) && r.Lines[0].Ack < w.End+leastTransfer
	return last && w.Complete && !p.pipelines && p.commandLost(r) && !ends
}

// commandLost reports whether the server had received more than the last command when it sent a reply.
// One number more may be the client's FIN (RFC 9293, 3.4). A command in TLS ends before its record does.
func (p *parser) commandLost(r *Reply) bool {
	const fin = 1
	last := p.pending[len(p.pending)-1].Line
	return !last.InTLS && r.Lines[0].Ack > last.End+fin
}

// saysGoodbye reports whether a server ends the session with a reply, and has said something before it that the client had
// not received when it sent this command: that was the answer to the command.
func (w *waiting) saysGoodbye(r *Reply) bool {
	return r.Code == 421 && w.Ack > 0 && r.Lines[0].Seq > w.Ack
}

// endsEarlier reports whether a reply may end a transfer that began before the capture, during which the client sent a command.
func (p *parser) endsEarlier(r *Reply, w *waiting) bool {
	return !p.fromStart && !p.answered && sentMeanwhile(w.Command) && replycode.Completes(r.Code)
}

// followsLost reports whether a reply answers a command that the capture lacks in front of this one. Servers use
// a general code for many commands, so that it shows nothing.
func (w *waiting) followsLost(r *Reply) bool { return w.AfterGap && !replycode.General(r.Code) }

// endsUnseen reports whether a reply ends a transfer whose command is not in the capture, and does not answer a
// command that the client sent during the transfer.
func (p *parser) endsUnseen(r *Reply, w *waiting) bool {
	return p.unseen && !p.lost && sentMeanwhile(w.Command) && replycode.Completes(r.Code) && !replycode.Meanwhile(w.Command, r.Code)
}

// give adds a reply to a command. It may replace one that fits less.
func (p *parser) give(r *Reply, w *waiting) {
	p.lost, p.answered = p.lost && w != p.pending[len(p.pending)-1], true
	final := !replycode.Preliminary(r.Code)
	p.unseen = p.unseen && sentMeanwhile(w.Command)
	if w.passed {
		w.done, w.passed = false, false
	}
	if w.done && !w.ends(r.Code) {
		last := len(w.Replies) - 1
		if w.displaced = w.Replies[last]; final {
			p.unsolicited(w.displaced)
			w.displaced = nil
		}
		w.Replies = w.Replies[:last]
	} else if final && w.displaced != nil {
		p.unsolicited(w.displaced)
		w.displaced = nil
	}
	if w.doubtful = !w.takes(r.Code) || w.AfterGap && !replycode.Usual(w.Command, r.Code); !final && !w.begun && w.Sender() != "" {
		p.finishTransfers(w)
	}
	w.Replies = append(w.Replies, r)
	w.done, w.begun = final, w.begun || !final
}

// finishTransfers is called when a transfer begins. The transfers before it have ended, even
// if their final replies are not in the capture.
func (p *parser) finishTransfers(begins *waiting) {
	for _, w := range p.pending {
		if w == begins {
			return
		}
		w.done = w.done || w.begun
	}
}

// patience is how long a client waits for a reply at least before it goes on without it.
const patience = int64(5 * time.Second)

// stopWaiting passes over a command whose reply did not come for long, so that the client went on
// with its next one, if a reply comes soon after that one: a server that is silent about one
// command would otherwise have all its replies shifted by one.
func (p *parser) stopWaiting(r *Reply) {
	var open []*waiting
	for _, w := range p.pending.near() {
		if !w.done {
			open = append(open, w)
		}
		if len(open) == 3 {
			break
		}
	}
	if p.lost || p.pipelines || len(open) != 2 || open[0].begun || open[0].Command == "" {
		return
	}
	w, next := open[0], open[1]
	waited, took := next.Time-w.Time, r.Time-next.Time
	heard := next.InTLS || r.Lines[0].Ack >= next.End
	if waited >= patience && took >= 0 && took < waited/10 && heard && next.takes(r.Code) {
		w.done, w.passed, w.instead = true, true, next
	}
}

// exchange is called when there is a reply to each of two commands after all: the server answers
// in order, so the first one has the reply that the second one got. It returns the second one.
func (w *waiting) exchange() *waiting {
	next := w.instead
	w.Replies, next.Replies = next.Replies, nil
	w.passed, w.instead, next.done, next.doubtful = false, nil, false, false
	return next
}

// takes reports whether a reply fits as the next one of the command.
func (w *waiting) takes(code int) bool {
	switch {
	case w.Sender() == "":
		return replycode.Fits(w.Command, code)
	case w.begun:
		return replycode.Completes(code) || replycode.Preliminary(code)
	}
	return replycode.Preliminary(code) || code >= 400 || w.unheard && replycode.Completes(code)
}

// prefers reports whether a reply fits the command better than its doubtful one.
func (w *waiting) prefers(code int) bool {
	return w.done && w.doubtful && code < 400 && replycode.Allowed[w.Command] != nil && (w.takes(code) || w.ends(code))
}

// ends reports whether a reply ends a transfer that the server began with 200 in the place of 150.
func (w *waiting) ends(code int) bool {
	return w.Sender() != "" && len(w.Replies) == 1 && w.Replies[0].Code == 200 && code < 400 && replycode.Completes(code)
}

// passOver is called before a reply is matched. If replies before it were lost, a client that
// has waited for each reply so far has received those to all commands but the last, and to the
// transfer during which it sent that one. A reply that breaks off a transfer, or that only a transfer can have, is that
// of a transfer, even if the preliminary reply was lost. During a transfer whose end may be lost a client sends its next
// command without an answer to the last one: it had received nothing between the two.
func (p *parser) passOver(code int) {
	open, others := 0, 0 // others since the last open one
	meanwhile := true    // the later ones may be sent during a transfer
	goesOn := slices.ContainsFunc(p.pending.near(), func(w *waiting) bool { return w.begun && !w.done })
	var next *waiting // the open one after
	for i := len(p.pending) - 1; i >= 0 && others < maxPending; i-- {
		w := p.pending[i]
		if w.done || w.Command == "" || w.begun && (!p.lost || p.pipelines) {
			others++
			continue
		}
		others = 0
		switch open++; {
		case open == 1:
			w.unheard = p.lost && w.Sender() != ""
		case meanwhile && (w.begun || w.Sender() != "" && endsOnlyTransfer(code, next)):
			w.unheard = !w.begun
		case goesOn && p.lost && meanwhile && sentMeanwhile(w.Command) && w.Ack > 0 && w.Ack == next.Ack:
		case !p.lost:
			p.pipelines = p.pipelines || next.Time-w.Time < patience // else it stopped waiting
			return
		case !p.pipelines:
			w.done = true
			if w.passed = meanwhile && w.Sender() != ""; w.passed && replycode.Completes(code) {
				w.instead = next
			}
		default:
			return
		}
		meanwhile, next = meanwhile && sentMeanwhile(w.Command), w
	}
}

// endsOnlyTransfer reports whether a reply ends a transfer, and does not answer a command that was sent during it.
func endsOnlyTransfer(code int, during *waiting) bool {
	return code == 425 || code == 426 || code < 400 && replycode.Completes(code) && !during.takes(code)
}

// sentMeanwhile reports whether a client sends a command during a transfer (RFC 959 section
// 4.1.3): to learn how far it is, to end it, or to keep the connection open.
func sentMeanwhile(command string) bool {
	switch command {
	case "ABOR", "STAT", "QUIT", "NOOP":
		return true
	}
	return false
}

// answeredBy returns the command that a reply answers, nil for none. A server answers in
// order (RFC 959 section 5.4), so usually the oldest command has the reply. There are four
// exceptions. Commands that are sent during a transfer are answered before the transfer
// ends, STAT perhaps before those in front of it. A code that only some commands have
// belongs to the first of these, because the replies to the commands before it were lost; of
// these, one whose answer has another form than the text is passed over for one that fits. An
// empty line has a reply that is no refusal only if no other command waits. And a reply that
// fits replaces one that does not, if the client has sent nothing since.
func (p *parser) answeredBy(r *Reply) *waiting {
	code := r.Code
	var transfer, oldest *waiting
	looked := 0
	for i, w := range p.pending.near() {
		switch {
		case w.done && w.AfterGap && w.prefers(code):
			return w // what it has answers a lost command
		case w.done:
			continue
		case w.begun && transfer == nil && replycode.Completes(code):
			if later := p.sentDuring(code, i+1); later != nil {
				p.skipTo(later)
				return later
			}
			return w
		case w.begun:
			transfer = w
			continue
		case w.Command == "" && code < 400: // servers ignore an empty line, or refuse it
			oldest = cmp.Or(oldest, w)
		case replycode.General(code) || code >= 400:
			if oldest != nil && oldest.Command == "" {
				p.skipTo(w)
			}
			return w
		case w.takes(code):
			w = p.fitting(r, i)
			p.skipTo(w)
			return w
		case oldest == nil:
			oldest = w
		}
		if looked++; looked == maxLooked {
			break
		}
	}
	for _, w := range p.pending.near() {
		if w.prefers(code) {
			return w
		}
	}
	if oldest != nil && (transfer == nil || !replycode.Preliminary(code)) {
		return oldest // else the transfer says more, as that of Pure-FTPd does in front of the end that ABOR brings
	}
	if w := p.pending.passedOver(code); w != nil && (transfer == nil || !replycode.Completes(code)) {
		return w
	}
	if transfer != nil && p.gap && !transfer.takes(code) {
		return nil // it answers a command that may be lost
	}
	return transfer
}

// fitting returns the command at an index, or of SIZE and MDTM the first one from there on whose answer has the form
// of the reply's text: the answer to MDTM is a time (RFC 3659, 2.3), and that to SIZE is not.
func (p *parser) fitting(r *Reply, from int) *waiting {
	first := p.pending[from]
	if r.Code != 213 || first.Command != "SIZE" && first.Command != "MDTM" {
		return first
	}
	command := "SIZE"
	if isTime(r.Text) {
		command = "MDTM"
	}
	for _, w := range p.pending[from:min(from+maxLooked, len(p.pending))] {
		if !w.done && w.Command == command {
			return w
		}
	}
	return first
}

// isTime reports whether a text begins like a time of RFC 3659: YYYYMMDDHHMMSS.
func isTime(text string) bool {
	const form = "20060102150405"
	_, err := time.Parse(form, text[:min(len(form), len(text))])
	return err == nil
}

// passedOver returns the first command that was passed over and may have this reply, nil for
// none. If that is a transfer, the command sent during it may have this one, and the transfer the reply before.
func (all pending) passedOver(code int) *waiting {
	for _, w := range all.near() {
		command := w.Command
		if w.instead != nil && w.Sender() != "" {
			command = w.instead.Command
		}
		if w.passed && replycode.Allowed[w.Command] != nil && replycode.Fits(command, code) {
			return w
		}
	}
	return nil
}

// sentDuring returns the first of the commands from an index on, which were sent during a
// transfer, that a reply answers which could also end the transfer; nil for none.
func (p *parser) sentDuring(code, from int) *waiting {
	for _, w := range p.pending[from:min(from+maxLooked, len(p.pending))] {
		if !w.done && !w.begun && replycode.Meanwhile(w.Command, code) {
			return w
		}
	}
	return nil
}

// skipTo stops waiting for the replies to the commands before one, except for transfers
// that have begun.
func (p *parser) skipTo(to *waiting) {
	meanwhile := false
	for _, w := range p.pending {
		switch {
		case w == to:
			return
		case w.done:
		case w.begun:
			meanwhile = true
		default:
			w.done, w.passed = true, meanwhile
		}
	}
}
