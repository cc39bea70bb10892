// Rules about FTP as a hidden channel: data in names.

package rules

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"path"
	"slices"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/encoded"
	"ftplab/lab/analysis/internal/pattern"
)

var namesAreWordsRule = Rule{
	Name: "names-are-words", Theme: "requests",
	Says:     "The names of folders, files and users are chosen for readers. They do not carry encoded data.",
	Source:   "MITRE ATT&CK, T1132.001 (standard encoding) and T1048.003 (exfiltration over FTP)",
	Example:  "> MKD cm9vdDp4OjA6MDpyb290, base64 of root:x:0:0:root, and more like it",
	Severity: Odd, sign: 2,
	Matters:  "Names that are base64 or hexadecimal digits carry data past a sensor that only looks at transfers.",
	Innocent: "the names are digests, of which a mirror or a cache does not have all, or serial numbers of devices.",
	look:     encodedNames,
}

// How many encoded names two hosts need for a finding. They must also be half of all their names.
const (
	encodedFew   = 3  // names that decode to text
	encodedMany  = 8  // of them are a violation: names do not decode to texts by chance
	numberedMany = 20 // names that are numbered one after the other, and belong to nothing
	randomMany   = 8  // names that look like random bytes in base64, or like any encoded bytes
)

// lettersMany is how many refused folders with names of one letter carry a text.
const lettersMany = 12

// longestIdentifier is how many hexadecimal digits a UUID has (RFC 9562). Folders may be made for what they identify.
const longestIdentifier = 32

// encodedPasswords is how many passwords of anonymous users look like encoded bytes if they carry data.
const encodedPasswords = 5

// A nameCensus counts the names between two hosts, maxNames at most. Then the next one begins.
type nameCensus struct {
	seen  []uint64 // hashes, in order, which take less memory than names
	moves bool     // something was transferred or listed
	odd   *oddNames
	// suspicious are the earlier censuses that would find something. What they have may still be used.
	suspicious []*nameCensus
}

// next begins the next census.
func (n *nameCensus) next(g *bounded.Ledger) {
	full := *n
	if _, ok := full.judge(); ok && g.Room(maxCensuses, len(n.suspicious)) {
		full.suspicious = nil
		n.suspicious = append(n.suspicious, &full)
	}
	n.seen, n.odd = nil, nil
}

// all are the earlier censuses and this one.
func (n *nameCensus) all() []*nameCensus {
	for _, before := range n.suspicious {
		before.moves = n.moves
	}
	return append(slices.Clip(n.suspicious), n)
}

// oddNames are the names between two hosts that may be encoded, which few hosts have.
type oddNames struct {
	decoded, random []int // packets of such names
	text            string
	refused         int // of the random ones, those of files that do not exist
	// idle are names that look like encoded bytes and have no other use: the server has no file of
	// the name, or the folder stays empty. The values are the packets.
	idle map[string]int
	// data counts those whose length is that of no digest, and of folders that were made only those that are longer than
	// an identifier.
	data int
	// used counts other such names, of files that exist.
	used int
	// sought are those of them that a client tried to enter as folders.
	sought map[string]int
	// last is the last of them, and numbered how many count up from the one before.
	last     string
	numbered int
	// pieces are such names, in their order, as they may be pieces of a text.
	pieces  []string
	pieceAt []int
	// empties counts the empty files among them, and removed how many were removed again.
	empties, removed int
	// letters are the packets of refused commands into a folder with a name of one letter.
	letters []int
	// asked are the packets with a question for the size or the time of a file whose name looks like
	// encoded bytes, which was answered.
	asked []int
}

// oddities is the odd part of a census, made if it has none.
func (n *nameCensus) oddities() *oddNames {
	if n.odd == nil {
		n.odd = &oddNames{}
	}
	return n.odd
}

