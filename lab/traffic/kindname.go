package traffic

import (
	"fmt"
	"strings"
)

// What drives a session. People think and programs do not, so the two also differ in
// everything else.
const (
	Person  = "person"  // takes half a second or more, in the median, before a command
	Program = "program" // all others
)

// A KindName names a kind of session. Sessions that differ in one of these have other
// commands, and are learned and drawn separately.
type KindName struct {
	Who string // Person or Program
	// ControlOnly says that the sessions move data on connections that the capture does not
	// have: a capture of port 21 alone has no others.
	ControlOnly bool
	IPv6        bool
	TLS         bool // the client asks for TLS (RFC 4217), and gets it
}

// String is the name, such as "program, IPv6, TLS".
func (k KindName) String() string {
	name := k.Who
	for _, p := range k.properties() {
		if *p.has {
			name += p.suffix
		}
	}
	return name
}

type kindProperty struct {
	suffix string
	has    *bool
}

func (k *KindName) properties() []kindProperty {
	return []kindProperty{{", control only", &k.ControlOnly}, {", IPv6", &k.IPv6}, {", TLS", &k.TLS}}
}

// ParseKindName reads what String wrote.
func ParseKindName(text string) (k KindName, err error) {
	rest := text
	k.Who, _, _ = strings.Cut(text, ",")
	rest = strings.TrimPrefix(rest, k.Who)
	for _, p := range k.properties() {
		rest, *p.has = strings.CutPrefix(rest, p.suffix)
	}
	if rest != "" || k.Who != Person && k.Who != Program {
		return k, fmt.Errorf("the profile has the kind of session %q; such as %q was expected", text, KindName{Who: Program, IPv6: true}.String())
	}
	return k, nil
}
