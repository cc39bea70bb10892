// Rules about FTP as a hidden channel: data in the names of files, and files with orders that a
// program fetches again and again.

package rules

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"ftplab/lab/analysis/baseline/content"
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

// maxNames bounds the names that are remembered of two hosts.
const maxNames = 256

// A nameCensus counts the names between two hosts.
type nameCensus struct {
	seen  []uint64 // hashes, in order, which take less memory than names
	moves bool     // something was transferred or listed
	odd   *oddNames
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
	all, seed := map[evidence.PairOfHosts]*nameCensus{}, maphash.MakeSeed()
	passwords := map[evidence.PairOfHosts]map[string]int{} // of anonymous users, with the packet
	busy := map[evidence.PairOfHosts]bool{}                // with sessions that do something after the login
	users := encodedUsers{}
	return look{
		session: func(_ *Evidence, s *session) []breach {
			hosts := s.Hosts()
			users.add(s)
			for _, l := range s.Logins {
				local, _, _ := strings.Cut(l.Password, "@")
				if isPublic(strings.ToLower(l.User)) && encoded.Is(strings.ReplaceAll(local, "/", "+")) && s.Readable(l.Packet) && bounded.Takes(s.ledger, maxPairs, passwords, hosts) {
					if passwords[hosts] == nil {
						passwords[hosts] = map[string]int{}
					}
					if of := passwords[hosts]; len(of) < maxNames {
						of[strings.Clone(l.Password)] = l.Packet
					}
				}
			}
			if passwords[hosts] != nil && !busy[hosts] {
				busy[hosts] = slices.ContainsFunc(s.Exchanges, func(x *ftp.Exchange) bool { return evidence.AboutFiles[x.Command] })
			}
			s.eachPath(func(x *ftp.Exchange, _ *evidence.Walk) {
				of := bounded.Entry(s.ledger, maxPairs, all, hosts)
				if of == nil {
					return
				}
				of.add(x, seed, s.storesNothing(x), x.Final() >= 500 || s.listsNothing(x))
			})
			if of := all[hosts]; of != nil {
				of.moves = of.moves || slices.ContainsFunc(s.Exchanges, func(x *ftp.Exchange) bool {
					return evidence.IsTransfer(x) && x.Final() < 500 && (x.Argument == "" || !s.listsNothing(x))
				})
			}
			return nil
		},
		end: func(*Evidence) []breach {
			found := users.judge()
			for hosts, of := range passwords {
				n := len(of)
				if n < encodedPasswords {
					continue
				}
				b := breach{hosts: hosts, packets: firstPackets(of),
					observed: fmt.Sprintf("%d passwords of anonymous users, which are nobody's addresses, look like encoded bytes", n)}
				if n >= encodedMany && !busy[hosts] {
					b.severity = Violation
					b.observed += ", and the sessions had no other use"
				}
				found = append(found, b)
			}
			for hosts, names := range all {
				if b, ok := names.judge(); ok {
					b.hosts = hosts
					found = append(found, b)
				}
			}
			sortByFrame(found)
			return found
		},
	}
}

// nameLast are commands whose last word is the name, such as SITE CHMOD 644 name.
var nameLast = wording.Set("SITE MFMT MFCT MFF THMB")

// counter matches a number in front of a name.
var counter = pattern.New(`^\d+[-_.]`)

