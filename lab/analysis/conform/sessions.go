package conform

import (
	"bytes"
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"ftplab/lab/analysis/ftp"
)

// greets is the rule that the server speaks first, and says 220 in the end. A server that is not
// available says 421 (RFC 959, 5.4).
func greets(f *facts) Finding {
	var codes []string
	for _, r := range f.session.Unsolicited {
		codes = append(codes, codeText(r))
		if r.Code == 220 {
			return keeps(r.Packet, "%s", strings.Join(codes, ", "))
		}
		if r.Code == 421 {
			return notApplicable(r.Packet, "%s", strings.Join(codes, ", "))
		}
		if r.Code != 120 {
			break
		}
	}
	return breaks(f.session.Control.FirstPacket, "before the first command: %s", cmp.Or(strings.Join(codes, ", "), "nothing"))
}

// closesAfterQuit is the rule that the server closes after 221.
func closesAfterQuit(f *facts) Finding {
	c := f.connections[f.session.Control.ID]
	e := f.find("QUIT", "")
	switch {
	case e == nil:
		return f.notAsked("QUIT")
	case c.ResetBy == ftp.Server:
		return breaks(c.ServerFlow.RST, "a reset in frame %d", c.ServerFlow.RST)
	case c.FirstFIN != ftp.Server:
		return breaks(lastFrame(e), "the server does not close first")
	}
	return keeps(c.ServerFlow.FIN, "%s, the server's FIN in frame %d", codesText(e), c.ServerFlow.FIN)
}

// timeToClose is how long a server may take to close.
const timeToClose = 5 * time.Second

// closesAfterClient is the rule that the server closes when the client has.
func closesAfterClient(f *facts) Finding {
	c := f.connections[f.session.Control.ID]
	switch {
	case c.ClientFlow.FIN == 0:
		return notApplicable(0, "the client did not close")
	case c.ServerFlow.FIN == 0 && c.ServerFlow.RST == 0:
		return breaks(c.ClientFlow.FIN, "the client's FIN in frame %d, and none of the server", c.ClientFlow.FIN)
	case max(c.ServerFlow.FINTime, c.ServerFlow.RSTTime)-c.ClientFlow.FINTime > int64(timeToClose):
		return breaks(c.ClientFlow.FIN, "the client's FIN in frame %d, and nothing of the server for %v", c.ClientFlow.FIN, timeToClose)
	}
	return keeps(max(c.ServerFlow.FIN, c.ServerFlow.RST), "the client's FIN in frame %d, the server's in %d", c.ClientFlow.FIN, max(c.ServerFlow.FIN, c.ServerFlow.RST))
}

// linesEnd is the rule that every line of the server ends with CR LF.
func linesEnd(f *facts) Finding {
	n, frame := 0, 0
	for _, l := range f.session.Lines {
		if l.From != ftp.Server {
			continue
		}
		n, frame = n+1, l.Packet
		if end := l.End - l.Seq - int64(len(l.Text)) - int64(len(l.Telnet)); end != 2 {
			return breaks(l.Packet, "the line in frame %d ends without CR LF", l.Packet)
		}
	}
	return keeps(frame, "%s", count(n, "line"))
}

// repliesAreReplies is the rule that every line is part of a reply, and every
// command has one final reply.
func repliesAreReplies(f *facts) Finding {
	if len(f.session.Exchanges) == 0 {
		return f.notAsked("the first command")
	}
	n, frame := 0, 0
	for _, r := range f.session.Unsolicited {
		switch {
		case f.isLate(r):
		case r.Code == 0:
			return breaks(r.Packet, "%s", codeText(r))
		case r.Code != 421 && r.Packet > f.session.Exchanges[0].Packet:
			return breaks(r.Packet, "%d in frame %d answers no command", r.Code, r.Packet)
		}
	}
	for _, e := range f.session.Exchanges {
		e, finals := f.inTime(e), 0
		for _, r := range e.Replies {
			n, frame = n+1, r.Packet
			switch {
			case r.Code == 0:
				return breaks(r.Packet, "%s", codeText(r))
			case r.Code < 100 || r.Code > 599:
				return breaks(r.Packet, "the code %d in frame %d", r.Code, r.Packet)
			case r.Code >= 200 && !cutShort(r):
				finals++
			}
		}
		if finals > 1 {
			return breaks(lastFrame(e), "%s: %s", asked(e), codesText(e))
		}
		if finals == 0 {
			return breaks(e.Packet, "%s in frame %d has no final reply", asked(e), e.Packet)
		}
	}
	return keeps(frame, "%s to %s", count(n, "reply"), count(len(f.session.Exchanges), "command"))
}

