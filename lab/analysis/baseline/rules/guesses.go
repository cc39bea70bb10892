// Names that a client guesses, to find files and folders that nobody told it of.

package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/encoded"
	"ftplab/lab/analysis/internal/pattern"
)

// A client searches if it asks for guessedFew different names that do not exist, and they are guessedPart of all names that
// it asks for. Nobody asks for guessedMany of them by chance.
const (
	guessedFew  = 20
	guessedMany = 40
	guessedPart = 0.9
	// guessedCommon is how many folders with common names are more than where programs look for a site.
	guessedCommon = 20
)

// common matches names of folders that many servers have. Lists of names to try begin with them.
var common = pattern.New(`(?i)^(admin(istrator)?|backups?|db|databases?|www|web|wwwroot|htdocs|public(_html)?|private|secrets?|conf(ig)?|etc|var|usr|opt|logs?|old|new|te?mp|tests?|dev|staging|beta|root|home|bin|lib|boot|cgi-bin|e?mail|webmail|sql|mysql|dumps?|keys?|` +
	`data|uploads?|downloads?|files?|docs?|documents?|images?|media|assets|css|js|src|scripts?|includes?|cache|api|users?|passwords?|ftp|sites?|shop|blog|forum|portal|intranet|wordpress|wp-(admin|content|includes)|phpmyadmin|\.?git|\.?svn|install|setup|share[ds]?|server)$`)

// guesses are the names that a client asked for, of one server.
type guesses struct {
	missing map[string]int  // the first packets, by path
	exist   map[string]bool // by path; also what the client made
	listed  int             // how many files and folders listings have
	unread  bool            // a listing may be missing, or there are too many names
}

// guessers are the guesses between two hosts. Those that never asked in vain have none.
type guessers struct {
	of    map[evidence.PairOfHosts]*guesses
	names int // of all
}

// add takes the next session.
func (all *guessers) add(e *Evidence, s *session) {
	g := all.of[s.Hosts()]
	if g == nil {
		asks := func(x *ftp.Exchange) bool { _, asks := asksFor[x.Command]; return asks && s.saysMissing(x) }
		if !slices.ContainsFunc(s.Exchanges, asks) || !s.ledger.Room(maxGuessedNames, all.names) {
			return
		}
		g = &guesses{missing: map[string]int{}, exist: map[string]bool{}}
		all.of[s.Hosts()] = g
	}
	before := len(g.missing) + len(g.exist)
	g.unread = g.unread || !s.ledger.Room(maxGuessedNames, all.names)
	g.add(e, s)
	all.names += len(g.missing) + len(g.exist) - before
}

func (all *guessers) judge() (found []breach) {
	for hosts, g := range all.of {
		if b, ok := g.judge(hosts); ok {
			found = append(found, b)
		}
	}
	return found
}

// ofSeries matches a number of a series in a name, such as that of a day or of a station.
var ofSeries = pattern.New(`\d{3}`)

// asksFor are the commands that ask for a file or a folder which may not exist. With those that are true, a client that
// stores files first asks which of them the server has.
var asksFor = map[string]bool{
	"RETR": false, "LIST": false, "NLST": false, "MLSD": false,
	"CWD": true, "XCWD": true, "SIZE": true, "MDTM": true, "MLST": true, "STAT": true, "XCRC": true, "XMD5": true, "XSHA1": true, "HASH": true,
}

// add takes the next session.
func (g *guesses) add(e *Evidence, s *session) {
	stores := slices.ContainsFunc(s.Exchanges, func(x *ftp.Exchange) bool { return x.Sender() == ftp.Client || makesFolder(x) })
	for _, x := range s.Exchanges {
		if !x.Lists() || !evidence.Began(x) && !evidence.Completed(x) {
			continue
		}
		n := e.listed(s, x)
		g.listed += n
		g.unread = g.unread || n == 0 && !s.listsNothing(x)
	}
	var last *ftp.Exchange
	s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
		at := w.Target(pathIn(x))
		before, asks := asksFor[x.Command]
		switch {
		case !asks || !s.saysMissing(x):
			for ; at != "." && at != "/" && len(g.exist) < maxNames && !g.exist[at]; at = path.Dir(at) { // an excuse
				g.exist[strings.Clone(at)] = true
			}
		case stores && before:
		case g.missing[at] == 0:
			g.missing[strings.Clone(at)], last = x.Packet, x
		}
	})
	g.unread = g.unread || last != nil && s.MayHaveSaid(nil, last.Line, leastTransfer)
}

func makesFolder(x *ftp.Exchange) bool { return x.Command == "MKD" || x.Command == "XMKD" }

// saysMissing reports whether the server says that a file or a folder does not exist. It exists if the server denies the
// access to it, or refuses SIZE in ASCII mode.
func (s *session) saysMissing(x *ftp.Exchange) bool {
	switch x.Final() {
	case 450, 550, 551, 553:
		text := strings.ToLower(x.Replies[len(x.Replies)-1].Text)
		return !strings.Contains(text, "denied") && !strings.Contains(text, "permission") && !strings.Contains(text, "ascii")
	}
	return s.listsNothing(x)
}

// judge counts the missing names that differ in more than a number, and that are no digests.
func (g *guesses) judge(hosts evidence.PairOfHosts) (b breach, ok bool) {
	different, asked := map[string]int{}, len(g.exist)
	var lengths []int
	known := 0
	endings := map[string]bool{}
	for at, packet := range g.missing {
		base := path.Base(at)
		if g.exist[at] {
			continue
		}
		asked++
		if ofSeries.MatchString(base) || encoded.Looks(pieceOf(base)) {
			continue
		}
		if common.MatchString(base) {
			known++
		}
		different[digits.ReplaceAllString(at, "#")] = packet
		endings[path.Ext(base)], lengths = true, append(lengths, len(base))
	}
	n := len(different)
	if n < guessedFew || n <= g.listed || g.unread || float64(n) < guessedPart*float64(asked) {
		return b, false
	}
	b = breach{hosts: hosts, packets: firstPackets(different),
		observed: fmt.Sprintf("%s asked for %d files and folders with different names that do not exist and are in no listing, and for %d others", hosts.Client(), n, asked-n)}
	if alike := len(endings) == 1 && slices.Max(lengths)-slices.Min(lengths) <= 1; (n-g.listed >= guessedMany || known >= guessedCommon) && !alike { // such as stations
		b.severity = Violation
	}
	return b, true
}