func encodedNames() look {
	n := &hostNames{seed: maphash.MakeSeed(), passwords: map[evidence.PairOfHosts]map[string]int{},
		busy: map[evidence.PairOfHosts]bool{}, users: encodedUsers{}}
	return look{session: func(_ *Evidence, s *session) []breach { n.session(s); return nil }, end: func(e *Evidence) []breach { return n.judge(e) }}
}

// hostNames are the names and passwords between each two hosts, some of which may be encoded. The names of files are in
// [pair].
type hostNames struct {
	seed      maphash.Seed
	passwords map[evidence.PairOfHosts]map[string]int // of anonymous users, with the packet
	busy      map[evidence.PairOfHosts]bool           // with such users, and sessions that do something after the login
	users     encodedUsers
}

// session takes the next session.
func (n *hostNames) session(s *session) {
	hosts := s.Hosts()
	n.users.add(s)
	n.addPasswords(s)
	if n.passwords[hosts] != nil && !n.busy[hosts] {
		n.busy[hosts] = s.usesFiles()
	}
	s.eachPath(func(x *ftp.Exchange, _ *evidence.Walk) {
		if s.pair.names == nil {
			s.pair.names = &nameCensus{}
		}
		s.pair.names.add(s.ledger, x, n.seed, s.storesNothing(x), x.Final() >= 500 || s.listsNothing(x))
	})
	if of := s.pair.names; of != nil {
		of.moves = of.moves || slices.ContainsFunc(s.Exchanges, func(x *ftp.Exchange) bool {
			return evidence.IsTransfer(x) && x.Final() < 500 && (x.Argument == "" || !s.listsNothing(x))
		})
	}
}

// addPasswords takes the passwords of anonymous users that may be encoded.
func (n *hostNames) addPasswords(s *session) {
	hosts := s.Hosts()
	for _, l := range s.Logins {
		local, _, _ := strings.Cut(l.Password, "@")
		if !isPublic(strings.ToLower(l.User)) || !encoded.Is(strings.ReplaceAll(local, "/", "+")) || !s.Readable(l.Packet) || !bounded.Takes(s.ledger, maxPairs, n.passwords, hosts) {
			continue
		}
		if n.passwords[hosts] == nil {
			n.passwords[hosts] = map[string]int{}
		}
		if of := n.passwords[hosts]; len(of) < maxNames {
			of[strings.Clone(l.Password)] = l.Packet
		}
	}
}

// judge judges the names and the passwords of all sessions.
func (n *hostNames) judge(e *Evidence) []breach {
	found := n.users.judge()
	for hosts, of := range n.passwords {
		count := len(of)
		if count < encodedPasswords {
			continue
		}
		b := breach{hosts: hosts, packets: firstPackets(of),
			observed: fmt.Sprintf("%d passwords of anonymous users, which are nobody's addresses, look like encoded bytes", count)}
		if count >= encodedMany && !n.busy[hosts] {
			b.severity = Violation
			b.observed += ", and the sessions had no other use"
		}
		found = append(found, b)
	}
	for hosts, pair := range e.pairs {
		if pair.names == nil {
			continue
		}
		var worst breach
		any := false
		for _, of := range pair.names.all() {
			if b, ok := of.judge(); ok && (!any || b.outweighs(worst)) {
				worst, any = b, true
			}
		}
		if worst.hosts = hosts; any {
			found = append(found, worst)
		}
	}
	sortByFrame(found)
	return found
}

// nameLast are commands whose last word is the name, such as SITE CHMOD 644 name.
var nameLast = wording.Set("SITE MFMT MFCT MFF THMB")

// counter matches a number in front of a name.
var counter = pattern.New(`^\d+[-_.]`)

