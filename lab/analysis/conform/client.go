package conform

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ftplab/lab/analysis/ftp"
)

// ClientRules returns the rules about clients, by RFC and section. The client
// downloads one file in each of their scenarios.
//
// It makes a new list on each call. With the list in a variable, the linker would keep the functions of all rules in
// every program, also in the lab's web page, which judges no rules.
func ClientRules() []Rule {
	return []Rule{
		{"959", "2.3", "The client sends QUIT before it closes.", "plain", saysQuit},
		{"959", "3.4.1", "The client reads data until the server closes, also if 226 comes first.", "early", ifReplied("RETR", "226", downloads)},
		{"959", "4.2", "A line within a reply of several lines is not a reply, whatever digits it begins with.", "lines", startsBehindGreeting},
		{"959", "4.2", "The client waits for the last line of a final reply.", "reply_lines", waitsForEnd},
		{"959", "5.2", "PORT and EPRT name the client's own address.", "plain", namesItself},
		{"959", "5.3", "Every command ends with CR LF.", "plain", commandsEnd},
		{"959", "5.4", "The client waits for the greeting.", "greeting", startsBehindGreeting},
		{"959", "5.4", "The client waits for the reply to each command.", "plain", waitsForReplies},
		{"959", "5.4", "The client waits for the final reply to a transfer.", "late", waitsForEnd},
		{"959", "5.4", "When USER gets 230, the client sends no PASS.", "nopass", ifReplied("USER", "230", without("PASS"))},
		{"959", "5.4", "When PASS gets 530, the client fails, and asks for no file.", "wrong", ifReplied("PASS", "530", then(without("RETR"), fails("PASS")))},
		{"959", "5.4", "When RETR gets 550, the client fails.", "refused", ifReplied("RETR", "550", fails("RETR"))},
		{"959", "5.4", "When RETR gets 426, the client fails.", "broken", ifReplied("RETR", "426", fails("RETR"))},
		{"959", "6", "When PASS gets 332, the client sends ACCT, or fails and asks for no file.", "account", ifReplied("PASS", "332", then(without("RETR"), fails("PASS")))},
		{"1123", "4.1.2.5", "The client should announce a data port, or ask for one, before each transfer.", "plain", portEachTime},
		{"1123", "4.1.2.6", "The client finds the six numbers in a reply 227 without parentheses.", "digits", ifSent("PASV", ifReplied("PASV", "227", findsNumbers))},
		{"1123", "4.1.2.11", "When the server sends 421 and closes, the client should close, too, and not report success.", "leaves", ifReplied("RETR", "421", closesToo)},
		{"1123", "4.1.2.11", "The client should take 125 like 150.", "code125", ifReplied("RETR", "125", downloads)},
		{"1123", "4.1.2.11", "The client should take 250 like 226.", "code250", ifReplied("RETR", "250", downloads)},
		{"1123", "4.1.2.12", "The client sends no Telnet commands except IP and Synch.", "plain", noOptions},
		{"1123", "4.1.2.13", "When EPSV is refused, the client uses PASV or PORT.", "noepsv", ifSent("EPSV", ifReplied("EPSV", "5", fallsBack))},
	}
}

// downloads is the rule that the client gets the whole file and ends well. A client that accepts no
// connection on the port that it has announced shows nothing of the rule.
func downloads(f *facts) Finding {
	e := f.find("RETR", "")
	if e == nil {
		return breaks(f.session.Control.LastPacket, "the client asks for no file%s", f.lastSaid())
	}
	c := f.transfer(e)
	switch {
	case c == nil:
		return breaks(lastFrame(e), "%s has no data connection: %s", asked(e), codesText(e))
	case c.Mode == ftp.Active && !c.HandshakeSeen:
		return notApplicable(c.FirstPacket, "the client does not accept the data connection of frame %d", c.FirstPacket)
	case c.ResetBy == ftp.Client:
		return breaks(c.ClientFlow.RST, "the client resets the data connection in frame %d", c.ClientFlow.RST)
	case f.run.Ending != Succeeded:
		return breaks(c.LastPacket, "%d bytes up to frame %d, and %s", c.ServerFlow.Bytes, c.ServerFlow.LastData, f.run.Ending)
	}
	return keeps(c.ServerFlow.LastData, "%d bytes up to frame %d, %s", c.ServerFlow.Bytes, c.ServerFlow.LastData, codesText(e))
}