// sendsCopy is the rule that RETR sends what is in the file.
func sendsCopy(file string) judge {
	return func(f *facts) Finding {
		e := f.find("RETR", file)
		if e == nil {
			return f.notAsked("RETR " + file)
		}
		c, want := f.completed(e), f.run.Files[file]
		switch {
		case c == nil || c.SHA256 == "" || want == "":
			return notApplicable(lastFrame(e), "%s: %s", asked(e), codesText(e))
		case c.SHA256 != want:
			return breaks(c.FirstPacket, "%s: %s, and %d bytes that are not those of the file", asked(e), codesText(e), c.ServerFlow.Bytes)
		}
		return keeps(c.FirstPacket, "%s: %s, and %d bytes, with the SHA-256 of the file", asked(e), codesText(e), c.ServerFlow.Bytes)
	}
}

// storesSame is the rule that a stored file is retrieved unchanged.
func storesSame(f *facts) Finding {
	put, got := f.completed(f.find("STOR", "")), f.completed(f.find("RETR", ""))
	if put == nil || got == nil {
		return notApplicable(0, "nothing was stored and retrieved")
	}
	if put.SHA256 != got.SHA256 {
		return breaks(got.FirstPacket, "%d bytes were stored, and %d others retrieved", put.ClientFlow.Bytes, got.ServerFlow.Bytes)
	}
	return keeps(got.FirstPacket, "%d bytes, with the same SHA-256", got.ServerFlow.Bytes)
}

// appends is the rule that APPE adds to the end of a file: the second RETR returns what the
// first one returned, and then what APPE sent.
func appends(f *facts) Finding {
	e := f.find("APPE", "")
	added, got := f.completed(e), f.all("RETR")
	if e == nil || added == nil || len(got) < 2 {
		return notApplicable(0, "nothing was appended")
	}
	before, after := f.completed(got[0]), f.completed(got[1])
	if before == nil || after == nil {
		return notApplicable(0, "the file was not retrieved")
	}
	text := fmt.Sprintf("%d and %d bytes, and then %d", before.ServerFlow.Bytes, added.ClientFlow.Bytes, after.ServerFlow.Bytes)
	if want := slices.Concat(f.data[flow{before.ID, ftp.Server}], f.data[flow{added.ID, ftp.Client}]); !bytes.Equal(f.data[flow{after.ID, ftp.Server}], want) {
		return breaks(after.FirstPacket, "%s that are not those", text)
	}
	return keeps(after.FirstPacket, "%s", text)
}

// resumesAt is the rule that RETR after REST sends the file from the offset on.
func resumesAt(f *facts) Finding {
	rest, got := f.find("REST", ""), f.all("RETR")
	if rest == nil || len(got) < 2 || f.completed(got[0]) == nil {
		return notApplicable(0, "nothing was retrieved after REST")
	}
	whole, part := f.completed(got[0]), f.completed(got[1])
	if part == nil {
		return breaks(lastFrame(got[1]), "REST: %s, then %s: %s", codesText(rest), asked(got[1]), codesText(got[1]))
	}
	offset := offsetOf(rest)
	text := fmt.Sprintf("REST: %s, then %d bytes", codesText(rest), part.ServerFlow.Bytes)
	if left := whole.ServerFlow.Bytes - offset; part.ServerFlow.Bytes != left {
		return breaks(part.FirstPacket, "%s, and %d were left", text, left)
	}
	if !bytes.Equal(f.data[flow{part.ID, ftp.Server}], from(f.data[flow{whole.ID, ftp.Server}], offset)) {
		return breaks(part.FirstPacket, "%s that are not those at byte %d of the file", text, offset)
	}
	return keeps(part.FirstPacket, "%s", text)
}

