package report

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// factStory tells in three sentences what a capture shows: who talked to
// whom, how the data went, and how it ended.
func factStory(t *capture.Capture) string {
	if t.NumSessions() == 0 {
		return fmt.Sprintf("There is no FTP in this capture: %s, %s of TCP.",
			counted(t.Size, "packet"), counted(t.NumConnections(), "connection"))
	}
	return strings.Join([]string{whoStory(t), dataStory(t), endStory(t)}, " ")
}

func whoStory(t *capture.Capture) string {
	clients, servers := map[netip.Addr]bool{}, map[netip.Addr]bool{}
	only := ""
	for s := range t.Sessions() {
		clients[s.Control.Client.Addr()] = true
		servers[s.Control.Server.Addr()] = true
		only = dialogueStory(s)
	}
	if t.NumSessions() == 1 {
		return only
	}
	return fmt.Sprintf("%s of FTP between %s and %s.",
		counted(t.NumSessions(), "session"), counted(len(clients), "client"), counted(len(servers), "server"))
}

// dialogueStory tells who talked to whom in a session, and how much.
func dialogueStory(s *ftp.Session) string {
	c := s.Control
	who := fmt.Sprintf("The client %s talks to the FTP server %s on port %d", c.Client.Addr().Unmap(), c.Server.Addr().Unmap(), c.Server.Port())
	switch {
	case s.TLS:
		return who + "; the dialogue is encrypted."
	case s.User != "" && loggedIn(s):
		return fmt.Sprintf("%s, logs in as %s and gives %s.", who, visible(s.User), counted(len(s.Exchanges), "command"))
	case s.User != "":
		return fmt.Sprintf("%s, tries to log in as %s and gives %s.", who, visible(s.User), counted(len(s.Exchanges), "command"))
	}
	return fmt.Sprintf("%s and gives %s.", who, counted(len(s.Exchanges), "command"))
}

// anyTLS reports whether the dialogue of a session is encrypted.
func anyTLS(t *capture.Capture) bool {
	for s := range t.Sessions() {
		if s.TLS {
			return true
		}
	}
	return false
}

// loggedIn reports whether the capture shows a login that succeeded.
func loggedIn(s *ftp.Session) bool {
	return slices.ContainsFunc(s.Exchanges, func(e *ftp.Exchange) bool {
		return (e.Command == "USER" || e.Command == "PASS" || e.Command == "ACCT") && e.Final()/100 == 2
	})
}

func dataStory(t *capture.Capture) string {
	by := map[ftp.Side]int{}
	var bytes int64
	total := 0
	for c := range t.Connections() {
		if c.Role == ftp.Data {
			by[c.OpenedBy]++
			bytes += c.ClientFlow.Bytes + c.ServerFlow.Bytes
			total++
		}
	}
	if total == 0 && anyTLS(t) {
		return "Whether anything was transferred cannot be seen."
	}
	if total == 0 {
		return "Nothing is transferred: there is no data connection."
	}
	ways := []string{}
	for _, way := range []struct {
		side ftp.Side
		text string
	}{
		{ftp.Server, "opened by the server (active mode)"},
		{ftp.Client, "opened by the client (passive mode)"},
		{"", "open before the capture began"},
	} {
		switch by[way.side] {
		case 0:
		case total:
			ways = append(ways, way.text)
		default:
			ways = append(ways, fmt.Sprintf("%d %s", by[way.side], way.text))
		}
	}
	return fmt.Sprintf("%s, %s, carried %s.", counted(total, "data connection"), strings.Join(ways, " and "), counted(bytes, "byte"))
}

func endStory(t *capture.Capture) string {
	reset, open, missing := 0, 0, int64(0)
	for c := range t.Connections() {
		if c.Role == ftp.Other {
			continue
		}
		missing += c.Missing()
		switch {
		case c.ResetBy != "":
			reset++
		case c.ClientFlow.FIN == 0 || c.ServerFlow.FIN == 0:
			open++
		}
	}
	var parts []string
	if reset > 0 {
		parts = append(parts, counted(reset, "connection")+" ended with a reset")
	}
	if open > 0 {
		parts = append(parts, counted(open, "connection")+" did not end before the capture did")
	}
	if missing > 0 {
		parts = append(parts, counted(missing, "byte")+" that were sent are not in the capture")
	}
	if len(parts) == 0 {
		return "Every connection was closed from both sides."
	}
	return upperFirst(strings.Join(parts, "; ")) + "."
}

// stage sentences stand between the packets of the ladder, where a connection
// begins or ends.

// opens tells how a connection came about; name has its article.
func opens(c *ftp.Connection, name string) string {
	if c.OpenedBy == "" {
		return fmt.Sprintf("%s was open before the capture began.", upperFirst(name))
	}
	by := c.OpenedBy
	sentence := fmt.Sprintf("The %s opens %s: from its port %d to port %d of the %s",
		by, name, c.Addr(by).Port(), c.Addr(by.Other()).Port(), by.Other())
	if a := c.DataPort; a != nil {
		packet := a.Packet
		how := a.Command
		if a.Mode == ftp.Passive {
			packet, how = max(a.ReplyPacket, a.Packet), "the reply to "+a.Command
		}
		sentence += fmt.Sprintf(", which %s announced in frame %d", how, packet)
	}
	if c.Role == ftp.Data && c.Transfer != nil {
		sentence += ". It is for " + transferName(c)
	}
	return sentence + "."
}

// announcedBy tells, in words that are the same in every run, what a connection
// is and which command announced it.
func announcedBy(c *ftp.Connection, name string) string {
	if c.OpenedBy == "" {
		return fmt.Sprintf("%s was open before the capture began.", upperFirst(name))
	}
	sentence := fmt.Sprintf("The %s opens %s", c.OpenedBy, name)
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

// closes tells how a connection ended; "" if the capture does not show it.
func closes(c *ftp.Connection, name string) string {
	switch {
	case c.ResetBy != "":
		return fmt.Sprintf("%s has been reset by the %s.", upperFirst(name), c.ResetBy)
	case c.ClientFlow.FIN == 0 || c.ServerFlow.FIN == 0:
		return ""
	case c.Role == ftp.Data:
		return fmt.Sprintf("%s is closed. It carried %s.", upperFirst(name), counted(c.ClientFlow.Bytes+c.ServerFlow.Bytes, "byte"))
	}
	return fmt.Sprintf("%s is closed.", upperFirst(name))
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