// findsNumbers is the rule that the client connects to the port that a reply 227 announces, whatever becomes of the
// connection.
func findsNumbers(f *facts) Finding {
	for _, p := range f.session.DataPorts {
		if p.Command == "PASV" && len(p.Connections) > 0 {
			frame := f.connections[p.Connections[0]].FirstPacket
			return keeps(frame, "frame %d is to port %d, announced in frame %d", frame, p.Addr.Port(), p.ReplyPacket)
		}
	}
	e := f.sentAs("PASV")
	return breaks(lastFrame(e), "PASV: %s, and the client does not connect to this port", codesText(e))
}

// fallsBack is the rule that a client whose EPSV was refused asks for a data port in another way.
func fallsBack(f *facts) Finding {
	refused := f.sentAs("EPSV")
	for _, e := range f.session.Exchanges {
		if e.Packet > refused.Packet && slices.Contains([]string{"PASV", "PORT", "EPRT"}, e.Command) {
			return keeps(e.Packet, "EPSV: %s; %s in frame %d", codesText(refused), e.Command, e.Packet)
		}
	}
	return breaks(lastFrame(refused), "EPSV: %s%s", codesText(refused), f.lastSaid())
}

// lastSaid says with which command the dialogue ends, as it may be why nothing follows.
func (f *facts) lastSaid() string {
	n := len(f.session.Exchanges)
	if n == 0 {
		return ": it sends no command"
	}
	last := f.session.Exchanges[n-1]
	if last.Command == "QUIT" && n > 1 {
		last = f.session.Exchanges[n-2]
	}
	return ": its last command is " + last.Command + " (" + codesText(last) + ")"
}

// fails is the rule that the client does not take the reply to a command for a success: it says
// that it has failed, or tries again until its time is over.
func fails(command string) judge {
	return func(f *facts) Finding {
		e := f.sentAs(command) // with a reply for which the client did not wait
		switch {
		case f.run.Ending == NotEnded && f.sent[command] > 1:
			return keeps(lastFrame(e), "%s: %s, and the client tries again", command, codesText(e))
		case f.run.Ending != Failed:
			return breaks(lastFrame(e), "%s: %s, and %s", command, codesText(e), f.run.Ending)
		}
		return keeps(lastFrame(e), "%s: %s, and %s", command, codesText(e), f.run.Ending)
	}
}

// saysQuit is the rule that QUIT is the last command. The connection of a client that does
// not end in time is closed by the lab.
func saysQuit(f *facts) Finding {
	c := f.connections[f.session.Control.ID]
	switch e := f.find("QUIT", ""); {
	case e != nil:
		return keeps(e.Packet, "QUIT in frame %d", e.Packet)
	case f.run.Ending == NotEnded:
		return notApplicable(c.LastPacket, "no QUIT, but %s", f.run.Ending)
	}
	return breaks(c.LastPacket, "the connection ends without QUIT, and %s", f.run.Ending)
}

// namesItself is the rule that an active client announces its own address.
func namesItself(f *facts) Finding {
	for _, p := range f.session.DataPorts {
		if p.Mode != ftp.Active {
			continue
		}
		if p.ThirdParty {
			return breaks(p.Packet, "%s in frame %d names %v", p.Command, p.Packet, p.Addr.Addr())
		}
		return keeps(p.Packet, "%s in frame %d names %v", p.Command, p.Packet, p.Addr.Addr())
	}
	return notApplicable(0, "the client does not use active mode")
}

