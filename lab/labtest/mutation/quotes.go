// What a report says about the packets of a capture.

package mutation

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

var (
	endsForm   = regexp.MustCompile(`^(?:[\w-]+  )?(\S+) > (\S+)`)
	aroundForm = regexp.MustCompile(`^[> ]*(\d+)  \d+\.\d+  [\w-]+  (\S+) > (\S+)`)
	sentForm   = regexp.MustCompile(`(\S+) sent (?:it|such a packet), in frame (\d+)`)
)

// untrue returns what a verdict says about packets of the capture that is not so: each packet that it quotes has
// to be one of the capture, with its direction, its ports, and the right names for its hosts.
func (c *recorded) untrue(v *expect.Verdict, hosts expect.Hosts) (all []string) {
	check := func(quote, number, from, to string) {
		n, _ := strconv.Atoi(number)
		if n < 1 || n > len(c.frames) || !isFrom(&c.frames[n-1], from, to, hosts) {
			all = append(all, quote)
		}
	}
	for _, m := range v.Mismatches {
		if m.Got != "" && m.Packet > 0 {
			ends := endsForm.FindStringSubmatch(m.Got)
			if ends == nil {
				all = append(all, m.Got)
				continue
			}
			if c.isDeclaration(m) && isFrom(&c.frames[m.Packet-1], ends[2], ends[1], hosts) {
				continue
			}
			check(fmt.Sprintf("%s     frame %d", m.Got, m.Packet), strconv.Itoa(m.Packet), ends[1], ends[2])
		}
		for _, line := range m.Around {
			if x := aroundForm.FindStringSubmatch(line); x == nil {
				all = append(all, line)
			} else {
				check(line, x[1], x[2], x[3])
			}
		}
		for _, text := range []string{m.What, m.Hint} {
			if x := sentForm.FindStringSubmatch(text); x != nil {
				check(text, x[2], x[1], "*")
			}
		}
	}
	return all
}

// isDeclaration reports whether a mismatch quotes a declaration with a packet that does not open its connection,
// because the capture has no SYN before it. Then the packet may go either way.
func (c *recorded) isDeclaration(m expect.Mismatch) bool {
	quotes := m.Kind == expect.Undeclared || m.Kind == expect.Unaddressed || m.Kind == expect.Reversed
	return quotes && c.frames[m.Packet-1].Flags&(packet.SYN|packet.ACK) != packet.SYN
}

// isFrom reports whether a packet has these ends, as lines and declarations write them.
func isFrom(f *expect.Frame, from, to string, hosts expect.Hosts) bool {
	c := f.Connection
	if c == nil {
		return true
	}
	return isEnd(from, c, f.From, hosts) && isEnd(to, c, f.From.Other(), hosts)
}

// isEnd reports whether a word can mean a side of a connection. If the client and the server have one address, their
// names are roles.
func isEnd(word string, c *ftp.Identity, side ftp.Side, hosts expect.Hosts) bool {
	host, addr := word, c.Addr(side)
	if i := strings.LastIndexByte(word, '.'); i >= 0 && !isAddress(word) {
		if port := word[i+1:]; port == "*" || port == strconv.Itoa(int(addr.Port())) {
			host = word[:i]
		}
	}
	oneAddress := c.Client.Addr() == c.Server.Addr() && c.Role != ftp.Other
	switch all, known := hosts[host]; {
	case host == "*":
		return true
	case oneAddress && (host == string(ftp.Client) || host == string(ftp.Server)):
		return host == string(side)
	case known:
		return slices.Contains(all, addr.Addr().Unmap())
	}
	return host == addr.Addr().Unmap().String()
}

func isAddress(word string) bool {
	_, err := netip.ParseAddr(word)
	return err == nil
}