// storesAt is the rule that STOR after REST adds its data to the stored file. The offset must
// be the end of the file: elsewhere, RFC 3659, 5.3, leaves the effect undefined.
func storesAt(f *facts) Finding {
	rest, stored, got := f.find("REST", ""), f.all("STOR"), f.completed(f.find("RETR", ""))
	if len(stored) > 1 && !fits(stored[1].Final(), "2") {
		return notApplicable(lastFrame(stored[1]), "%s after REST is not permitted: %s", asked(stored[1]), codesText(stored[1]))
	}
	if rest == nil || len(stored) < 2 || got == nil || f.transfer(stored[0]) == nil || f.transfer(stored[1]) == nil {
		return notApplicable(0, "nothing was stored after REST")
	}
	first, second := f.data[flow{f.transfer(stored[0]).ID, ftp.Client}], f.data[flow{f.transfer(stored[1]).ID, ftp.Client}]
	if offsetOf(rest) != int64(len(first)) {
		return notApplicable(lastFrame(rest), "REST %s is not at the end of the %d bytes that were stored", rest.Argument, len(first))
	}
	want := slices.Concat(first, second)
	if got.ServerFlow.Bytes != int64(len(want)) {
		return breaks(got.FirstPacket, "RETR sends %d bytes then, not %d", got.ServerFlow.Bytes, len(want))
	}
	if !bytes.Equal(f.data[flow{got.ID, ftp.Server}], want) {
		return breaks(got.FirstPacket, "RETR sends %d bytes then, but not those that were sent", len(want))
	}
	return keeps(got.FirstPacket, "RETR sends %d bytes then", len(want))
}

// from returns what follows an offset.
func from(data []byte, offset int64) []byte {
	return data[min(offset, int64(len(data))):]
}

// offsetOf returns the argument of REST as a number.
func offsetOf(rest *ftp.Exchange) int64 {
	offset, _ := strconv.ParseInt(rest.Argument, 10, 64)
	return max(0, offset)
}

// namesUnique is the rule that the mark of STOU has FILE: and the name, and no other line:
// RFC 1123, 4.1.2.9, prescribes its exact format.
func namesUnique(f *facts) Finding {
	e := f.find("STOU", "")
	switch {
	case e == nil:
		return f.notAsked("STOU")
	case len(e.Replies) == 0 || e.Replies[0].Code == 0:
		return breaks(lastFrame(e), "STOU: %s", codesText(e))
	}
	mark := e.Replies[0]
	switch {
	case mark.Code/100 != 1 || !strings.HasPrefix(mark.Text, "FILE: "):
		return breaks(mark.Packet, "%d in frame %d does not begin with FILE:", mark.Code, mark.Packet)
	case len(mark.Lines) > 1:
		return breaks(mark.Packet, "%d in frame %d has FILE: in the first of %s", mark.Code, mark.Packet, count(len(mark.Lines), "line"))
	}
	return keeps(mark.Packet, "%d in frame %d", mark.Code, mark.Packet)
}

// listsName is the rule that NLST of a folder has a file by the name under which the client, who
// is not in that folder, can ask for it.
func listsName(folder, name string) judge {
	return func(f *facts) Finding {
		all := f.all("NLST")
		i := slices.IndexFunc(all, func(e *ftp.Exchange) bool { return e.Argument == folder })
		if i < 0 {
			return f.notAsked(strings.TrimSpace("NLST " + folder))
		}
		c := f.completed(all[i])
		if c == nil {
			return notApplicable(lastFrame(all[i]), "%s: %s", asked(all[i]), codesText(all[i]))
		}
		frame := c.ServerFlow.FirstData
		for line := range strings.Lines(string(f.data[flow{c.ID, ftp.Server}])) {
			line = strings.TrimRight(line, "\r\n")
			switch {
			case line == name || strings.HasSuffix(line, "/"+name):
				return keeps(frame, "%s: %s", asked(all[i]), line)
			case strings.HasSuffix(line, path.Base(name)):
				return breaks(frame, "%s: %q, and not %s", asked(all[i]), line, name)
			}
		}
		return breaks(frame, "%s: %s is not in it", asked(all[i]), name)
	}
}