// startsBehindGreeting is the rule that the client does nothing before the greeting has ended: it
// sends no command, and does not close.
func startsBehindGreeting(f *facts) Finding {
	c := f.connections[f.session.Control.ID]
	what, frame := "the client's close", cmp.Or(c.ClientFlow.FIN, c.ClientFlow.RST)
	if len(f.session.Exchanges) > 0 {
		what, frame = f.session.Exchanges[0].Command, f.session.Exchanges[0].Packet
	}
	for _, r := range f.session.Unsolicited {
		switch {
		case r.Code != 220 || cutShort(r):
		case frame == 0:
			return keeps(r.Packet, "220 in frame %d, and nothing before it", r.Packet)
		case r.Packet < frame:
			return keeps(frame, "220 in frame %d, %s in frame %d", r.Packet, what, frame)
		}
	}
	return breaks(frame, "%s in frame %d comes before the greeting", what, frame)
}

// isComplete reports whether the whole final reply to a command is in the capture. The code alone may be in the first of
// several lines.
func isComplete(e *ftp.Exchange) bool {
	return e.Final() != 0 && !slices.ContainsFunc(e.Replies, func(r *ftp.Reply) bool { return r.Code >= 200 && cutShort(r) })
}

// cutShort reports whether the last line of a reply did not come: the one with the code and no hyphen behind it.
func cutShort(r *ftp.Reply) bool {
	n := len(r.Lines)
	if r.Code == 0 || n == 0 {
		return false
	}
	text, ends := strings.CutPrefix(r.Lines[n-1].Text, strconv.Itoa(r.Code))
	return !ends || text != "" && text[0] != ' '
}

// commandsEnd is the rule that every command ends with CR LF.
func commandsEnd(f *facts) Finding {
	n, frame := 0, 0
	for _, l := range f.session.Lines {
		if l.From != ftp.Client {
			continue
		}
		n, frame = n+1, l.Packet
		if l.End-l.Seq-int64(len(l.Text))-int64(len(l.Telnet)) != 2 {
			return breaks(l.Packet, "the line in frame %d ends without CR LF", l.Packet)
		}
	}
	if n == 0 {
		return f.notAsked("the first command")
	}
	return keeps(frame, "%s", count(n, "command"))
}

// waitsForReplies is the rule that no command comes before the final reply to the
// one before.
func waitsForReplies(f *facts) Finding {
	if len(f.session.Exchanges) == 0 {
		return f.notAsked("the first command")
	}
	frame := 0
	for i, e := range f.session.Exchanges {
		frame = e.Packet
		if i == 0 {
			continue
		}
		before := f.session.Exchanges[i-1]
		if !isComplete(before) || lastFrame(before) > e.FirstPacket {
			return breaks(e.Packet, "%s in frame %d, %s: %s", e.Command, e.Packet, before.Command, codesText(before))
		}
	}
	return keeps(frame, "%s", count(len(f.session.Exchanges), "command"))
}

// waitsForEnd is the rule that nothing comes between RETR and its final reply, not
// even the client's close.
func waitsForEnd(f *facts) Finding {
	return transferred("RETR", func(retr *ftp.Exchange, _ *ftp.Connection) Finding {
		c := f.connections[f.session.Control.ID]
		what, next := "closes", cmp.Or(c.ClientFlow.FIN, c.ClientFlow.RST)
		if i := 1 + slices.IndexFunc(f.session.Exchanges, func(e *ftp.Exchange) bool { return e.Packet == retr.Packet }); i < len(f.session.Exchanges) {
			what, next = "sends "+f.session.Exchanges[i].Command, f.session.Exchanges[i].FirstPacket
		}
		switch {
		case !isComplete(retr) || next != 0 && next < lastFrame(retr):
			return breaks(next, "RETR: %s, and the client %s in frame %d", codesText(retr), what, next)
		case next == 0:
			return keeps(lastFrame(retr), "RETR: %s; nothing comes before it", codesText(retr))
		}
		return keeps(lastFrame(retr), "RETR: %s; the client goes on in frame %d", codesText(retr), next)
	})(f)
}

// without is the rule that a command is not sent.
func without(command string) judge {
	return func(f *facts) Finding {
		if e := f.find(command, ""); e != nil {
			return breaks(e.Packet, "%s in frame %d", command, e.Packet)
		}
		return keeps(f.session.Control.LastPacket, "no %s", command)
	}
}

