package conform

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ftplab/lab/analysis/ftp"
)

func keeps(frame int, format string, args ...any) Finding {
	return Finding{Keeps, fmt.Sprintf(format, args...), frame}
}

func breaks(frame int, format string, args ...any) Finding {
	return Finding{Breaks, fmt.Sprintf(format, args...), frame}
}

func notApplicable(frame int, format string, args ...any) Finding {
	return Finding{NotApplicable, fmt.Sprintf(format, args...), frame}
}

// notAsked is the finding about a command that the session did not get to, with the reason for which
// the lab's own client ended it.
func (f *facts) notAsked(command string) Finding {
	if f.run.Failure != "" {
		command += ": " + f.run.Failure
	}
	return notApplicable(0, "the session ended before %s", command)
}

// codesText lists the replies to a command with their packets.
func codesText(e *ftp.Exchange) string {
	var parts []string
	for _, r := range e.Replies {
		parts = append(parts, codeText(r))
	}
	if len(parts) == 0 {
		return "no reply"
	}
	return strings.Join(parts, ", ")
}

// codeText is a reply with its packet. A line without a code is quoted, but not all of a long one.
func codeText(r *ftp.Reply) string {
	if r.Code == 0 {
		return fmt.Sprintf("%.80q in frame %d, which is not a reply", r.Text, r.Packet)
	}
	if cutShort(r) {
		return fmt.Sprintf("%d in frame %d, whose last line did not come", r.Code, r.Packet)
	}
	return fmt.Sprintf("%d in frame %d", r.Code, r.Packet)
}

// asked is a command as it was sent.
func asked(e *ftp.Exchange) string { return strings.TrimSpace(e.Command + " " + e.Argument) }

// lastFrame is the packet of the last reply to a command, or its own.
func lastFrame(e *ftp.Exchange) int {
	if n := len(e.Replies); n > 0 {
		return e.Replies[n-1].Packet
	}
	return e.Packet
}

// fits reports whether a code begins with one of the prefixes, such as 2 or 331.
func fits(code int, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(strconv.Itoa(code), p) })
}

// unknown reports whether a reply says that the server does not have the command.
func unknown(code int) bool { return code == 500 || code == 502 }

// replies is the rule that a command is answered by one final reply with one of
// the codes, which may be prefixes.
func replies(command, argument string, codes ...string) judge {
	return func(f *facts) Finding {
		e := f.find(command, argument)
		switch {
		case e == nil:
			return f.notAsked(strings.TrimSpace(command + " " + argument))
		case !fits(e.Final(), codes...):
			return breaks(lastFrame(e), "%s: %s", asked(e), codesText(e))
		}
		return keeps(lastFrame(e), "%s: %s", asked(e), codesText(e))
	}
}

// answered reports whether a command has one reply, which is final and comes when the
// command is whole.
func answered(e *ftp.Exchange) bool {
	return len(e.Replies) == 1 && e.Final() != 0 && e.Replies[0].Packet > e.Packet
}

// bare is replies for a command without an argument.
func bare(command string, codes ...string) judge {
	return func(f *facts) Finding {
		for _, e := range f.all(command) {
			if e.Argument == "" && !fits(e.Final(), codes...) {
				return breaks(lastFrame(e), "%s alone: %s", command, codesText(e))
			} else if e.Argument == "" {
				return keeps(lastFrame(e), "%s alone: %s", command, codesText(e))
			}
		}
		return f.notAsked(command + " alone")
	}
}

// optional is a rule about a command that a server may lack.
func optional(command, argument string, then judge) judge {
	return func(f *facts) Finding {
		if e := f.find(command, argument); e != nil && isLacking(e) {
			return notApplicable(lastFrame(e), "%s: %s", asked(e), codesText(e))
		}
		return then(f)
	}
}

// offered is a rule about a command that a server may lack, unless FEAT lists the feature.
func offered(feature, command, argument string, then judge) judge {
	inFEAT := lists(feature)
	return func(f *facts) Finding {
		found := optional(command, argument, then)(f)
		if e := f.find(command, argument); e != nil && isLacking(e) && inFEAT(f).Verdict == Keeps {
			return breaks(lastFrame(e), "FEAT lists %s, and %s: %s", feature, asked(e), codesText(e))
		}
		return found
	}
}

