// Encoded texts where words belong: in names of users, arguments and greetings, alone or in pieces.

package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/encoded"
	"ftplab/lab/analysis/internal/pattern"
)

// pieceOf is the part of a name that may be a piece of an encoded text: the longest between points, without the number in
// front of the name.
func pieceOf(name string) (piece string) {
	for part := range strings.SplitSeq(counter.ReplaceAllString(name, ""), ".") {
		if len(part) > len(piece) {
			piece = part
		}
	}
	return strings.TrimRight(piece, "=")
}

// storesNothing reports whether a command stores an empty file, which has nothing but its name.
func (s *session) storesNothing(x *ftp.Exchange) bool {
	if x.Command != "STOR" || !evidence.Completed(x) || len(x.Data) == 0 {
		return false
	}
	for _, c := range s.DataOf(x.Data) {
		if c.ClientFlow.Bytes > 0 || c.Missing() > 0 {
			return false
		}
	}
	return true
}

// listsNothing reports whether the answer to a command is an empty listing, as many servers send it of what does not exist.
func (s *session) listsNothing(x *ftp.Exchange) bool {
	data := s.DataOf(x.Data)
	return x.Lists() && evidence.Completed(x) && len(data) == 1 && data[0].ServerFlow.Bytes == 0 && data[0].Missing() == 0
}

// countsUp reports whether the number in front of a name is one more than that of the name before. It may be decimal, or
// the first bytes of what hexadecimal digits encode.
func countsUp(before, name string) bool {
	next := func(a, b string, base int) bool {
		m, errA := strconv.ParseUint(a, base, 64)
		n, errB := strconv.ParseUint(b, base, 64)
		return errA == nil && errB == nil && n == m+1
	}
	const separators = "-_."
	if next(strings.TrimRight(counter.FindString(before), separators), strings.TrimRight(counter.FindString(name), separators), 10) {
		return true
	}
	for _, n := range []int{2, 4, 8} {
		if min(len(before), len(name)) > n && next(before[:n], name[:n], 16) {
			return true
		}
	}
	return false
}

// maxPieces bounds the pieces that are remembered of two hosts. Other names in front of them hide a text in any number of
// pieces, and more users than that, all refused, are guesses.
const maxPieces = 64

// encodedUsers are the names of users that a server refused, in their order, by hosts.
type encodedUsers map[evidence.PairOfHosts]*userPieces

type userPieces struct {
	pieces  []string
	packets []int
	encoded int
}

// add takes the logins of a session.
func (all encodedUsers) add(s *session) {
	for _, l := range s.Logins {
		if !l.Failed() || !s.Readable(l.Packet) {
			continue
		}
		u := bounded.Entry(s.ledger, maxPairs, all, s.Hosts())
		if u == nil {
			return
		}
		piece := pieceOf(l.User)
		if slices.Contains(u.pieces, piece) || len(u.pieces) >= maxPieces {
			continue
		}
		u.pieces, u.packets = append(u.pieces, strings.Clone(piece)), append(u.packets, l.Packet)
		if encoded.Is(piece) {
			u.encoded++
		}
	}
}

// judge finds names of users that carry data. Nobody has such names in a row that all are refused.
func (all encodedUsers) judge() (found []breach) {
	for hosts, u := range all {
		b := breach{hosts: hosts, packets: u.packets[:min(len(u.packets), MaxPackets)]}
		if text := encoded.Join(u.pieces); text != "" {
			b.severity = Violation
			b.observed = fmt.Sprintf("%d names of users, all refused, are the pieces of an encoded text: %s", len(u.pieces), wording.Quote(text))
		} else if u.encoded >= randomMany && u.encoded*2 >= len(u.pieces) {
			b.observed = fmt.Sprintf("%d names of users, all refused, look like encoded bytes", u.encoded)
		} else {
			continue
		}
		found = append(found, b)
	}
	return found
}

// greetings are those of sessions with an encoded text in the greeting, by hosts.
type greetings map[evidence.PairOfHosts]*codedGreetings

type codedGreetings struct {
	words   map[string]int // with the packet
	left    int            // how many sessions ended without a command
	example string
}

// codedGreetingsMany is how many different encoded greetings give orders to a client that says nothing.
const codedGreetingsMany = 3

// add takes the greeting of a session.
func (all greetings) add(s *session) {
	if s.Greeting == nil || !s.Readable(s.Greeting.Packet) {
		return
	}
	for _, l := range s.Greeting.Lines {
		for word := range strings.FieldsSeq(l.Text) {
			if word = strings.Trim(word, "()[]<>,;:\"'"); !encoded.BeginsText(word) {
				continue
			}
			if !bounded.Takes(s.ledger, maxPairs, all, s.Hosts()) {
				return
			}
			g := all[s.Hosts()]
			if g == nil {
				g = &codedGreetings{words: map[string]int{}, example: wording.Quote(l.Text)}
				all[s.Hosts()] = g
			}
			if _, known := g.words[word]; !known && len(g.words) < maxNames {
				g.words[strings.Clone(word)] = s.Greeting.Packet
			}
			if len(s.Exchanges) == 0 {
				g.left++
			}
			break
		}
	}
}

// judge finds greetings that carry orders.
func (all greetings) judge() (found []breach) {
	for hosts, g := range all {
		b := breach{severity: Odd, sign: 2, hosts: hosts, packets: firstPackets(g.words),
			observed: "a greeting has a text in base64: " + g.example}
		if n := len(g.words); n >= codedGreetingsMany && g.left >= codedGreetingsMany {
			b.severity = Violation
			b.observed = fmt.Sprintf("%d greetings have different texts in base64, and the client left %d times without a command; one is %s", n, g.left, g.example)
		}
		found = append(found, b)
	}
	sortByFrame(found)
	return found
}

// ofAccounts matches a line of /etc/passwd in a reply.
var ofAccounts = pattern.New(`(^|[\s"'>])root:[^:\s]{0,99}:0:0:`)

// accountsInReplies finds the accounts of the server's system in its replies. If the client said the
// same, the server only repeats it.
func accountsInReplies(s *session) (b breach, ok bool) {
	for _, x := range s.Exchanges {
		for _, r := range x.Replies {
			if strings.Contains(r.Text, "root:") && ofAccounts.MatchString(r.Text) && s.Readable(r.Packet) && !strings.Contains(x.Argument, "root:") {
				return breach{packets: evidence.Frames(x), observed: fmt.Sprintf("the reply to %s has the accounts of the system: %s", wording.Quote(x.Line.Text), wording.Quote(r.Text))}, true
			}
		}
	}
	return b, false
}