// add takes the next command with a path. Made says that it makes something that has only a name, missing that nothing has
// the name.
func (n *nameCensus) add(x *ftp.Exchange, seed maphash.Seed, made, missing bool) {
	name := counter.ReplaceAllString(path.Base(evidence.Unquoted(x.Argument)), "")
	if nameLast[x.Command] {
		name = name[strings.LastIndexByte(name, ' ')+1:]
	}
	if len(name) == 1 && x.Command == "CWD" && x.Final() >= 500 {
		odd := n.oddities()
		odd.letters = appendSome(odd.letters, x.Packet)
	}
	hash := maphash.String(seed, name)
	at, seen := slices.BinarySearch(n.seen, hash)
	n.idles(x, name, !seen, made, missing)
	if seen || len(n.seen) >= maxNames {
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
	if len(odd.idle) >= maxNames {
		return
	}
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

func (n *nameCensus) judge() (b breach, ok bool) {
	if n.odd == nil {
		return b, false
	}
	odd, half := n.odd, (len(n.seen)+1)/2
	if count := len(odd.decoded); count >= encodedFew && count >= half {
		b.packets = odd.decoded[:min(count, MaxPackets)]
		b.observed = fmt.Sprintf("%d names are encoded texts: %s", count, odd.text)
		if count >= encodedMany {
			b.severity = Violation
		}
		return b, true
	}
	if text := encoded.Join(odd.pieces); text != "" {
		return breach{packets: odd.pieceAt[:min(len(odd.pieceAt), MaxPackets)], severity: Violation,
			observed: fmt.Sprintf("the names of %d missing or empty files and folders are the pieces of an encoded text: %s", len(odd.pieces), wording.Quote(text))}, true
	}
	if count := len(odd.asked); count >= randomMany && count >= half && !n.moves {
		return breach{packets: odd.asked[:min(count, MaxPackets)],
			observed: fmt.Sprintf("the client asked about %d files whose names look like encoded bytes, and neither listed nor moved any file", count)}, true
	}
	if count := len(odd.idle); count >= randomMany && count >= half {
		if odd.numbered >= numberedMany && odd.numbered+1 >= count && !n.moves {
			return breach{severity: Violation, packets: firstPackets(odd.idle),
				observed: fmt.Sprintf("%d names look like encoded bytes, are numbered in their order, and belong to nothing: they are pieces of data", count)}, true
		}
		if odd.data >= numberedMany && !n.moves {
			return breach{severity: Violation, packets: firstPackets(odd.idle),
				observed: fmt.Sprintf("%d names look like encoded bytes, are no digests, and belong to nothing, and the client moved no file", odd.data)}, true
		}
		b = breach{sign: 1, packets: firstPackets(odd.idle),
			observed: fmt.Sprintf("%d names look like encoded bytes, and belong to missing files, empty files and empty folders only", count)}
		if odd.removed >= randomMany && odd.removed*2 >= count || odd.empties >= numberedMany {
			b.severity = Violation
			b.observed += fmt.Sprintf("; %d are empty files, and %d were removed again", odd.empties, odd.removed)
		} else if n := len(odd.sought); n >= numberedMany { // a mirror or a cache asks for files
			b.severity = Violation
			b.observed += fmt.Sprintf("; %d are folders that the client tried to enter", n)
		}
		return b, b.severity == Violation || odd.used*2 < count // else they are the names of files, of which some exist
	}
	if count := len(odd.letters); count >= lettersMany {
		return breach{packets: odd.letters, observed: fmt.Sprintf("%d or more folders with a name of one letter were refused, as if the letters were a text", count)}, true
	}
	count := len(odd.random)
	if count < randomMany || count < half {
		return b, false
	}
	b = breach{severity: Note, sign: 1, packets: odd.random[:min(count, MaxPackets)]}
	b.observed = fmt.Sprintf("%d names look like random bytes in base64", count)
	if odd.refused*2 >= count {
		b.severity = Odd
		b.observed += fmt.Sprintf(", and for %d of them there is no file", odd.refused)
	}
	return b, true
}

var filesAreFetchedOnceRule = Rule{
	Name: "files-are-fetched-once", Theme: "transfers",
	Says:     "A client fetches a file once, or when it has changed.",
	Source:   "MITRE ATT&CK, T1071.002 (file transfer protocols for command and control) and T1029 (scheduled transfer)",
	Example:  "> RETR cmd.txt once a minute, twenty times",
	Severity: Note, sign: 1,
	Matters:  "A program that gets its orders over FTP asks for the same small file again and again.",
	Innocent: "the file changes, such as a weather report or a state.",
	look:     polledFiles,
}

// How many requests for the same file between two hosts count as polling, and how many of them must
// be followed by an upload.
const (
	polledOften  = 10
	pollAnswers  = 5    // uploads
	orderAnswers = 3    // uploads, if the name of the file says that it has commands: most of these say wait
	pollRegular  = 0.05 // the standard deviation of regular pauses, as a part of their mean
)

// A poll is a file that is fetched again and again.
type poll struct {
	packets     []int
	n           int     // how often it was fetched
	first, last int64   // when, nanoseconds
	squares     float64 // the sum of the squares of the pauses
	sought      bool    // it did not exist
	answers     int     // uploads that followed
	other       string  // the name of the last upload
	shell       int     // the packet with commands for a shell, or with their output; 0 for none
}

// add takes a request.
func (p *poll) add(x *ftp.Exchange) {
	if p.n == 0 {
		p.first, p.last = x.Time, x.Time
	}
	pause := float64(x.Time - p.last)
	p.packets, p.n = appendSome(p.packets, x.Packet), p.n+1
	p.last, p.squares = x.Time, p.squares+pause*pause
}

// look looks for a shell's commands or output in the data of a transfer.
func (p *poll) look(e *Evidence, s *session, x *ftp.Exchange) {
	for _, c := range s.DataOf(x.Data) {
		if shown, _ := e.shown(c.ID); shown.Kind == content.ShellFile {
			p.shell = shown.packet
		}
	}
}

var (
	// commandsName is a name of a file that commands a program far away.
	commandsName = pattern.New(`(?i)^(cmds?|commands?|payload|shell|c2|bot(s|net)?|beacon)([_.-]|\d|$)`)
	// workName is a name of a file with work. An intruder's program fetches such a file, and so does
	// a worker that takes its jobs from a queue.
	workName = pattern.New(`(?i)^(tasks?|orders?|jobs?|instructions?|exec|run)([_.-]|\d|$)`)
	// ofBusiness are the endings of files that companies exchange, perhaps with orders for goods.
	ofBusiness = pattern.New(`(?i)\.(csv|xml|edi(fact)?|x12|idoc|xlsx?|json)$|(^|/)orders?[^/]*\.(txt|dat)$`)
	// ofUpdates are names of files that tell a program about a new version.
	ofUpdates = pattern.New(`(?i)(version|update|latest|release|timestamp|checksum|md5sum|sha\d*sum)`)
)

// isOrder reports whether a file has orders for a program, by its name.
func isOrder(name string) bool {
	base := path.Base(name)
	return (commandsName.MatchString(base) || workName.MatchString(base)) && !ofBusiness.MatchString(name)
}

func polledFiles() look {
	type file struct { // of one user, as many people may share an address
		hosts      evidence.PairOfHosts
		user, path string
	}
	polls := map[file]*poll{}
	return look{
		session: func(e *Evidence, s *session) []breach {
			var last *poll
			stored := "" // the last upload in front of the first request for a file
			user := cmp.Or(s.user(), s.User)
			s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
				looksFor := (x.Command == "SIZE" || x.Command == "MDTM") && x.Final() >= 500 && isOrder(x.Argument)
				switch {
				case x.Command == "RETR" || looksFor:
					key := file{s.Hosts(), user, w.Target(x.Argument)}
					if last = polls[key]; last == nil {
						if !bounded.Takes(s.ledger, maxFetchedFiles, polls, key) {
							return
						}
						key.user, key.path = strings.Clone(user), strings.Clone(key.path)
						last = &poll{}
						polls[key] = last
					}
					last.add(x)
					last.sought = last.sought || looksFor
					last.look(e, s, x)
					if looksFor && stored != "" && stored != key.path {
						last.answers, last.other, stored = last.answers+1, strings.Clone(stored), ""
					}
				case x.Command == "STOR" && last == nil && evidence.Completed(x):
					stored = w.Target(x.Argument)
				case x.Command == "STOR" && last != nil && evidence.Completed(x) && last.n > last.answers && w.Target(x.Argument) != last.other:
					last.answers, last.other = last.answers+1, strings.Clone(w.Target(x.Argument))
					last.look(e, s, x)
				}
			})
			return nil
		},
		end: func(*Evidence) []breach {
			var found []breach
			for f, p := range polls {
				if p.n < polledOften {
					continue
				}
				found = append(found, p.judge(f.hosts, f.path))
			}
			slices.SortFunc(found, func(a, b breach) int { return cmp.Compare(a.packets[0], b.packets[0]) })
			return found
		},
	}
}

