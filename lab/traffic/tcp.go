package traffic

import (
	"fmt"
	"strings"
)

// TCP are the habits of a host's TCP, as its SYN shows them (RFC 9293, 3.1; RFC 7323;
// RFC 2018).
type TCP struct {
	MSS        int // bytes
	Window     int // bytes
	TTL        int // with which it left: 32, 64, 128 or 255
	WScale     bool
	Timestamps bool
	SACK       bool
	DF         bool // Don't Fragment is set
}

// String is the habits as a profile has them.
func (t TCP) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "mss %d window %d ttl %d", t.MSS, t.Window, t.TTL)
	for _, o := range t.options() {
		if *o.has {
			b.WriteString(" " + o.name)
		}
	}
	return b.String()
}

// Offers reports whether a client offers every option that a server answers with. Only then
// does the answer show what the server can do: it has no option that the client lacks
// (RFC 7323, 1.3 and 3.2).
func (t TCP) Offers() bool { return t.WScale && t.Timestamps && t.SACK }

// Answering is a server that answers a client as t does: it has the options that the client
// lacks, for all that the answer shows.
func (t TCP) Answering(client TCP) TCP {
	t.WScale = t.WScale || !client.WScale
	t.Timestamps = t.Timestamps || !client.Timestamps
	t.SACK = t.SACK || !client.SACK
	return t
}

type tcpOption struct {
	name string
	has  *bool
}

func (t *TCP) options() []tcpOption {
	return []tcpOption{{"wscale", &t.WScale}, {"timestamps", &t.Timestamps}, {"sack", &t.SACK}, {"df", &t.DF}}
}

// ParseTCP reads what String wrote.
func ParseTCP(text string) (t TCP, err error) {
	words := strings.Fields(text)
	if len(words) < 6 {
		return t, fmt.Errorf("the profile has the TCP %q; such as %q was expected", text, TCP{MSS: 1460, Window: 64240, TTL: 64})
	}
	fmt.Sscan(words[1], &t.MSS)
	fmt.Sscan(words[3], &t.Window)
	fmt.Sscan(words[5], &t.TTL)
	for _, o := range t.options() {
		for _, word := range words[6:] {
			*o.has = *o.has || word == o.name
		}
	}
	if t.String() != text {
		return t, fmt.Errorf("the profile has the TCP %q; such as %q was expected", text, TCP{MSS: 1460, Window: 64240, TTL: 64})
	}
	return t, nil
}
