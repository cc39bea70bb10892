package path

import (
	"fmt"
	"slices"
	"strings"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
)

// A condition says which segments a rule is about. It counts them. Until enough of them
// have come, it also keeps what other segments had in the place of what the rule asks for.
type condition struct {
	scenario.PathRule
	from, to *End
	met      int // segments so far

	differs difference // how the nearest segments differ from the rule
	nearest []value    // what they have, those most like the rule first
	more    bool       // others had other values
}

// A difference is the first one between a segment and a rule, in the order in which they
// are compared.
type difference int

const (
	noSegment difference = iota // went from the one host to the other
	otherPorts
	otherFlags
	otherLength
	otherText
	taken // it has all that the rule asks for, and another rule applies to it
	none  // the segment has all that the rule asks for
)

// A value is what a segment has where it differs from a rule.
type value struct {
	from, to uint16 // ports
	flags    byte
	length   int
	line     string
}

// mostValues is how many values a message shows.
const mostValues = 4

// meets reports whether a segment of the rule's direction is one that the rule asks for,
// and counts it if so. If back is true, it goes from the rule's second host to the first.
func (c *condition) meets(s segment, data []byte, back bool) bool {
	differs, v := c.compare(s, data, back)
	if differs == none {
		c.met++
	}
	c.note(differs, v)
	return differs == none
}

// misses looks at a segment to which another rule applies.
func (c *condition) misses(s segment) {
	differs, v := c.compare(s, nil, false)
	c.note(min(differs, taken), v)
}

// compare returns the first difference between a segment and the rule.
func (c *condition) compare(s segment, data []byte, back bool) (difference, value) {
	from, to := s.from.Port(), s.to.Port()
	if back {
		from, to = to, from
	}
	switch {
	case c.FromPort != 0 && c.FromPort != from || c.ToPort != 0 && c.ToPort != to:
		v := value{from: from, to: to}
		if c.FromPort == 0 {
			v.from = 0
		}
		if c.ToPort == 0 {
			v.to = 0
		}
		return otherPorts, v
	case !c.Flags.Match(s.flags):
		return otherFlags, value{flags: s.flags}
	case c.Length >= 0 && c.Length != s.length:
		return otherLength, value{length: s.length}
	case !c.MatchesPayload(data):
		return otherText, value{line: firstLine(data)}
	}
	return none, value{}
}

// note keeps the value of a segment that is at least as near as those before.
func (c *condition) note(differs difference, v value) {
	if c.met > c.Skip {
		return
	}
	if differs > c.differs {
		c.differs, c.nearest, c.more = differs, nil, false
	}
	if differs < c.differs || differs == none || v == (value{}) && differs == otherText || slices.Contains(c.nearest, v) {
		return
	}
	at := slices.IndexFunc(c.nearest, func(other value) bool { return c.distance(v) < c.distance(other) })
	if at < 0 {
		at = len(c.nearest)
	}
	c.nearest = slices.Insert(c.nearest, at, v)
	if len(c.nearest) > mostValues {
		c.nearest, c.more = c.nearest[:mostValues], true
	}
}

// distance returns how much a value differs from the rule's.
func (c *condition) distance(v value) int {
	switch c.differs {
	case otherLength:
		return max(v.length-c.Length, c.Length-v.length)
	case otherText:
		same := 0
		for same < min(len(c.Text), len(v.line)) && strings.EqualFold(c.Text[:same+1], v.line[:same+1]) {
			same++
		}
		return -same
	}
	return 0
}

// firstLine returns the first line of a payload, or "" if a person cannot read it.
func firstLine(data []byte) string {
	const most = 60
	line, _, _ := strings.Cut(string(data[:min(len(data), most)]), "\r\n")
	if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
		return ""
	}
	return line
}

// Unmet returns the rules that no packet has met, in the order of their lines.
func (p *Path) Unmet() (unmet []network.UnmetRule) {
	conditions := []*condition{}
	for _, r := range p.rules {
		conditions = append(conditions, &r.condition)
	}
	for _, e := range p.Ends {
		for _, rules := range e.rules {
			for _, r := range rules {
				conditions = append(conditions, &r.condition)
			}
		}
	}
	for _, c := range conditions {
		if c.met <= c.Skip && !c.Optional {
			unmet = append(unmet, network.UnmetRule{Line: c.Line, Message: c.why()})
		}
	}
	slices.SortFunc(unmet, func(a, b network.UnmetRule) int { return a.Line - b.Line })
	return unmet
}

// why says what the rule asks for, what came nearest, and what to do.
func (c *condition) why() string {
	if c.met > 0 {
		packets := "packets"
		if c.met == 1 {
			packets = "packet"
		}
		return fmt.Sprintf("%v: only %d %s met this rule, and skip=%d lets the first %d pass. Make skip= smaller, or add the word optional if this is right", c.PathRule, c.met, packets, c.Skip, c.Skip)
	}
	came := ""
	switch seen := c.seen(); {
	case c.differs == noSegment:
		came = fmt.Sprintf("no TCP packet went from %s to %s. Exchange the hosts if the other direction was meant", c.From, c.To)
	case c.differs == otherPorts:
		came = "those between these hosts were " + seen + ". Correct the port, or leave it out"
	case c.differs == otherFlags:
		came = "those with these ports had the flags " + seen + ". Correct the flags, or leave them out"
	case c.differs == otherLength:
		came = "the nearest lengths were " + seen + ". Correct length=, or leave it out"
	case c.differs == taken:
		came = "a rule above took those that fit. Remove one of the two rules"
	case seen == "":
		came = "no packet that has the rest of it begins with a line of text. In TLS the path can read none"
	default:
		came = "the nearest lines were " + seen + ". Correct the text"
	}
	return fmt.Sprintf("%v: no packet met this rule; %s, or add the word optional if this is right", c.PathRule, came)
}

// seen returns the nearest values in the notation of the rule.
func (c *condition) seen() string {
	var values []string
	for _, v := range c.nearest {
		values = append(values, c.show(v))
	}
	if c.more {
		values = append(values, "…")
	}
	return strings.Join(values, ", ")
}

func (c *condition) show(v value) string {
	switch c.differs {
	case otherPorts:
		shown := c.PathRule
		shown.FromPort, shown.ToPort = v.from, v.to
		return shown.Direction()
	case otherFlags:
		return scenario.Flags{Set: v.flags}.String()
	case otherLength:
		return fmt.Sprint(v.length)
	}
	return fmt.Sprintf("%q", v.line)
}
