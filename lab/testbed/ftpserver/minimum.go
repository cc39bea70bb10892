package ftpserver

import "strings"

// unimplemented is a command that the library does not have. It answers with
// 502, in whose place the session says a reply of its own.
const unimplemented = "ADAT\r\n"

// answer has the library refuse a command, and says a reply of the session's own
// in place of that.
func (s *session) answer(reply Reply) []byte {
	s.refuse(reply)
	return []byte(unimplemented)
}

// answered answers the commands that the RFCs ask for and the library lacks or
// answers otherwise. It returns nil for all others.
func (s *session) answered(verb, argument string) []byte {
	argument = strings.ToUpper(strings.TrimSpace(argument))
	switch verb {
	case "USER":
		if argument == "" {
			return s.answer(Reply{501, "USER needs a name"})
		}
	case "HELP":
		return s.answer(Reply{214, "This server has the commands of RFC 959, 2389, 2428 and 3659"})
	case "ACCT":
		return s.answer(Reply{202, "This server needs no account"}) // RFC 959, 5.4
	case "STRU":
		if argument == "F" { // the only structure, which RFC 959, 5.1, asks of every server
			return []byte("NOOP\r\n")
		}
		return s.answer(Reply{504, "The only structure is F"})
	case "OPTS":
		if option, _, _ := strings.Cut(argument, " "); option != "UTF8" {
			return s.answer(Reply{501, "There is no such option"}) // RFC 2389, 4
		}
	case "EPRT":
		either := len(s.server.config.Addresses) > 1 && s.server.config.ThirdParty
		if protocol := protocolOf(argument); protocol != "" && protocol != s.protocol() && !(either && (protocol == "1" || protocol == "2")) {
			return s.answer(Reply{522, "Network protocol not supported, use (" + s.protocol() + ")"})
		}
	case "EPSV":
		if argument != "" && argument != s.protocol() && argument != "ALL" {
			return s.answer(Reply{522, "Network protocol not supported, use (" + s.protocol() + ")"})
		}
	}
	return s.onlyEPSV(verb, argument)
}

// onlyEPSV refuses all that sets up data connections except EPSV, once the
// client has said EPSV ALL (RFC 2428, 3).
func (s *session) onlyEPSV(verb, argument string) []byte {
	switch {
	case verb == "EPSV" && argument == "ALL":
		s.epsvOnly = true
		return []byte("NOOP\r\n")
	case s.epsvOnly && (verb == "PORT" || verb == "PASV" || verb == "EPRT"):
		return s.answer(Reply{503, "Only EPSV comes after EPSV ALL"})
	}
	return nil
}

// protocol is the number of the session's network protocol (RFC 2428, 2).
func (s *session) protocol() string {
	if s.peer.Is4() {
		return "1"
	}
	return "2"
}

// protocolOf returns the protocol in the argument of EPRT, or "" if it has none.
func protocolOf(argument string) string {
	if argument == "" {
		return ""
	}
	protocol, _, _ := strings.Cut(argument[1:], argument[:1])
	return protocol
}

// Telnet's commands about options (RFC 854).
const (
	telnetIAC  = 255
	telnetWill = 251
	telnetWont = 252
	telnetDo   = 253
	telnetDont = 254
)

// refuseOptions takes Telnet's options out of a line, and the other commands of Telnet in front of
// it. It refuses the options that the client asks for or offers (RFC 1123, 4.1.2.12).
func (c *controlConn) refuseOptions(line []byte) []byte {
	kept := line[:0:0]
	for i := 0; i < len(line); i++ {
		if line[i] != telnetIAC || i+2 >= len(line) || line[i+1] < telnetWill || line[i+1] > telnetDont {
			kept = append(kept, line[i])
			if line[i] == telnetIAC && i+1 < len(line) { // the byte that belongs to it
				i++
				kept = append(kept, line[i])
			}
			continue
		}
		switch line[i+1] {
		case telnetDo:
			c.sendTelnet(telnetIAC, telnetWont, line[i+2])
		case telnetWill:
			c.sendTelnet(telnetIAC, telnetDont, line[i+2])
		}
		i += 2
	}
	return afterTelnet(kept)
}

// afterTelnet returns a line without the Telnet commands in front of it, such as the IP and Synch
// that may come before ABOR (RFC 959, 4.1.3). The network may have taken the urgent byte of the Synch
// out of them.
func afterTelnet(line []byte) []byte {
	const least = 240 // of the bytes of Telnet commands
	for len(line) > 0 && line[0] >= least {
		line = line[1:]
	}
	return line
}

func (c *controlConn) sendTelnet(command ...byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.Write(command) // whose error the next reply meets, too
}