// isLacking reports whether a reply says that the server does not have a command, or not with this parameter.
func isLacking(e *ftp.Exchange) bool { return unknown(e.Final()) || e.Final() == 504 }

// given is a rule that applies only to a server that does something first. What the server does
// is shown by another rule.
func given(first, second judge) judge {
	return func(f *facts) Finding {
		if found := first(f); found.Verdict != Keeps {
			return notApplicable(found.Frame, "%s", found.Seen)
		}
		return second(f)
	}
}

// permitted is a rule about a command that the configuration of a server may refuse.
func permitted(command, argument string, then judge) judge {
	return func(f *facts) Finding {
		if e := f.find(command, argument); notPermitted(e) {
			return notApplicable(lastFrame(e), "%s is not permitted: %s", asked(e), codesText(e))
		}
		return then(f)
	}
}

// notPermitted reports whether a configuration may be why a command was refused.
func notPermitted(e *ftp.Exchange) bool {
	return e != nil && fits(e.Final(), "532", "550", "553", "451")
}

// needsRNFR is the rule that RNTO comes after RNFR. A configuration that permits no RNFR may refuse
// RNTO for that reason.
func needsRNFR(f *facts) Finding {
	alone := replies("RNTO", "something", "503")
	if notPermitted(f.find("RNFR", "README")) {
		alone = permitted("RNTO", "something", alone)
	}
	return alone(f)
}

// deletes is the rule about DELE of the file that RNTO made. If there is none, DELE may be refused for
// that reason.
func deletes(f *facts) Finding {
	of := permitted("DELE", "READ.ME", replies("DELE", "READ.ME", "250"))
	if notPermitted(f.find("DELE", "READ.ME")) {
		of = given(renames, of)
	}
	return of(f)
}

// renames is the rule that RNFR and RNTO give README another name.
func renames(f *facts) Finding {
	return each(replies("RNFR", "README", "350"), replies("RNTO", "READ.ME", "250"))(f)
}

// letsIn is a rule about the command that ends a login, if the server lets the user in, or asks for an
// account.
func letsIn(command string, then judge) judge {
	return func(f *facts) Finding {
		if e := f.find(command, ""); e != nil && !fits(e.Final(), "2", "332") {
			return notApplicable(lastFrame(e), "%s: %s", asked(e), codesText(e))
		}
		return then(f)
	}
}

// known is the rule that a server has a command: it does not say 500, 502 or
// that the parameter is not implemented.
func known(command, argument string) judge {
	return func(f *facts) Finding {
		e := f.find(command, argument)
		switch {
		case e == nil:
			return f.notAsked(strings.TrimSpace(command + " " + argument))
		case e.Final() == 0 || isLacking(e):
			return breaks(lastFrame(e), "%s: %s", asked(e), codesText(e))
		}
		return keeps(lastFrame(e), "%s: %s", asked(e), codesText(e))
	}
}

// then is a rule that holds if both hold. Its finding is that of the second.
func then(first, second judge) judge {
	return func(f *facts) Finding {
		if finding := first(f); finding.Verdict != Keeps {
			return finding
		}
		return second(f)
	}
}

// each is a rule that holds if all hold. Its finding has the evidence of each.
func each(judges ...judge) judge {
	return func(f *facts) Finding {
		all := Finding{Verdict: Keeps}
		for _, j := range judges {
			one := j(f)
			if one.Verdict != Keeps {
				return one
			}
			all.Seen, all.Frame = strings.TrimPrefix(all.Seen+"; "+one.Seen, "; "), one.Frame
		}
		return all
	}
}

// preliminaryThenFinal is the rule that a transfer has a preliminary reply, and then a final one.
func preliminaryThenFinal(command string) judge {
	return func(f *facts) Finding {
		e := f.find(command, "")
		if e == nil {
			return f.notAsked(command)
		}
		first := len(e.Replies) > 0 && e.Replies[0].Code/100 == 1
		finals := 0
		for _, r := range e.Replies {
			if r.Code >= 200 {
				finals++
			}
		}
		if !first || finals != 1 || !fits(e.Final(), "2") {
			return breaks(lastFrame(e), "%s: %s", asked(e), codesText(e))
		}
		return keeps(lastFrame(e), "%s: %s", asked(e), codesText(e))
	}
}