func (p *poll) judge(hosts evidence.PairOfHosts, name string) breach {
	verb := "fetched"
	if p.sought {
		verb = "asked for"
	}
	b := breach{hosts: hosts, packets: p.packets, observed: fmt.Sprintf("%s %s %s %d times", hosts.Client, verb, wording.Quote(name), p.n)}
	if every, ok := p.regular(); ok {
		b.observed += fmt.Sprintf(", once in %v", every)
	}
	answered := p.answers >= pollAnswers && p.answers*2 >= p.n
	commands := commandsName.MatchString(path.Base(name)) && !ofBusiness.MatchString(name)
	work := workName.MatchString(path.Base(name)) && !ofBusiness.MatchString(name)
	switch {
	case answered || commands:
		b.severity, b.sign = Odd, 2
	case work:
		b.severity = Odd
	case ofUpdates.MatchString(path.Base(name)):
		b.sign = noSign
	}
	if commands && p.answers >= orderAnswers {
		answered, b.severity = true, Violation
	}
	if answered {
		b.observed += fmt.Sprintf(", and stored another file after %d of them", p.answers)
	}
	if commands || work {
		b.observed += "; by its name it has orders for a program"
	}
	if p.shell > 0 && p.answers > 0 {
		b.severity, b.packets = Violation, append(b.packets[:min(len(b.packets), MaxPackets-1)], p.shell)
		b.observed += fmt.Sprintf("; frame %d shows a shell that is used from far away", p.shell)
	}
	return b
}

// regular is the pause between two requests, if all pauses are alike.
func (p *poll) regular() (every time.Duration, ok bool) {
	pauses := float64(p.n - 1)
	mean := float64(p.last-p.first) / pauses
	variance := p.squares/pauses - mean*mean
	every = time.Duration(mean).Round(time.Second)
	return every, every > 0 && math.Sqrt(max(0, variance)) <= pollRegular*mean
}
