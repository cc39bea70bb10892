package report

import (
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/report/text"
	"ftplab/lab/analysis/tls"
)

// factStory returns some sentences about a capture: who talked to whom, how the data was
// transferred, what there was besides FTP, and how it ended.
func (r *Report) factStory() string {
	t, x, b := r.Trace, &r.surveyed.transfer, &r.surveyed.beside
	if t.NumSessions() == 0 {
		return x.noFTPStory(t)
	}
	sentences := []string{x.whoStory(t, r.hosts), x.dataStory(t, r.hosts, b)}
	if beside := b.story(); beside != "" {
		sentences = append(sentences, beside)
	}
	return strings.Join(append(sentences, x.endStory()), " ")
}

// noFTPStory says what there is in a capture without a dialogue of FTP.
func (x *transferSurvey) noFTPStory(t *capture.Capture) string {
	all := fmt.Sprintf("in this capture: %s, %s of TCP", counted(t.Size, "packet"), counted(t.NumConnections(), "connection"))
	if x.tls == 0 {
		return fmt.Sprintf("There is no FTP %s.", all)
	}
	return fmt.Sprintf("There is no dialogue of FTP %s. Nothing shows whether %s in TLS carried data of FTPS.", all, counted(x.tls, "connection"))
}

// A transferSurvey has the counts of all connections for the story.
type transferSurvey struct {
	clients, servers map[netip.Addr]bool  // of control connections
	openedBy         map[ftp.Side]openers // of data connections
	data             int
	tls              int   // connections in TLS that may be data connections
	bytes            int64 // of data
	ends             endSurvey
	atLeast          bool  // bytes and missing may be higher
	missing          int64 // bytes
}

// openers are the hosts of a side that opened connections.
type openers struct {
	connections int
	first       *ftp.Connection
	several     bool // hosts
}

// add takes the next connection.
func (o openers) add(c *ftp.Connection, by ftp.Side) openers {
	if o.first == nil {
		o.first = c
	}
	o.connections++
	o.several = o.several || c.Addr(by).Addr() != o.first.Addr(by).Addr()
	return o
}

// otherHost is none of the two sides of the session.
const otherHost ftp.Side = "other host"

func newTransferSurvey() transferSurvey {
	return transferSurvey{clients: map[netip.Addr]bool{}, servers: map[netip.Addr]bool{}, openedBy: map[ftp.Side]openers{}}
}

// add takes the next connection.
func (x *transferSurvey) add(c *ftp.Connection) {
	x.ends.add(c)
	switch c.Role {
	case ftp.Other:
		if c.TLS != nil {
			x.tls++
		}
		return
	case ftp.Control:
		x.clients[c.Client.Addr()], x.servers[c.Server.Addr()] = true, true
	case ftp.Data:
		by := c.OpenedBy
		if c.IsOtherHost(by) {
			by = otherHost
		}
		x.openedBy[by] = x.openedBy[by].add(c, c.OpenedBy)
		x.bytes += c.ClientFlow.Bytes + c.ServerFlow.Bytes + c.Missing()
		x.atLeast = x.atLeast || c.Lacks(ftp.Client).After+c.Lacks(ftp.Server).After > 0
		x.data++
	}
	x.missing += c.Missing()
}

func (x *transferSurvey) whoStory(t *capture.Capture, hosts lanes) string {
	if t.NumSessions() == 1 {
		for s := range t.Sessions() {
			return hosts.dialogueStory(s)
		}
	}
	return fmt.Sprintf("%s of FTP between %s and %s.",
		counted(t.NumSessions(), "session"), counted(len(x.clients), "client"), counted(len(x.servers), "server"))
}

// dialogueStory says who talked to whom in a session, and how much.
func (ls lanes) dialogueStory(s *ftp.Session) string {
	c := s.Control
	client := upperFirst(ls.partyName(c, ftp.Client))
	who := fmt.Sprintf("%s %s talks to the FTP server %s on port %d", client, c.Client.Addr().Unmap(), c.Server.Addr().Unmap(), c.Server.Port())
	switch {
	case s.Layer != nil && s.Layer.InMiddle:
		return who + ", as far as the port tells: the capture begins inside TLS."
	case s.Hidden && s.Layer != nil && s.Layer.Keys() == tls.KeysFit:
		return who + "; the dialogue is encrypted, and its keys show only a part of it."
	case s.Protection != nil:
		return fmt.Sprintf("%s; the dialogue is protected by %s.", who, visible(s.Protection.String()))
	case s.Hidden:
		return who + "; the dialogue is encrypted."
	case s.User != "" && s.LoggedIn():
		return fmt.Sprintf("%s, logs in as %s and gives %s.", who, visible(s.User), counted(len(s.Exchanges), "command"))
	case s.User != "":
		return fmt.Sprintf("%s, tries to log in as %s and gives %s.", who, visible(s.User), counted(len(s.Exchanges), "command"))
	}
	return fmt.Sprintf("%s and gives %s.", who, counted(len(s.Exchanges), "command"))
}