// endsAfterData is the rule that the final reply to a command comes after the data.
func endsAfterData(command string) judge {
	return transferred(command, func(e *ftp.Exchange, c *ftp.Connection) Finding {
		last := max(c.ServerFlow.LastData, c.ClientFlow.LastData)
		if last == 0 {
			return notApplicable(lastFrame(e), "no data came: %s", codesText(e))
		}
		format := "the last data in frame %d, %s"
		i := slices.IndexFunc(e.Replies, func(r *ftp.Reply) bool { return r.Code >= 200 })
		if i < 0 || e.Replies[i].Packet < last {
			return breaks(lastFrame(e), format, last, codesText(e))
		}
		return keeps(e.Replies[i].Packet, format, last, codesText(e))
	})
}

// preliminaryFirst is the rule that no data comes before the preliminary reply.
func preliminaryFirst(command string) judge {
	return transferred(command, func(e *ftp.Exchange, c *ftp.Connection) Finding {
		data := c.ServerFlow.FirstData
		switch {
		case data == 0:
			return notApplicable(lastFrame(e), "no data came: %s", codesText(e))
		case len(e.Replies) == 0 || e.Replies[0].Code/100 != 1 || e.Replies[0].Packet > data:
			return breaks(data, "the first data in frame %d, %s", data, codesText(e))
		}
		return keeps(e.Replies[0].Packet, "%d in frame %d, the first data in frame %d", e.Replies[0].Code, e.Replies[0].Packet, data)
	})
}

// serverCloses is the rule that the server closes the data connection in order.
func serverCloses(command string) judge {
	return transferred(command, func(e *ftp.Exchange, c *ftp.Connection) Finding {
		switch {
		case len(e.Replies) == 0 || e.Replies[0].Code/100 != 1:
			return notApplicable(lastFrame(e), "%s has no preliminary reply: %s", asked(e), codesText(e))
		case c.ServerFlow.Bytes == 0 && !fits(e.Final(), "2"):
			return notApplicable(lastFrame(e), "no data came: %s", codesText(e))
		case c.ResetBy != "":
			return breaks(c.Flow(c.ResetBy).RST, "the %s resets the data connection in frame %d", c.ResetBy, c.Flow(c.ResetBy).RST)
		case c.FirstFIN == "":
			return breaks(c.LastPacket, "neither side closes the data connection")
		case c.FirstFIN != ftp.Server:
			return breaks(c.ClientFlow.FIN, "the %s closes first, in frame %d", c.FirstFIN, c.ClientFlow.FIN)
		}
		return keeps(c.ServerFlow.FIN, "the server's FIN in frame %d", c.ServerFlow.FIN)
	})
}

// fromPortBelow is the rule that the server connects from the port below the control
// port.
func fromPortBelow(command string) judge {
	return func(f *facts) Finding {
		below := f.session.Control.Server.Port() - 1
		return transferred(command, func(_ *ftp.Exchange, c *ftp.Connection) Finding {
			if c.Server.Port() != below {
				return breaks(c.FirstPacket, "it connects from port %d, not %d", c.Server.Port(), below)
			}
			return keeps(c.FirstPacket, "it connects from port %d", below)
		})(f)
	}
}

// comesTo is the rule that the data connection comes to the port that was
// announced by a command.
func comesTo(command, announcedBy string) judge {
	compare := transferred(command, func(_ *ftp.Exchange, c *ftp.Connection) Finding {
		if c.DataPort == nil || c.DataPort.Command != announcedBy {
			return breaks(c.FirstPacket, "the data connection is not to the port of %s", announcedBy)
		}
		announced := c.DataPort.Packet
		if c.DataPort.Mode == ftp.Passive {
			announced = c.DataPort.ReplyPacket // the server has chosen the port
		}
		return keeps(c.FirstPacket, "frame %d is to port %d, announced in frame %d", c.FirstPacket, c.DataPort.Addr.Port(), announced)
	})
	return func(f *facts) Finding {
		e := f.find(command, "")
		switch {
		case e == nil && f.notConnected(announcedBy):
			at := f.find(announcedBy, "")
			return breaks(lastFrame(at), "%s: %s, and no data connection%s", asked(at), codesText(at), strings.TrimSuffix(": "+f.run.Failure, ": "))
		case e != nil && f.transfer(e) == nil && len(e.Replies) > 0 && !fits(e.Final(), "45", "5"):
			return breaks(lastFrame(e), "%s: %s, and no data connection", asked(e), codesText(e))
		}
		return compare(f)
	}
}