// ifSent is a rule about clients that send a command.
func ifSent(command string, then judge) judge {
	return func(f *facts) Finding {
		if f.find(command, "") == nil {
			return notApplicable(0, "the client sends no %s", command)
		}
		return then(f)
	}
}

// ifReplied is a rule about what follows a certain reply to a command. The client may not have
// waited for it.
func ifReplied(command, code string, then judge) judge {
	return func(f *facts) Finding {
		e := f.sentAs(command)
		switch {
		case e == nil:
			return notApplicable(0, "the client sends no %s%s", command, f.lastSaid())
		case !slices.ContainsFunc(e.Replies, func(r *ftp.Reply) bool { return fits(r.Code, code) }):
			return notApplicable(lastFrame(e), "%s: %s", command, codesText(e))
		}
		return then(f)
	}
}

// sentAs returns the first exchange of a command with all that answered it, or nil.
func (f *facts) sentAs(command string) *ftp.Exchange {
	i := slices.IndexFunc(f.session.Exchanges, func(e *ftp.Exchange) bool { return e.Command == command })
	if i < 0 {
		return nil
	}
	return f.session.Exchanges[i]
}

// portEachTime is the rule that as many data ports are announced as are used.
func portEachTime(f *facts) Finding {
	transfers, frame := 0, 0
	for _, e := range f.session.Exchanges {
		if len(e.Data) > 0 {
			transfers, frame = transfers+1, e.Packet
		}
	}
	text := count(transfers, "transfer") + ", " + count(len(f.session.DataPorts), "data port")
	switch {
	case transfers == 0:
		return f.notAsked("a transfer")
	case len(f.session.DataPorts) < transfers:
		return breaks(frame, "%s", text)
	}
	return keeps(frame, "%s", text)
}

// noOptions is the rule that the client sends no Telnet commands except IP and
// Synch, which has a data mark.
func noOptions(f *facts) Finding {
	const interrupt, mark, iac = 244, 242, 255
	n := 0
	for _, l := range f.session.Lines {
		if l.From != ftp.Client {
			continue
		}
		n++
		if slices.ContainsFunc(l.Telnet, func(b byte) bool { return b != iac && b != interrupt && b != mark }) {
			return breaks(l.Packet, "Telnet commands in frame %d", l.Packet)
		}
	}
	if n == 0 {
		return f.notAsked("the first command")
	}
	return keeps(f.session.Control.FirstPacket, "%s without one", count(n, "command"))
}

// closesToo is the rule that the client closes soon after the server has. It may then end or
// try again, but it has no file. If the client sends QUIT first, the server's TCP answers with a
// reset, and the capture does not have the client's close.
func closesToo(f *facts) Finding {
	retr, c := f.find("RETR", ""), f.connections[f.session.Control.ID]
	what, frame, at := "the client closes", c.ClientFlow.FIN, c.ClientFlow.FINTime
	if frame == 0 {
		frame, at = c.ClientFlow.RST, c.ClientFlow.RSTTime
	}
	reset := frame == 0 && c.ServerFlow.RST != 0
	if reset {
		what, frame, at = "the server resets the connection", c.ServerFlow.RST, c.ServerFlow.RSTTime
	}
	seen := fmt.Sprintf("RETR: %s", codesText(retr))
	switch {
	case reset && f.run.Ending == NotEnded:
		return notApplicable(frame, "%s; %s in frame %d, and %s", seen, what, frame, f.run.Ending)
	case frame == 0 || f.run.Ending == NotEnded && at-c.ServerFlow.FINTime > int64(timeToClose):
		return breaks(lastFrame(retr), "%s, and the client does not close within %v", seen, timeToClose)
	case f.run.Ending == Succeeded || f.run.Ending == Crashed:
		return breaks(lastFrame(retr), "%s, and %s", seen, f.run.Ending)
	}
	return keeps(frame, "%s; %s in frame %d, and %s", seen, what, frame, f.run.Ending)
}
