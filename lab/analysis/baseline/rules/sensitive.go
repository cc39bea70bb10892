// The rule about names of files with accounts, passwords and keys.

package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

var noSensitiveNamesRule = Rule{
	Name: "no-sensitive-names", Theme: "requests",
	Says:     "Clients do not ask for files with accounts, passwords or keys, or for the memory of the server.",
	Source:   "MITRE ATT&CK, T1552.001 (credentials in files)",
	Example:  "> RETR .ssh/id_rsa",
	Severity: Note, sign: 1,
	Matters:  "Accounts, passwords and keys are the first thing that an intruder takes.",
	Innocent: "the owner makes a copy of the files, or the name means something else here.",
	look:     eachSession(sensitiveNames),
}

// How many files with passwords or keys, in one session, are unusual, and how many kinds of them show a
// search if they do not exist. A client that makes a copy asks for files that exist.
const (
	manySecrets   = 3
	soughtSecrets = 5
)

// sensitiveNames judges the names in a session, each by itself and all together.
func sensitiveNames(e *Evidence, s *session) []breach {
	n := sensitive{session: s, names: map[string]bool{}, made: map[string]bool{}, fetched: map[string]bool{}, sought: map[string]int{}}
	n.lists = !s.Whole || s.Lossy() || s.MayHaveSaid(nil, nil, leastTransfer) || slices.ContainsFunc(s.Exchanges, func(x *ftp.Exchange) bool { return x.Lists() && evidence.Completed(x) })
	s.eachPath(n.path)
	n.look(documentsLeave, packedUp, profileLeaves)
	if s.happensToStore(len(n.stored)) {
		for _, i := range n.stored {
			n.found[i].sign = noSign
		}
		return n.found
	}
	n.grade()
	n.look(askedHomes, storedUnseen, stolenFiles, stolenBrowsers, chatTaken, onlySecrets, deviceTaken, keysOfMany, mailboxesLeave, memoryTouched)
	for _, look := range []func(*Evidence, *session) (breach, bool){registryTaken, loginsDumped} {
		if b, ok := look(e, s); ok {
			n.found = append(n.found, b)
		}
	}
	if kinds := len(n.sought); kinds >= soughtSecrets {
		n.found = append(n.found, breach{severity: Violation, packets: firstPackets(n.sought),
			observed: fmt.Sprintf("the client asked in vain for %d kinds of files with passwords or keys, or of forgotten copies", kinds)})
	}
	return n.found
}

// A sensitive collects the sensitive names of a session.
type sensitive struct {
	*session
	found    []breach
	stored   []int           // the indexes in found of uploads and new folders
	names    map[string]bool // of files with passwords or keys
	made     map[string]bool // the names of new folders
	fetched  map[string]bool
	sought   map[string]int // files that do not exist, by kind: the part of the name that secrets or forgottenCopies matches
	lists    bool           // the client saw a listing, or may have, so it may know names
	harmless string         // the target of the command before: many ask for a file, its size and its time
}

// path takes the next command with a path.
func (n *sensitive) path(x *ftp.Exchange, w *evidence.Walk) {
	if !pathCommands[x.Command] || x.Command == "SITE" {
		return
	}
	target := w.Target(x.Argument)
	if (x.Command == "MKD" || x.Command == "XMKD") && x.Final() < 300 {
		n.made[path.Base(target)] = true
	}
	if x.Command == "RETR" && x.Final() < 400 {
		n.fetched[target] = true // to edit it, perhaps
	}
	if !changesFile(x) && target == n.harmless {
		return
	}
	b, ok := n.judge(x, target)
	if kind := forgottenCopies.FindString(target); kind != "" && !n.lists && n.saysMissing(x) {
		n.seek(x, kind)
	}
	if !ok {
		n.harmless = target
		return
	}
	b.packets = evidence.Frames(x)
	b.observed = fmt.Sprintf("%s names %s%s", wording.Quote(x.Line.Text), wording.Quote(target), b.observed)
	if x.Sender() == ftp.Client || x.Command == "MKD" {
		n.stored = append(n.stored, len(n.found))
	}
	n.found = append(n.found, b)
}

// changesFile reports whether a command stores, removes or renames a file.
func changesFile(x *ftp.Exchange) bool {
	return x.Sender() == ftp.Client || x.Command == "DELE" || x.Command == "RNFR" || x.Command == "RNTO"
}