// sizeIsThat is the rule that SIZE says so many bytes.
func sizeIsThat(size int64) judge {
	return replyText("SIZE", "data.bin", fmt.Sprintf(`^%d$`, size), fmt.Sprintf("the number %d alone", size))
}

// joinsSegments is the rule that the server puts a command in two segments together. The
// command is USER: every server knows it, and answers its second part in another way.
func joinsSegments(f *facts) Finding {
	e := f.find("USER", "")
	if e == nil || e.FirstPacket == e.Packet {
		return f.notAsked("USER in two segments")
	}
	e = f.withStrays(e)
	seen := fmt.Sprintf("USER in frames %d and %d: %s", e.FirstPacket, e.Packet, codesText(e))
	if !answered(e) || !fits(e.Final(), "331", "230", "332") {
		return breaks(lastFrame(e), "%s", seen)
	}
	return keeps(lastFrame(e), "%s", seen)
}

// splitsSegment is the rule that each of two commands in one segment, NOOP and PWD,
// gets a reply of its own.
func splitsSegment(f *facts) Finding {
	first, second := f.find("NOOP", ""), f.find("PWD", "")
	if first == nil || second == nil {
		return f.notAsked("NOOP and PWD")
	}
	first, second = f.withStrays(first), f.withStrays(second)
	seen := fmt.Sprintf("NOOP: %s; PWD: %s", codesText(first), codesText(second))
	if !answered(first) || !answered(second) {
		return breaks(lastFrame(second), "%s", seen)
	}
	return keeps(lastFrame(second), "%s", seen)
}

// answersTelnet is the rule that the server refuses a Telnet option, and then answers a
// command as it does without the option.
func answersTelnet(f *facts) Finding {
	e := f.find("NOOP", "")
	if e == nil {
		return f.notAsked("NOOP")
	}
	what, refused := "no answer to DO ECHO", false
	for _, r := range e.Replies {
		for _, l := range r.Lines {
			if len(l.Telnet) > 0 {
				what, refused = ftp.TelnetNames(l.Telnet)+" for DO ECHO", bytes.Equal(l.Telnet, wontEcho)
			}
		}
	}
	e = f.withStrays(e)
	seen := fmt.Sprintf("NOOP after it: %s; %s", codesText(e), what)
	if !answered(e) || !refused {
		return breaks(lastFrame(e), "%s", seen)
	}
	all := f.all("NOOP")
	if len(all) < 2 {
		return f.notAsked("NOOP alone")
	}
	seen += "; NOOP alone: " + codesText(all[1])
	if e.Final() != all[1].Final() {
		return breaks(lastFrame(e), "%s", seen)
	}
	return keeps(lastFrame(e), "%s", seen)
}

// wontEcho is how a host refuses the option ECHO: IAC WONT ECHO (RFC 854, 857).
var wontEcho = []byte{255, 252, 1}

// abortsTransfer is the rule that ABOR ends a transfer: 426 to the transfer and 226 to
// ABOR, or 226 and 225 or 226 when it was over.
func abortsTransfer(f *facts) Finding {
	retr := f.find("RETR", "")
	abors := f.all("ABOR")
	if retr == nil || len(abors) < 2 {
		return f.notAsked("RETR and ABOR")
	}
	abor := abors[1]
	text := fmt.Sprintf("RETR: %s; ABOR: %s", codesText(retr), codesText(abor))
	aborted := retr.Final() == 426 && abor.Final() == 226
	complete := fits(retr.Final(), "226", "250") && fits(abor.Final(), "225", "226")
	switch late := f.sentAfterAbort(retr); {
	case complete && late > mostBuffered:
		return breaks(lastFrame(abor), "%s; it was not complete: %d bytes came after ABOR in frame %d", text, late, abor.Packet)
	case !aborted && !complete:
		return breaks(lastFrame(abor), "%s", text)
	}
	return keeps(lastFrame(abor), "%s", text)
}