// notConnected reports whether the client, which asks for a file when it is connected to a passive
// server, has not come to the port of a command.
func (f *facts) notConnected(announcedBy string) bool {
	for _, c := range f.connections {
		if c.DataPort != nil && c.DataPort.Command == announcedBy && c.HandshakeSeen {
			return false
		}
	}
	return announcedBy == "PASV" || announcedBy == "EPSV"
}

// transferred is a rule about the data connection of a command.
func transferred(command string, then func(*ftp.Exchange, *ftp.Connection) Finding) judge {
	return func(f *facts) Finding {
		e := f.find(command, "")
		if e == nil {
			return f.notAsked(command)
		}
		c := f.transfer(e)
		if c == nil {
			return notApplicable(lastFrame(e), "%s has no data connection: %s", asked(e), codesText(e))
		}
		return then(e, c)
	}
}

// lineEnds is the rule that each line of a listing ends with CR LF. A listing that failed may
// end in the middle of a line.
func lineEnds(command string) judge {
	return func(f *facts) Finding {
		return transferred(command, func(e *ftp.Exchange, c *ftp.Connection) Finding {
			text := string(f.data[flow{c.ID, ftp.Server}])
			frame := c.ServerFlow.FirstData
			if bare := strings.Count(text, "\n") - strings.Count(text, "\r\n"); bare > 0 {
				return breaks(frame, "%d of %s with a bare LF at the end", bare, count(strings.Count(text, "\n"), "line"))
			}
			if text == "" || fits(e.Final(), "4", "5") {
				return notApplicable(lastFrame(e), "%s: %s, and %s of data", asked(e), codesText(e), count(len(text), "byte"))
			}
			if !strings.HasSuffix(text, "\r\n") {
				return breaks(frame, "the last line has no end")
			}
			return keeps(frame, "%s, each with CR LF", count(strings.Count(text, "\n"), "line"))
		})(f)
	}
}

// count is a number with its noun.
func count(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "y"):
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(noun, "y"))
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// entry is the form of the facts in MLSD and MLST: facts, perhaps none, a space and the name
// (RFC 3659, 7.2).
const entry = `(?:[^=; ]+=[^; ]*;)* [^\n]+`

// isListed is the rule that MLSD is a transfer: any other success sends no listing.
func isListed(f *facts) Finding {
	e := f.find("MLSD", "")
	switch {
	case e == nil:
		return f.notAsked("MLSD")
	case fits(e.Final(), "2") && !fits(e.Final(), "226", "250"):
		return breaks(lastFrame(e), "MLSD: %s", codesText(e))
	}
	return keeps(lastFrame(e), "MLSD: %s", codesText(e))
}

// machineListing is the rule for the lines of MLSD.
func machineListing(f *facts) Finding {
	form := regexp.MustCompile("^" + entry + "$")
	return transferred("MLSD", func(_ *ftp.Exchange, c *ftp.Connection) Finding {
		entries := strings.Split(strings.TrimSuffix(string(f.data[flow{c.ID, ftp.Server}]), "\r\n"), "\r\n")
		for _, line := range entries {
			if !form.MatchString(line) {
				return breaks(c.ServerFlow.FirstData, "the line %q is not facts, a space and a name", line)
			}
		}
		return keeps(c.ServerFlow.FirstData, "%s", count(len(entries), "line"))
	})(f)
}

// replyText is the rule that the text of the reply to a command is of a form
// that the RFC prescribes.
func replyText(command, argument, form, what string) judge {
	pattern := regexp.MustCompile(form)
	return func(f *facts) Finding {
		e := f.find(command, argument)
		if e == nil || len(e.Replies) == 0 {
			return f.notAsked(command)
		}
		last := e.Replies[len(e.Replies)-1]
		if last.Code == 0 {
			return notApplicable(last.Packet, "%s: %s", asked(e), codesText(e))
		}
		if !pattern.MatchString(last.Text) {
			return breaks(last.Packet, "%d in frame %d without %s", last.Code, last.Packet, what)
		}
		return keeps(last.Packet, "%d in frame %d with %s", last.Code, last.Packet, what)
	}
}
