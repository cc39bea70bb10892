// The rule about commands that prepare something which never comes.

package rules

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
)

var preparationsAreUsedRule = Rule{
	Name: "preparations-are-used", Theme: "requests",
	Says:     "What a command prepares follows it: a transfer follows REST, ALLO and TYPE, and RNTO follows RNFR. A value that is set stays for a while.",
	Source:   "RFC 959, 4.1.2 and 4.1.3; MITRE ATT&CK, T1048.003 (exfiltration over FTP)",
	Example:  "> REST 1868983913 < 350, and so on with other numbers, twelve times without a transfer",
	Severity: Odd, sign: 2,
	Matters:  "Arguments that change, and that nothing uses, can carry data past a sensor that only looks at transfers.",
	Innocent: "a program tests what the server can do.",
	look:     eachSession(idlePreparations),
}

// idleChanges is how often an argument changes without any use before that is unusual. A change of
// TYPE says less than one of a number, and clients that keep a session alive send it, too.
const (
	idleChanges = 10
	idleTypes   = 30
	// A session that transfers nothing, with so many times as many changes, has no other use, and no test of a
	// server has so many times as many.
	manyMore = 1.5
	farMore  = 2.5
)

// leastTransfer is how many bytes the shortest command has that begins a transfer: LIST.
const leastTransfer = 6

// preparing are the commands that prepare another one.
var preparing = wording.Set("REST ALLO RNFR TYPE STRU MODE")

// A preparation is a command that prepares something, with how its argument has changed since its
// last use.
type preparation struct {
	argument string
	packets  []int
	changes  int
	last     int64    // when, nanoseconds
	found    int      // the number of its breach, 0 for none
	numbers  spelling // the arguments, as numbers of 32 bits
	falls    int      // arguments that are less than the one before
}

func idlePreparations(_ *Evidence, s *session) (found []breach) {
	idle := map[string]*preparation{}
	mayTransfer := slices.ContainsFunc(s.Exchanges, evidence.IsTransfer) || s.MayHaveSaid(nil, nil, leastTransfer)
	for _, x := range s.Exchanges {
		if s.MayBeRest(x.Line) || !s.Readable(x.Packet) {
			continue
		}
		if evidence.IsTransfer(x) || x.Command == "RNTO" {
			clear(idle)
			continue
		}
		about, argument := prepares(x)
		if about == "" {
			continue
		}
		p := idle[about]
		if p == nil {
			p = &preparation{argument: argument}
			p.keep(argument, x.Packet)
			idle[about] = p
		}
		slowly := x.Command == "TYPE" && x.Time-p.last >= int64(keepAlivePause)
		if argument != p.argument && !slowly {
			p.changes++
			if argument < p.argument {
				p.falls++
			}
			p.keep(argument, x.Packet)
			p.packets = appendSome(p.packets, x.Packet)
		}
		p.argument, p.last = argument, x.Time
		p.judge(x, about, &found, mayTransfer)
	}
	return found
}

// judge makes a breach of changes that nothing used, or adds to the one that it made.
func (p *preparation) judge(x *ftp.Exchange, about string, found *[]breach, transfers bool) {
	limit := idleChanges
	if x.Command == "TYPE" {
		limit = idleTypes
	}
	if p.changes < limit {
		return
	}
	if p.found == 0 {
		*found = append(*found, breach{})
		p.found = len(*found)
	}
	b := &(*found)[p.found-1]
	b.packets = p.packets
	b.observed = fmt.Sprintf("the argument of %s changed %d times, and nothing used it; the last is %s", about, p.changes, wording.Quote(x.Line.Text))
	switch {
	case p.changes >= int(manyMore*float64(limit)) && !transfers:
		b.severity = Violation
		b.observed += "; the session transferred nothing"
	case p.changes >= int(farMore*float64(limit)):
		b.severity = Violation
	case p.goesBackAndForth(x) && !transfers:
		b.severity = Violation
		b.observed += fmt.Sprintf("; the times of one file went back %d times; the session transferred nothing", p.falls)
	}
	if p.numbers.isText(int32(limit)) {
		b.severity = Violation
		b.observed += "; as numbers, they spell a text, which begins with " + wording.Quote(p.numbers.begin())
	}
}

// goesBackAndForth reports whether a command sets the time of a file, and many times before were later: a file has one time,
// and who tries times counts them up.
func (p *preparation) goesBackAndForth(x *ftp.Exchange) bool {
	return (x.Command == "MFMT" || x.Command == "MFCT") && p.falls*4 >= p.changes
}

// keep takes an argument if it is a number.
func (p *preparation) keep(argument string, packet int) {
	if v, ok := numberIn(argument); ok {
		p.numbers.add(inNumber, binary.BigEndian.AppendUint32(nil, v), packet, uint64(packet))
	}
}

// numberIn is the number of an argument: that of REST or ALLO, or the seconds of a time since 1970.
func numberIn(argument string) (n uint32, ok bool) {
	if len(argument) == len(timeLayout) {
		t, err := time.Parse(timeLayout, argument)
		return uint32(t.Unix()), err == nil
	}
	v, err := strconv.ParseUint(argument, 10, 32)
	return uint32(v), err == nil
}

// prepares is what a command prepares or sets, and with which value; "" for nothing.
func prepares(x *ftp.Exchange) (about, value string) {
	name, rest, _ := strings.Cut(x.Argument, " ")
	switch {
	case preparing[x.Command]:
		return x.Command, strings.ToUpper(x.Argument)
	case x.Command == "MFMT" || x.Command == "MFCT": // a time of a file
		return x.Command + " " + rest, name
	case x.Command == "SITE" && strings.EqualFold(name, "CHMOD"):
		mode, path, _ := strings.Cut(rest, " ")
		return "SITE CHMOD " + path, mode
	case x.Command == "SITE" && (strings.EqualFold(name, "IDLE") || strings.EqualFold(name, "UMASK")):
		return "SITE " + strings.ToUpper(name), rest
	}
	return "", ""
}