// add takes the next command with a path. Made says that it makes something that has only a name, missing that nothing has
// the name.
func (n *nameCensus) add(g *bounded.Ledger, x *ftp.Exchange, seed maphash.Seed, made, missing bool) {
	name := path.Base(evidence.Unquoted(x.Argument))
	name = name[len(counter.FindString(name)):]
	if nameLast[x.Command] {
		name = name[strings.LastIndexByte(name, ' ')+1:]
	}
	if len(name) == 1 && x.Command == "CWD" && x.Final() >= 500 {
		odd := n.oddities()
		odd.letters = appendSome(odd.letters, x.Packet)
	}
	hash := maphash.String(seed, name)
	at, seen := slices.BinarySearch(n.seen, hash)
	if !seen && len(n.seen) >= maxNames {
		n.next(g)
		at = 0
	}
	for _, before := range n.suspicious {
		before.idles(x, name, false, made, missing)
	}
	n.idles(x, name, !seen, made, missing)
	if seen {
		return
	}
	n.seen = slices.Insert(n.seen, at, hash)
	if x.Final() == 213 && encoded.Looks(pieceOf(name)) {
		odd := n.oddities()
		odd.asked = append(odd.asked, x.Packet)
	}
	if text := encoded.Text(name); text != "" {
		odd := n.oddities()
		odd.decoded = append(odd.decoded, x.Packet)
		odd.text = cmp.Or(odd.text, fmt.Sprintf("%s is %s", wording.Quote(name), wording.Quote(text)))
		return
	}
	if encoded.LooksRandom(name) {
		odd := n.oddities()
		odd.random = append(odd.random, x.Packet)
		if x.Final() >= 500 {
			odd.refused++
		}
	}
}

// idles adds a new name to the idle ones if nothing has it, or the server made a folder. A later
// command that succeeds with the name, or in the folder, removes it.
func (n *nameCensus) idles(x *ftp.Exchange, name string, isNew, empty, missing bool) {
	made := empty || x.Command == "MKD" || x.Command == "XMKD"
	idle := isNew && (made || missing)
	if idle {
		n.piece(name, x)
	}
	removes := x.Command == "RMD" || x.Command == "XRMD" || x.Command == "DELE"
	switch {
	case removes && completedNormally(x) && n.odd != nil && n.odd.idle[name] > 0:
		n.odd.removed++
	case !missing && (evidence.IsTransfer(x) && !empty || !made && completedNormally(x)):
		if isNew && completedNormally(x) && encoded.Looks(pieceOf(name)) {
			n.oddities().used++
		}
		if n.odd != nil {
			for name := range strings.SplitSeq(evidence.Unquoted(x.Argument), "/") {
				delete(n.odd.idle, name)
				delete(n.odd.sought, name)
			}
		}
	case idle && encoded.Looks(pieceOf(name)):
		n.oddities().addIdle(x, name)
		if piece := pieceOf(name); encoded.IsNoDigest(piece) && (missing || len(piece) > longestIdentifier) {
			n.odd.data++
		}
		if empty {
			n.odd.empties++
		}
	}
}

// piece adds a name that may be a piece of a text.
func (n *nameCensus) piece(name string, x *ftp.Exchange) {
	if piece := pieceOf(name); piece != "" {
		if odd := n.oddities(); len(odd.pieces) < maxPieces {
			odd.pieces, odd.pieceAt = append(odd.pieces, strings.Clone(piece)), append(odd.pieceAt, x.Packet)
		}
	}
}

func (odd *oddNames) addIdle(x *ftp.Exchange, name string) {
	if odd.idle == nil {
		odd.idle, odd.sought = map[string]int{}, map[string]int{}
	}
	name = strings.Clone(name)
	odd.idle[name] = x.Packet
	if x.Command == "CWD" || x.Command == "XCWD" {
		odd.sought[name] = x.Packet
	}
	base := path.Base(evidence.Unquoted(x.Argument))
	if countsUp(odd.last, base) {
		odd.numbered++
	}
	odd.last = strings.Clone(base)
}