// mostBuffered, in bytes, is more than a send buffer holds when the server has written a
// whole file. The hosts of the scenario have smaller buffers.
const mostBuffered = 2 << 20

// sentAfterAbort returns how much of a download the server sent after the last ABOR of
// the client, in bytes.
func (f *facts) sentAfterAbort(retr *ftp.Exchange) int64 {
	c := f.transfer(retr)
	if c == nil {
		return 0
	}
	return c.ServerFlow.Bytes - f.beforeAbort[flow{c.ID, ftp.Server}]
}

// lists is the rule that FEAT names a feature.
func lists(feature string) judge {
	form := regexp.MustCompile(`(?i)^` + feature + `([ ;].*)?$`)
	return func(f *facts) Finding {
		e := f.find("FEAT", "")
		switch {
		case e == nil:
			return f.notAsked("FEAT")
		case e.Final() != 211:
			return notApplicable(lastFrame(e), "FEAT: %s", codesText(e))
		}
		last := e.Replies[len(e.Replies)-1]
		for _, l := range last.Lines {
			if line := strings.TrimSpace(l.Text); form.MatchString(line) {
				return keeps(l.Packet, "%s in frame %d", line, l.Packet)
			}
		}
		return breaks(last.Packet, "%d in frame %d without %s", last.Code, last.Packet, feature)
	}
}

// featureLines is the rule that each feature has a line of its own, which begins with one
// space.
func featureLines(f *facts) Finding {
	e := f.find("FEAT", "")
	if e == nil || len(e.Replies) == 0 {
		return f.notAsked("FEAT")
	}
	r := e.Replies[len(e.Replies)-1]
	if r.Code == 0 {
		return notApplicable(r.Packet, "FEAT: %s", codeText(r))
	}
	for i, l := range r.Lines {
		if i > 0 && i < len(r.Lines)-1 && (!strings.HasPrefix(l.Text, " ") || strings.HasPrefix(l.Text, "  ")) {
			return breaks(l.Packet, "the line %q does not begin with one space", l.Text)
		}
	}
	return keeps(r.Packet, "%d in frame %d, %s", r.Code, r.Packet, count(max(0, len(r.Lines)-2), "feature"))
}

// lowerCase is the rule that a command may be in small letters.
func lowerCase(f *facts) Finding {
	for _, e := range f.session.Exchanges {
		if strings.HasPrefix(e.Line.Text, "type ") {
			e = f.heard(e)
			if !fits(e.Final(), "2") {
				return breaks(lastFrame(e), "%s: %s", e.Line.Text, codesText(e))
			}
			return keeps(lastFrame(e), "%s: %s", e.Line.Text, codesText(e))
		}
	}
	return f.notAsked("a command in small letters")
}

// namesProtocols is the rule that a command for an unknown network protocol gets 522 and a
// list of the protocols that the server has (RFC 2428, 2).
func namesProtocols(command, argument string) judge {
	return then(replies(command, argument, "522"), replyText(command, argument, `^[^()]*\(\d+(,\d+)*\)`, "a list of protocols"))
}

// noData is the rule that a command is refused, and nothing is sent.
func noData(command string) judge {
	return func(f *facts) Finding {
		e := f.find(command, "")
		switch {
		case e == nil:
			return f.notAsked(command)
		case !fits(e.Final(), "4", "5") || len(e.Replies) != 1:
			return breaks(lastFrame(e), "%s: %s", asked(e), codesText(e))
		}
		return keeps(lastFrame(e), "%s: %s", asked(e), codesText(e))
	}
}

// offersTLS is a rule about servers that name AUTH TLS in FEAT.
func offersTLS(then judge) judge {
	return func(f *facts) Finding {
		switch offer := lists("AUTH TLS")(f); offer.Verdict {
		case NotApplicable:
			return offer
		case Breaks:
			return notApplicable(offer.Frame, "FEAT does not name AUTH TLS")
		}
		return then(f)
	}
}