// judge judges the target of a command. The result is false if its name is not sensitive.
func (n *sensitive) judge(x *ftp.Exchange, target string) (b breach, ok bool) {
	has := pattern.PairsOf(target)
	named := func(p *pattern.Pattern) bool { return p.MatchStringPairs(target, &has) }
	stores := x.Sender() == ftp.Client
	puts, ofFolder := stores || x.Command == "RNTO", n.Commands["STOR"] >= wholeFolder
	partly := !n.Whole || n.Lossy() // what came before may be missing
	switch {
	case puts && named(opens):
		if b.severity = Violation; ofFolder || n.isInner() && (n.fetched[target] || partly || n.ownKeys(target)) {
			b.severity, b.sign = Odd, 2
		}
		b.observed = ", a file that lets somebody in, or that the system runs by itself"
	case named(passwordFile), changesFile(x) && named(accountsFile):
		if b.severity = Violation; n.copiesSystem(x) {
			b.severity, b.sign = Odd, 1
		}
		b.observed = ", a file with the accounts of the system"
	case named(system):
		if b.severity, b.sign = Odd, 2; stores {
			b.sign = 1 // users make copies of their own systems
			if n.leavesNetwork() && !ofFolder {
				b.severity = Violation
			}
		}
		b.observed = ", a file with accounts or settings of the system"
	case puts && named(runs):
		if b.severity, b.sign = Odd, 2; partly || n.isInNewFolder(target) { // as in a copy of a CD
			b.sign = 1
		}
		b.observed = ", a file that the system runs by itself"
		if n.public() && !ofFolder { // nobody owns the account
			b.severity = Violation
			b.observed += ", of an anonymous user"
		}
	case stores && named(systemPrograms) && !n.isInNewFolder(target):
		b.severity, b.sign = Odd, 1 // a device may get its programs so
		b.observed = ", a program or a setting of the system"
	case stores && n.public() && named(webProgram):
		b.severity, b.sign = Odd, 2
		b.observed = ", a program for a web server, of an anonymous user"
	case stores && named(starts):
		b.observed = ", a file that runs when a user logs in"
	case named(secrets) && !named(aboutPasswords) && x.Complete: // the end of a name says what it is
		b.observed = ", by its name a file with passwords or keys"
		if stores && named(siteSettings) && !n.public() {
			b.sign = noSign
		} else {
			n.names[target] = true
		}
		n.seek(x, secrets.FindString(target))
	default:
		return b, false
	}
	return b, true
}

// isInNewFolder reports whether the session made a folder with the name of that in which a file is.
func (n *sensitive) isInNewFolder(target string) bool { return n.made[path.Base(path.Dir(target))] }

// forgottenCopies matches names of copies that the owners of sites forget on their servers, with the accounts of databases in them.
// A copy of one day has a name with the day.
var forgottenCopies = pattern.New(`(?i)(^|/)(backup|db|dump|database|data|mysql|users|site|web|www|wwwroot|htdocs|public_html)\.(zip|rar|7z|tar|tgz|tar\.gz|sql|sql\.gz|bak)$|(^|/)[\w-]+\.(php|aspx?|jsp)(\.(bak|old|orig|save|swp|txt)|~)$|(^|/)\.(git/(config|head|index)|svn/(entries|wc\.db))$|(^|/)phpinfo\.php$`)

// seek takes a command that names a file with passwords or keys, by its kind. Who stores files asks for their sizes.
func (n *sensitive) seek(x *ftp.Exchange, kind string) {
	if asks := x.Command == "RETR" || !changesFile(x) && !n.Said("STOR"); asks && x.Final() >= 500 {
		n.sought[strings.ToLower(kind)] = x.Packet
	}
}

// look adds what other looks at the session find.
func (n *sensitive) look(looks ...func(*session) (breach, bool)) {
	for _, look := range looks {
		if b, ok := look(n.session); ok {
			n.found = append(n.found, b)
		}
	}
}

// grade gives what was found a severity by the number of files with passwords or keys.
func (n *sensitive) grade() {
	for i := range n.found {
		switch b := &n.found[i]; {
		case b.severity != "":
		case n.happensToFetch(len(n.names)):
			b.sign = noSign
		case len(n.names) >= manySecrets:
			b.severity = Odd
		}
	}
}

// ofHome matches the list of keys with which a user logs in, in his own home.
var ofHome = pattern.New(`^(/home/[^/]+/|/)?\.ssh/authorized_keys2?$`)

// ownKeys reports whether a file is the list of keys of the user who logged in, other than the administrator.
func (s *session) ownKeys(at string) bool {
	return ofHome.MatchString(at) && !slices.ContainsFunc(s.Logins, func(l evidence.Login) bool {
		return rules(l.User) || s.public() || strings.HasPrefix(at, "/home/") && !strings.HasPrefix(at, "/home/"+l.User+"/")
	})
}