// judge finds the gravest of what the names between two hosts show.
func (n *nameCensus) judge() (worst breach, ok bool) {
	if n.odd == nil {
		return worst, false
	}
	for _, look := range []func(*oddNames) (breach, bool){n.decoded, n.joined, n.asked, n.idle, n.letters, n.random} {
		if b, found := look(n.odd); found && (!ok || b.outweighs(worst)) {
			worst, ok = b, true
		}
	}
	return worst, ok
}

// areMost reports whether so many names are half of all.
func (n *nameCensus) areMost(count int) bool { return count >= (len(n.seen)+1)/2 }

func (n *nameCensus) decoded(odd *oddNames) (b breach, ok bool) {
	count := len(odd.decoded)
	b = breach{packets: odd.decoded[:min(count, MaxPackets)], observed: fmt.Sprintf("%d names are encoded texts: %s", count, odd.text)}
	if count >= encodedMany {
		b.severity = Violation
	}
	return b, count >= encodedFew && n.areMost(count)
}

// joined judges names that are a text together, and not each by itself.
func (n *nameCensus) joined(odd *oddNames) (b breach, ok bool) {
	if _, alone := n.decoded(odd); alone {
		return b, false
	}
	text := encoded.Join(odd.pieces)
	return breach{packets: odd.pieceAt[:min(len(odd.pieceAt), MaxPackets)], severity: Violation,
		observed: fmt.Sprintf("the names of %d missing or empty files and folders are the pieces of an encoded text: %s", len(odd.pieces), wording.Quote(text))}, text != ""
}

func (n *nameCensus) asked(odd *oddNames) (b breach, ok bool) {
	count := len(odd.asked)
	return breach{packets: odd.asked[:min(count, MaxPackets)],
		observed: fmt.Sprintf("the client asked about %d files whose names look like encoded bytes, and neither listed nor moved any file", count)}, count >= randomMany && n.areMost(count) && !n.moves
}

func (n *nameCensus) idle(odd *oddNames) (b breach, ok bool) {
	count := len(odd.idle)
	if count < randomMany || !n.areMost(count) {
		return b, false
	}
	b = breach{severity: Violation, packets: firstPackets(odd.idle)}
	switch {
	case odd.numbered >= numberedMany && odd.numbered+1 >= count && !n.moves:
		b.observed = fmt.Sprintf("%d names look like encoded bytes, are numbered in their order, and belong to nothing: they are pieces of data", count)
		return b, true
	case odd.data >= numberedMany && !n.moves:
		b.observed = fmt.Sprintf("%d names look like encoded bytes, are no digests, and belong to nothing, and the client moved no file", odd.data)
		return b, true
	}
	b.observed = fmt.Sprintf("%d names look like encoded bytes, and belong to missing files, empty files and empty folders only", count)
	if odd.removed >= randomMany && odd.removed*2 >= count || odd.empties >= numberedMany {
		b.observed += fmt.Sprintf("; %d are empty files, and %d were removed again", odd.empties, odd.removed)
		return b, true
	}
	if n := len(odd.sought); n >= numberedMany { // a mirror or a cache asks for files
		b.observed += fmt.Sprintf("; %d are folders that the client tried to enter", n)
		return b, true
	}
	b.severity, b.sign = Odd, 1
	return b, odd.used*2 < count // else they are the names of files, of which some exist
}

func (n *nameCensus) letters(odd *oddNames) (b breach, ok bool) {
	count := len(odd.letters)
	return breach{packets: odd.letters, observed: fmt.Sprintf("%d or more folders with a name of one letter were refused, as if the letters were a text", count)}, count >= lettersMany
}

func (n *nameCensus) random(odd *oddNames) (b breach, ok bool) {
	count := len(odd.random)
	b = breach{severity: Note, sign: 1, packets: odd.random[:min(count, MaxPackets)]}
	b.observed = fmt.Sprintf("%d names look like random bytes in base64", count)
	if odd.refused*2 >= count {
		b.severity = Odd
		b.observed += fmt.Sprintf(", and for %d of them there is no file", odd.refused)
	}
	return b, count >= randomMany && n.areMost(count)
}
