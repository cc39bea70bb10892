// The rule about files that intruders steal, or store.

package rules

import (
	"fmt"
	"path"
	"strings"
	"time"

	"ftplab/lab/analysis/baseline/content"
	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

var noLootRule = Rule{
	Name: "no-loot", Theme: "transfers",
	Says:     "No upload contains the output of a password stealer, a web shell, a job or a script that fetches programs, a survey of a computer, or what intruders leave on a web page. No transfer contains the accounts of a system, their passwords, private keys or numbers of payment cards. No host stores outside of its network what it fetched from a server inside, and no client the same page on the sites of many owners.",
	Source:   "MITRE ATT&CK, T1048.003 (exfiltration over FTP), T1505.003 (web shell) and T1491.002 (defacement)",
	Example:  "> STOR logs.html with the passwords of a mail program in it",
	Severity: Violation,
	Matters:  "Intruders take such data away, or leave it behind to come back.",
	Innocent: "somebody sends a sample to have it analysed, or a text about it.",
	look:     transferredLoot,
}

// ofClient are contents that count in uploads.
var ofClient = map[content.Kind]bool{content.Malicious: true, content.LikelyMalicious: true, content.Suspicious: true, content.Obfuscated: true, content.PasswordList: true, content.BrowserStore: true, content.Defaced: true, content.Keystrokes: true, content.Lure: true, content.Surveys: true, content.Inventory: true, content.ScanReport: true, content.Disguised: true}

// ofBoth are contents that count in downloads, too.
var ofBoth = map[content.Kind]bool{content.Accounts: true, content.Secret: true, content.CloudKeys: true, content.CardNumbers: true, content.PrivateKey: true}

// How many pages a program puts back with something suspect in them, each so soon after it fetched the
// page, before it is one that infects web sites. A person takes longer to change a page.
const (
	infectedPages = 3
	infectionTime = 10 * time.Second
)

// manySurveys is what how many programs say somebody collects before he leaves.
const manySurveys = 3

// manyDisguised is how many archives somebody moves as pictures who hides them.
const manyDisguised = 3

// A haul is what the transfers of a session contained.
type haul struct {
	found     []breach
	suspects  []int                     // the indexes in found of what is only suspect
	runners   []int                     // those of them that are pages which run something
	pagesAt   map[string]int            // those of what is only suspect by path, until they are removed
	taken     map[string]bool           // those of them after which a file was fetched
	putBack   []int                     // those of them that were fetched just before
	disguised []int                     // those of archives that look like pictures
	defaced   int                       // pages that somebody defaced
	keys      map[string]bool           // files with the keys that somebody pressed, of all sessions between the hosts, by path
	lures     map[string]map[string]int // files that make Windows log in at another host: the indexes in found, by name and path
	boasts    map[string]int            // start pages that say who defaced something, by folder, with the packet
	surveys   map[string]int            // what single programs say about a computer, with the packet
	ofDomain  bool                      // one of these has the administrators of a domain
	fetched   map[string]int64          // when each file was fetched, by path
}

func transferredLoot() look {
	keys := map[evidence.PairOfHosts]map[string]bool{}
	moved := relays{fetched: map[movedFile]move{}}
	pages := samePages{map[movedFile]*sitesWithPage{}, map[evidence.PairOfHosts]int{}}
	return look{session: func(e *Evidence, s *session) []breach {
		moved.add(e, s)
		pages.add(e, s)
		used := usedPages(e, s)
		if !e.showsAny(s) {
			return used
		}
		h := haul{fetched: map[string]int64{}, pagesAt: map[string]int{}, taken: map[string]bool{}, lures: map[string]map[string]int{}, boasts: map[string]int{}, surveys: map[string]int{}, keys: keys[s.Hosts()]}
		found := h.judge(e, s)
		if h.keys != nil && bounded.Takes(s.ledger, maxPairs, keys, s.Hosts()) {
			keys[s.Hosts()] = h.keys
		}
		return append(found, used...)
	}, end: func(*Evidence) []breach { return append(moved.judge(), pages.judge()...) }}
}

// showsAny reports whether something is known of what a session transferred.
func (e *Evidence) showsAny(s *session) bool {
	for id := range s.DataByID {
		if e.shows(id) != nil {
			return true
		}
	}
	return false
}

// judge judges the transfers of a session, each by itself and all together.
func (h *haul) judge(e *Evidence, s *session) []breach {
	var w evidence.Walk
	for _, x := range s.Exchanges {
		w.Follow(x)
		at := w.Target(x.Argument)
		h.contents(e, s, x, at)
		if x.Command == "RETR" && (evidence.Completed(x) || evidence.Began(x)) {
			h.fetched[at] = x.Replies[len(x.Replies)-1].Time
			for page := range h.pagesAt {
				h.taken[page] = h.taken[page] || page != at
			}
		}
		if setsBack(x) {
			h.proves(timedFile(&w, x), x, ", whose time was set back")
		}
		if x.Command == "DELE" && evidence.Completed(x) && h.taken[at] {
			h.proves(at, x, ", removed after a file was fetched")
		}
	}
	h.gradeFew()
	if n := len(h.surveys); n > 1 {
		b := breach{severity: Odd, sign: 2, packets: firstPackets(h.surveys),
			observed: fmt.Sprintf("%d files have what different programs say about a computer, its network or its users", n)}
		if h.ofDomain && n >= manySurveys && s.leavesNetwork() {
			b.severity, b.observed = Violation, b.observed+", and about the administrators of a domain, and leave the network"
		}
		h.found = append(h.found, b)
	}
	if n := len(h.boasts); n >= manyPlaces {
		h.found = append(h.found, breach{packets: firstPackets(h.boasts), observed: fmt.Sprintf("the start pages of %d folders say who defaced them", n)})
	}
	h.gradeMany(s)
	return h.found
}

// contents takes what a transfer contained. The path is that of the file.
func (h *haul) contents(e *Evidence, s *session, x *ftp.Exchange, at string) {
	for _, c := range s.DataOf(x.Data) {
		for _, shown := range e.shows(c.ID) {
			switch {
			case shown.Kind == content.Survey && x.Sender() == ftp.Client:
				h.surveys[shown.What] = shown.packet
				h.ofDomain = h.ofDomain || strings.HasPrefix(shown.What, content.SurveyOfDomain)
			case shown.Kind == content.Boast && x.Sender() == ftp.Client && startPage.MatchString(at):
				h.boasts[path.Dir(at)] = shown.packet
			case ofBoth[shown.Kind], shown.Fetched, x.Sender() == ftp.Client && ofClient[shown.Kind]:
				h.add(s, x, at, shown)
			}
		}
	}
}

// proves takes a command after which a suspect page is certain to be bad.
func (h *haul) proves(page string, x *ftp.Exchange, why string) {
	if i, known := h.pagesAt[page]; known {
		h.found[i].packets = append(h.found[i].packets, x.Packet)
		h.raise(i, why)
	}
}

// raise makes a violation of something that was found, and adds why.
func (h *haul) raise(i int, why string) {
	h.found[i].severity = Violation
	h.found[i].observed += why
}

// gradeFew judges together what a single time may be chance: a page may be about intruders, and an archive a jest.
func (h *haul) gradeFew() {
	for i := range h.found {
		if h.defaced+len(h.keys) > 1 && h.found[i].sign == 2 {
			h.raise(i, "")
		}
	}
	if n := len(h.disguised); n >= manyDisguised {
		for _, i := range h.disguised {
			h.raise(i, fmt.Sprintf(", one of %d", n))
		}
	}
}

// gradeMany judges together what copies of a folder or a home have, too.
func (h *haul) gradeMany(s *session) {
	for _, places := range h.lures {
		for _, i := range places {
			if len(places) >= manyPlaces && !s.isInner() { // a copy of a home has one, or some in a network
				h.raise(i, fmt.Sprintf(", one of %d of the same name", len(places)))
			}
		}
	}
	switch {
	case len(h.putBack) >= infectedPages:
		for _, i := range h.putBack {
			h.raise(i, ", put back just after it was fetched")
		}
	case s.happensToStore(len(h.suspects)):
		for _, i := range h.suspects {
			h.found[i].sign = noSign
		}
		for _, i := range h.runners {
			if h.found[i].severity == Odd && s.storesSite(len(h.runners)) {
				h.found[i].severity = Note
			}
		}
	}
}

// add takes what a transfer contained. The path is that of the file.
func (h *haul) add(s *session, x *ftp.Exchange, at string, shown shownContent) {
	b := breach{
		packets:  append(evidence.Frames(x), shown.packet),
		observed: fmt.Sprintf("%s: %s, in frame %d", wording.Quote(x.Line.Text), shown.What, shown.packet),
	}
	leaves := x.Sender() == ftp.Client && s.leavesNetwork()
	accounts := shown.Kind == content.Secret || shown.Kind == content.Accounts
	saved := accounts && (x.Sender() == ftp.Client && savedAccounts.MatchString(at) || s.copiesSystem(x))
	switch {
	case ofSystem(shown.Archive) && s.isInner(): // a backup
		b.severity, b.sign = Note, noSign
	case saved, ofSystem(shown.Archive), shown.Archive != nil && s.isInner():
		b.severity = Odd
	case shown.Quoted && quotesPages.MatchString(at):
		b.severity, b.sign = Note, noSign
		b.observed += ", as a quotation"
	case shown.Kind == content.PrivateKey:
		b.severity, b.sign = Odd, 1
	case (shown.Kind == content.Inventory || shown.Kind == content.ScanReport) && !leaves:
		return
	case shown.Kind == content.Malicious:
	case x.Argument == "": // the capture lacks the command, and with it a name that may excuse the content
		b.severity, b.sign = Odd, 1
	case shown.Kind == content.Secret:
	case leaves && (shown.Kind == content.Inventory || shown.Kind == content.BrowserStore && !s.happensToStore(1) || shown.Kind == content.PasswordList || shown.Kind == content.CloudKeys && !siteSettings.MatchString(at)):
		b.observed += ", which leaves the network"
	case shown.Kind == content.Defaced && startPage.MatchString(at):
		b.observed += ", on the start page of a site"
	case shown.Kind == content.LikelyMalicious && ofGit.MatchString(at):
		b.observed += ", which git runs by itself"
	case shown.Kind == content.Obfuscated && ofWordPress.MatchString(at):
		b.observed += ", in a folder of WordPress itself, whose pages hide nothing"
	case shown.What == content.StoresAnything && amongPictures.MatchString(at):
		b.observed += ", in a folder of pictures"
	case shown.Kind == content.Suspicious, shown.Kind == content.Obfuscated, shown.Kind == content.PasswordList, shown.Kind == content.BrowserStore:
		b.severity, b.sign = Odd, 1
	default:
		b.severity, b.sign = Odd, 2
	}
	switch shown.Kind {
	case content.Disguised:
		h.disguised = append(h.disguised, len(h.found))
	case content.Defaced:
		h.defaced++
	case content.Keystrokes:
		if h.keys == nil {
			h.keys = map[string]bool{}
		}
		if len(h.keys) < wholeFolder && x.Argument != "" {
			h.keys[strings.Clone(at)] = true
		}
	case content.Lure:
		if name := path.Base(at); h.lures[name] == nil {
			h.lures[name] = map[string]int{at: len(h.found)}
		} else {
			h.lures[name][at] = len(h.found)
		}
	case content.Suspicious, content.Obfuscated, content.PasswordList:
		h.suspects = append(h.suspects, len(h.found))
		h.pagesAt[at] = len(h.found)
		if shown.What == content.RunsText {
			h.runners = append(h.runners, len(h.found))
		}
		if then, known := h.fetched[at]; known && x.Time-then < int64(infectionTime) {
			h.putBack = append(h.putBack, len(h.found))
		}
	}
	h.found = append(h.found, b)
}

// ofWordPress matches the folders with the programs of WordPress itself. Those who sell additions have another folder.
var ofWordPress = pattern.New(`(?i)(^|/)wp-(includes|admin)/`)

// ofGit matches files with commands that git runs.
var ofGit = pattern.New(`(^|/)\.git/(hooks/[^/]+|config)$`)

// amongPictures matches folders of a site in which there are no pages.
var amongPictures = pattern.New(`(?i)(^|/)(img|images?|pics?|pictures?|css|fonts?|icons?)/[^/]*$`)

// quotesPages matches logs and texts, which a web server does not run.
var quotesPages = pattern.New(`(?i)\.(log(\.\d+)?|md|markdown|rst|adoc)$`)

// startPage matches the page that a web server shows first.
var startPage = pattern.New(`(?i)(^|/)(index|default|home)\.\w+$`)

// ofSystem reports whether an archive is one of a whole system.
func ofSystem(a *content.Archive) bool { return a != nil && a.Files >= wholeSystem }

// isInner reports whether a session is between two hosts of private addresses.
func (s *session) isInner() bool { return isPrivate(s.Client()) && isPrivate(s.Server()) }