func (x *transferSurvey) dataStory(t *capture.Capture, hosts lanes, beside *besideSurvey) string {
	if x.data == 0 && t.AnyHidden() {
		return "Whether anything was transferred cannot be seen."
	}
	switch {
	case x.data == 0 && beside.announced:
		return "No command in the capture announces a data connection."
	case x.data == 0 && len(beside.connections) > 0:
		return "There is no data connection."
	case x.data == 0:
		return "Nothing is transferred: there is no data connection."
	}
	by := func(side ftp.Side) string {
		if o := x.openedBy[side]; o.first != nil && !o.several {
			return hosts.partyName(o.first, side)
		}
		return string(side) + "s"
	}
	ways := []string{}
	for _, way := range []struct {
		side ftp.Side
		text string
	}{
		{ftp.Server, "opened by " + by(ftp.Server) + " (active mode)"},
		{ftp.Client, "opened by " + by(ftp.Client) + " (passive mode)"},
		{otherHost, "opened from another address than that of the session's party"},
		{"", "open before the capture began"},
	} {
		switch n := x.openedBy[way.side].connections; n {
		case 0:
		case x.data:
			ways = append(ways, way.text)
		default:
			ways = append(ways, fmt.Sprintf("%d %s", n, way.text))
		}
	}
	return fmt.Sprintf("%s, %s, carried %s.", counted(x.data, "data connection"), strings.Join(ways, " and "), orMore(x.atLeast)+counted(x.bytes, "byte"))
}

func (x *transferSurvey) endStory() string {
	parts := x.ends.texts()
	if x.missing > 0 {
		parts = append(parts, orMore(x.atLeast)+counted(x.missing, "byte")+" that were sent are not in the capture")
	}
	if len(parts) == 0 {
		return "Every connection was closed from both sides."
	}
	return upperFirst(strings.Join(parts, "; ")) + "."
}

// orMore returns the words before a number that may be higher, "" for other numbers.
func orMore(higher bool) string {
	if higher {
		return "at least "
	}
	return ""
}

// Sentences between the packets of the ladder, where a connection begins or ends.

// opens says how a connection was opened; name has its article.
func (ls lanes) opens(c *ftp.Connection, name string) string {
	if c.OpenedBy == "" {
		return upperFirst(name) + unopened(c) + inferred(c) + "."
	}
	by := c.OpenedBy
	sentence := fmt.Sprintf("%s opens %s: from its port %d to port %d of %s",
		upperFirst(ls.partyName(c, by)), name, c.Addr(by).Port(), c.Addr(by.Other()).Port(), ls.partyName(c, by.Other()))
	a := c.DataPort
	if a != nil && !a.PortLost {
		packet := a.Packet
		if a.Mode == ftp.Passive {
			packet = max(a.ReplyPacket, a.Packet)
		}
		sentence += fmt.Sprintf(", which %s announced in frame %d", a.Line(), packet)
	}
	if c.Role == ftp.Data && c.Transfer != nil {
		sentence += ". It is for " + transferName(c)
	}
	return sentence + inferred(c) + "."
}

// inferred says why a connection that nothing announces is a data connection; "" for others.
func inferred(c *ftp.Connection) string {
	if !c.Inferred {
		return ""
	}
	return ". " + upperFirst(c.WhyInferred()) + "; its hosts, its ports and its time make it a data connection"
}

// unopened says why the capture does not show who opened a connection.
func unopened(c *ftp.Connection) string {
	if c.LostHandshake() {
		return " has no SYN in the capture"
	}
	return " was open before the capture began"
}

// announcedBy says what a connection is and which command announced it, in words that
// are the same in every run.
func (ls lanes) announcedBy(c *ftp.Connection, name string) string {
	if c.OpenedBy == "" {
		return upperFirst(name) + unopened(c) + "."
	}
	sentence := fmt.Sprintf("%s opens %s", upperFirst(ls.partyName(c, c.OpenedBy)), name)
	if a := c.DataPort; a != nil && a.Mode == ftp.Passive {
		sentence += fmt.Sprintf(", which the reply to %s announced", a.Command)
	} else if a != nil {
		sentence += fmt.Sprintf(", which %s announced", a.Command)
	}
	if c.Role == ftp.Data && c.Transfer != nil {
		sentence += ", for " + transferName(c)
	}
	return sentence + "."
}

// closes says how a connection ended; "" if the capture does not show it.
func (r *Report) closes(c *ftp.Connection, name string) string {
	by := ""
	if c.ResetBy != "" {
		by = r.hosts.partyName(c, c.ResetBy)
	}
	switch place := r.Trace.RefusedBefore(c); {
	case place != "":
		return fmt.Sprintf("%s is refused by something on the path, in the name of %s: no packet of it was recorded at %s, where the other connections of these hosts were.", upperFirst(name), by, visible(place))
	case c.Refused():
		return fmt.Sprintf("%s is refused: %s.", upperFirst(name), text.WhyRefused(c, by, r.Trace.RefusedByHost(c)))
	case c.ResetBy != "":
		return fmt.Sprintf("%s has been reset by %s.", upperFirst(name), by)
	case c.ClientFlow.FIN == 0 || c.ServerFlow.FIN == 0:
		return ""
	}
	return fmt.Sprintf("%s is closed.%s", upperFirst(name), carried(c))
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	_, n := utf8.DecodeRuneInString(s)
	return strings.ToUpper(s[:n]) + s[n:]
}
