package forge

import (
	"fmt"
	"net/netip"
	"strings"
)

// The hosts of most sessions.
const (
	Client = "198.51.100.100"
	Server = "192.0.2.21"
)

// Login is the beginning of a dialogue, and Quit its end.
const (
	Login = `
		< 220 ready
		> USER ada
		< 331 Password, please
		> PASS secret
		< 230 Logged in`
	Quit = `
		> QUIT
		< 221 Goodbye`
)

// Control opens a control connection between the usual hosts, and returns the client's end.
func (c *Capture) Control() *End {
	client, _ := c.Dial(Client, Server+":21")
	return client
}

// Say sends a dialogue: this end sends the lines that begin with >, the other end those with <,
// each in a segment of its own. A + continues the segment. It returns the end itself.
func (e *End) Say(dialogue string) *End {
	from, segment := e, ""
	flush := func() {
		if segment != "" {
			from.Segment("P.", segment)
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(dialogue), "\n") {
		line = strings.TrimLeft(line, " \t")
		if line == "" {
			continue
		}
		text := strings.TrimPrefix(line[1:], " ") + "\r\n"
		switch line[0] {
		case '+':
			segment += text
			continue
		case '>':
			flush()
			from = e
		case '<':
			flush()
			from = e.Peer
		default:
			panic("forge: a line of a dialogue begins with >, < or +: " + line)
		}
		segment = text
	}
	flush()
	return e
}

// A Session is a control connection after its login.
type Session struct {
	Capture        *Capture
	Client, Server *End
}

// Login opens a session between the usual hosts and logs in.
func (c *Capture) Login() Session {
	client, server := c.Dial(Client+":3171", Server+":21")
	server.Send("220 FTP server ready.\r\n")
	s := Session{c, client, server}
	s.Ask("USER anonymous", "331 Guest login ok.")
	s.Ask("PASS me@mypc.test", "230 Logged in.")
	return s
}

// Ask sends a command and its replies.
func (s Session) Ask(command string, replies ...string) {
	s.Client.Send(command + "\r\n")
	for _, r := range replies {
		s.Server.Send(r + "\r\n")
	}
}

// Active makes a transfer in active mode, to a port of the client. The client sends the data of
// STOR and APPE, and the server that of other commands.
func (s Session) Active(port uint16, command, data string) {
	client := netip.AddrPortFrom(s.Client.Addr.Addr(), port)
	s.Ask("PORT "+HostPort(client), "200 PORT command successful.")
	s.Client.Send(command + "\r\n")
	from, to := s.Capture.Dial(Server+":20", client.String())
	s.Server.Send("150 Opening data connection.\r\n")
	if strings.HasPrefix(command, "STOR") || strings.HasPrefix(command, "APPE") {
		from = to
	}
	if data != "" {
		from.Send(data)
	}
	from.Close()
	s.Server.Send("226 Transfer complete.\r\n")
}

// Quit ends a session.
func (s Session) Quit() {
	s.Ask("QUIT", "221 Goodbye.")
	s.Server.Close()
}

// HostPort writes an address of IPv4 as PORT and 227 do: h1,h2,h3,h4,p1,p2.
func HostPort(a netip.AddrPort) string {
	return fmt.Sprintf("%s,%d,%d", strings.ReplaceAll(a.Addr().String(), ".", ","), a.Port()>>8, a.Port()&255)
}
