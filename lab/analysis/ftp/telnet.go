// The Telnet commands in a control connection (RFC 854).

package ftp

import (
	"bytes"
	"fmt"
	"strings"
)

const (
	telnetIAC  = 255
	telnetDont = 254
	telnetWill = 251
	telnetSB   = 250
	telnetSE   = 240
)

// WithoutTelnet removes the Telnet commands from a line, and returns both. Clients send them
// before ABOR (RFC 959 section 4.1.3). A byte 255 that begins no command stays in the text,
// since old clients do not double it. At the end of an incomplete line it may begin one.
func WithoutTelnet(line []byte, complete bool) (text, telnet []byte) {
	if bytes.IndexByte(line, telnetIAC) < 0 {
		return line, nil
	}
	for i := 0; i < len(line); i++ {
		if line[i] != telnetIAC {
			text = append(text, line[i])
			continue
		}
		if i++; i == len(line) {
			if complete {
				text = append(text, telnetIAC)
			}
			return text, telnet
		}
		switch c := line[i]; {
		case c == telnetIAC:
			text = append(text, c) // doubled: the byte itself
		case c >= telnetWill && c <= telnetDont:
			telnet = append(telnet, telnetIAC, c)
			if i++; i < len(line) { // the option
				telnet = append(telnet, line[i])
			}
		case c >= telnetSE && c <= telnetSB:
			telnet = append(telnet, telnetIAC, c)
		default:
			text = append(text, telnetIAC, c)
		}
	}
	return text, telnet
}

// telnetNames are the names of the commands from telnetSE on.
var telnetNames = [...]string{"SE", "NOP", "DM", "BRK", "IP", "AO", "AYT", "EC", "EL", "GA", "SB", "WILL", "WONT", "DO", "DONT", "IAC"}

// TelnetNames returns the names of the Telnet commands in a byte sequence, as RFC 854 has
// them: "IAC IP IAC DM", "IAC WILL 6".
func TelnetNames(commands []byte) string {
	var words []string
	for _, c := range commands {
		if c >= telnetSE {
			words = append(words, telnetNames[c-telnetSE])
		} else {
			words = append(words, fmt.Sprint(c))
		}
	}
	return strings.Join(words, " ")
}
