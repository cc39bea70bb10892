package ftpserver

import (
	"fmt"
	"slices"
	"strings"
)

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
	if endsInAttention(verb) {
		return s.answer(Reply{500, fmt.Sprintf("Unknown command %q", verb)})
	}
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

// endsInAttention reports whether a command ends in one of those before which Telnet's Synch may come (RFC 959, 4.1.3). The
// library obeys the end of such a command, whatever is before it. The Synch has been taken out here.
func endsInAttention(verb string) bool {
	return slices.ContainsFunc([]string{"ABOR", "STAT", "QUIT"}, func(end string) bool {
		return verb != end && strings.HasSuffix(verb, end)
	})
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

// Telnet's commands (RFC 854): those from SE on, and those about options, which the option follows.
const (
	telnetIAC  = 255
	telnetSE   = 240
	telnetWill = 251
	telnetWont = 252
	telnetDo   = 253
	telnetDont = 254
)

// refuseOptions takes Telnet's commands out of a line. It refuses the options that the client asks
// for or offers (RFC 1123, 4.1.2.12), unless the session has to be silent.
func (c *controlConn) refuseOptions(line []byte) []byte {
	return withoutTelnet(line, func(command, option byte) {
		switch command {
		case telnetDo:
			c.sendTelnet(telnetIAC, telnetWont, option)
		case telnetWill:
			c.sendTelnet(telnetIAC, telnetDont, option)
		}
	})
}

// withoutTelnet returns a line without its Telnet commands, and calls negotiate with each about an
// option. Two bytes 255 are one of data (RFC 854), and one that begins no command stays. Before the
// line, a part of a command may stand alone, because the network may have taken the urgent byte of
// the Synch that comes before ABOR out of it (RFC 959, 4.1.3).
func withoutTelnet(line []byte, negotiate func(command, option byte)) []byte {
	kept := line[:0:0]
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] != telnetIAC || i+1 == len(line):
			kept = append(kept, line[i])
		case line[i+1] >= telnetWill && line[i+1] < telnetIAC && i+2 < len(line):
			negotiate(line[i+1], line[i+2])
			i += 2
		case line[i+1] >= telnetSE && line[i+1] < telnetWill:
			i++
		case line[i+1] == telnetIAC:
			kept = append(kept, telnetIAC)
			i++
		default:
			kept = append(kept, line[i], line[i+1])
			i++
		}
	}
	for len(kept) > 0 && kept[0] >= telnetSE {
		kept = kept[1:]
	}
	return kept
}

func (c *controlConn) sendTelnet(command ...byte) {
	if c.session.silent.Load() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.Write(command) // whose error the next reply meets, too
}
