// The rule about names that a client makes up, such as the numbers of devices.

package rules

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

var namesAreKnownRule = Rule{
	Name: "names-are-known", Theme: "requests",
	Says:     "A client asks for files whose names it knows. It does not try one number or one word after the other.",
	Source:   "MITRE ATT&CK, T1119 (automated collection) and T1602.002 (configurations of network devices); CWE-425 (direct request)",
	Example:  "> RETR SEP0004F2A1B200.cnf.xml < 550, and so on up to SEP0004F2A1B231, of which a few exist",
	Severity: Odd, sign: 2,
	Matters:  "The settings of phones and other devices have passwords, and names that anybody can count up. Copies of web sites and databases have names that anybody can guess.",
	Innocent: "a program fetches numbered files, and does not know from a list which there are, or has an old list.",
	look:     countedNames,
}

// countedMany is how many files that differ only in a number a client asks for in vain, and countedPart
// the part of all such files that they are.
const (
	countedMany = 20
	countedPart = 0.6
)

// number matches the last number of a name, decimal or hexadecimal, of a device or a document.
var number = pattern.New(`^(.*?)([0-9A-Fa-f]*[0-9][0-9A-Fa-f]{3,})([^0-9]*)$`)

// dated matches a number that is a date. Logs have such names, and not on all days.
var dated = pattern.New(`^((19|20)\d\d)?(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])|^\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$|^(19|20)\d\d`)

// A shape is what names have in common that differ in a number only.
type shape struct {
	evidence.PairOfHosts
	name string
}

// A counting is how a client asked for files of one shape.
type counting struct {
	asked   map[string]int // by number, with the packet
	refused int
	dates   int
	near    int // how often a number was a little larger than the one before
	last    uint64
}

func countedNames() look {
	all := map[shape]*counting{}
	words := guessers{of: map[evidence.PairOfHosts]*guesses{}}
	return look{
		session: func(e *Evidence, s *session) []breach {
			words.add(e, s)
			s.eachPath(func(x *ftp.Exchange, _ *evidence.Walk) {
				if x.Command != "RETR" {
					return
				}
				parts := number.FindStringSubmatch(path.Base(evidence.Unquoted(x.Argument)))
				if parts == nil {
					return
				}
				of := shape{s.Hosts(), parts[1] + "#" + parts[3]}
				c := all[of]
				if c == nil {
					if !bounded.Takes(s.ledger, maxNumberedNames, all, of) {
						return
					}
					of.name = strings.Clone(of.name)
					c = &counting{asked: map[string]int{}}
					all[of] = c
				}
				c.add(parts[2], x.Packet, x.Final() >= 500)
			})
			return nil
		},
		end: func(*Evidence) (found []breach) {
			for of, c := range all {
				if !c.searches() {
					continue
				}
				n := len(c.asked)
				found = append(found, breach{hosts: of.PairOfHosts, packets: firstPackets(c.asked),
					observed: fmt.Sprintf("%s asked for %d files named %s with another number each, and %d of them did not exist", of.Client(), n, wording.Quote(of.name), c.refused)})
			}
			found = append(found, words.judge()...)
			sortByFrame(found)
			return found
		},
	}
}

// searches reports whether most of the numbers belong to nothing, and are tried in their order.
func (c *counting) searches() bool {
	n := len(c.asked)
	return c.refused >= countedMany && float64(c.refused) >= countedPart*float64(n) && c.dates*2 <= n && c.near*2 >= n
}

// add takes the next number. After maxNames of them, the count begins anew.
func (c *counting) add(digits string, packet int, refused bool) {
	if _, known := c.asked[digits]; known {
		return
	}
	if len(c.asked) >= maxNames {
		if c.searches() {
			return
		}
		*c = counting{asked: map[string]int{}, last: c.last}
	}
	c.asked[strings.Clone(digits)] = packet
	if refused {
		c.refused++
	}
	if dated.MatchString(digits) {
		c.dates++
	}
	const step = 16
	value, err := strconv.ParseUint(digits, 16, 64)
	if err == nil && value > c.last && value-c.last <= step {
		c.near++
	}
	c.last = value
}
