// Rules about the paths and names that clients ask for.

package rules

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

// pathCommands are the commands whose argument is a path. Those with true look at a file or change
// something; the others only list or change the folder.
var pathCommands = map[string]bool{
	"CWD": false, "XCWD": false, "LIST": false, "NLST": false, "MLSD": false, "STAT": false,
	"RETR": true, "STOR": true, "APPE": true, "DELE": true, "RNFR": true, "RNTO": true, "MKD": true, "XMKD": true,
	"RMD": true, "XRMD": true, "RMDA": true, "SIZE": true, "XCRC": true, "XMD5": true, "XSHA1": true, "HASH": true, "COMB": true, "MDTM": true, "MLST": true, "SITE": true,
	"XSHA": true, "XSHA256": true, "XSHA512": true, "MD5": true, "MMD5": true, "AVBL": false, "DSIZ": false, "THMB": false, "MFMT": false, "MFCT": false, "MFF": false,
}

// A pathUse is a command with a path, and the walk before it.
type pathUse struct {
	*ftp.Exchange
	evidence.Walk
}

// eachPath calls look for every command with a path that can be read.
func (s *session) eachPath(look func(x *ftp.Exchange, w *evidence.Walk)) {
	if s.paths == nil {
		s.paths = s.findPaths()
	}
	for i := range s.paths {
		look(s.paths[i].Exchange, &s.paths[i].Walk)
	}
}

func (s *session) findPaths() []pathUse {
	list := []pathUse{}
	var w evidence.Walk
	for _, x := range s.Exchanges {
		if s.MayBeRest(x.Line) || !s.Readable(x.Packet) {
			continue
		}
		if _, takesPath := pathCommands[x.Command]; takesPath && x.Argument != "" {
			list = append(list, pathUse{x, w.With(x.Argument)})
		}
		w.Follow(x)
	}
	return list
}

var noClimbingRule = Rule{
	Name: "no-climbing", Theme: "requests",
	Says:     "Paths do not lead out of the server's tree.",
	Source:   "CWE-24 (../ traversal); RFC 2577, 9 (software faults)",
	Example:  "> RETR ../../../../etc/hosts",
	Severity: Violation,
	Matters:  "Several ../ in a row, or encoded ones, look for files that the server should not serve.",
	Innocent: "a user knows the tree well and goes up several levels at once.",
	look:     eachSession(climbing),
}

// How many levels a path may climb at once.
const (
	climbToFile = 3
	climbToWalk = 5
	climbOften  = 4 // levels above the folder of the login are unusual
)

// waysOfSearch is how many ways out of the tree show a search for one that works.
const waysOfSearch = 3

var (
	// climb matches one step up, plain or encoded.
	climb     = pattern.New(`(?i)(^|[/\\=\s"]|%2f|%5c)(\.\.|%2e%2e|\.%2e|%2e\.)([/\\]|%2f|%5c|$)`)
	disguised = pattern.New(`(?i)(%c0%ae){2}|(%e0%80%ae){2}|\.\.%5c|\.\.%2f|%2e%2e|(^|/)\.{3,}[/\\].|\.\.\\/|\.\./\\|(^|[/\\])\.\.:[/\\]|\.\.%c[01]%[0-9a-f]{2}|\.\.(%u(2215|2216|ff0f|ff3c)|[\x{2215}\x{2216}\x{ff0f}\x{ff3c}]|;/)`)
	// innerLink matches a link to a file of a tree, by a relative path with names in it.
	innerLink = pattern.New(`(?i)^(SYM)?LINK +"?(\.\./)+\w`)
	// overlong matches separators and points in overlong UTF-8 (RFC 3629, 3), encoded as in URLs.
	overlong = pattern.New(`(?i)\.\.%c[01]%[0-9a-f]{2}|(%c0%ae){2}|(%e0%80%ae){2}`)
	// drive matches a folder of Windows with the letter of its drive. A server's tree has none.
	drive = pattern.New(`(?i)^/?[a-z]:[\\/]+(windows|winnt|boot\.ini|autoexec\.bat|inetpub)\b`)
	// device matches a path of Windows that is not read as one of a tree (\\?\C:\), which no client sends.
	device = pattern.New(`^/?\\\\[?.]\\`)
	// system matches files with the accounts and the settings of a system.
	system = pattern.New(`(?i)((^|/)etc/(passwd|shadow|gshadow|sudoers|master\.passwd|security/passwd)|boot\.ini|win\.ini|system32|winnt|(^|/)\.ssh/|proc/self|windows/repair|config/sam$|(^|[/_ .-])lsass[^/]*\.dmp$|(^|[/_ .-])(sam\.save|(sam|security|system)\.hive?)$|(^|[/_ .-])ntds[\w.-]*\.(dit|zip|rar|7z|7z\.\d{3})$)`)
	// runs matches files that a system runs by itself.
	runs = pattern.New(`(?i)(^|/)etc/(init\.d/|rc\.local|profile|systemd/|nsswitch\.conf$)|(^|/)(\.forward|\.procmailrc|autorun\.inf|flash/rw/DEFCONF)$|\.auto\.rsc$`)
	// systemPrograms matches programs and settings of a system, which intruders replace, and starts those that
	// run when a user logs in.
	systemPrograms = pattern.New(`(?i)^/((usr/)?s?bin/[\w-]+$|(usr/)?lib(64)?/(security/)?[\w.-]+\.so|etc/(ssh/sshd_config|pam\.d/\w+|hosts)$)`)
	starts         = pattern.New(`(?i)(^|/)(library/launch(agents|daemons)/|\.config/(autostart|systemd)/|\.(bashrc|bash_profile|bash_login|profile|zshrc)$)`)
	// opens matches files that hardly anybody but an intruder writes over FTP: they let somebody in
	// without a password, or run a program.
	opens = pattern.New(`(?i)(^|/)etc/(cron|sudoers\.d/|ld\.so\.preload$)|var/spool/cron|start menu/programs/startup/|system32/(tasks|wbem/mof)/|(^|/)(\.[rs]hosts|hosts\.equiv|authorized_keys2?)$`)
	// passwordFile matches a file of a system with the passwords of all users.
	passwordFile = pattern.New(`(?i)^(\.\./|/)*etc/(shadow|gshadow|master\.passwd|security/passwd)-?$|config/sam$|(^|[/_ .-])ntds\.dit$|(^|/)flash/rw/store/user\.dat$`)
	// systemDirectory matches the folders of a system, reached by climbing.
	systemDirectory = pattern.New(`(?i)^(\.\./)*/?\.\./(\.\./)*(etc|windows|winnt|boot|proc|root|usr|bin|sbin|dev|sys|home|users)(/|$)`)
	// systemFolder matches folders of a system that nobody needs who has no account.
	systemFolder = pattern.New(`(?i)^/(etc|root|boot|proc|windows|winnt)(/|$)`)
	accountsFile = pattern.New(`(?i)^/etc/(passwd|sudoers)$`)
	// aboutPasswords matches pages of a web site on which users manage their passwords, and texts about how to do so.
	aboutPasswords = pattern.New(`(?i)(^|/)(([\w-]+[_-])?password([_-][\w-]+)?|([\w-]+[_-])?passwords[_-][\w-]+|lang/[\w/-]+/passwords)\.(html?|php|aspx?|jsp|css|js|png|jpe?g|gif|svg)$|(^|[/_ .-])(passw(or)?ds?|passwort|kennwort|credentials?)[_ .-]*(polic(y|ies)|rules?|guid(e|ance|elines?)|richtlinien?|requirements?|standards?|best[_ .-]?practices?|training|faq|how[_ .-]?to)\b[^/]*\.(pdf|docx?|odt|pptx?|html?|md|txt)$`)
	// siteSettings matches settings of web sites. Who may store a site stores them, too.
	siteSettings = pattern.New(`(?i)(^|/)(web\.config|wp-config\.php|configuration\.php|\.env|database\.yml|\.?htpasswd)$`)
	// secrets matches names of files with passwords and keys.
	secrets = pattern.New(`(?i)(^|/)(passwd|shadow|id_[rd]sa|id_ed25519|\.?htpasswd|\.bash_history|\.netrc|\.pgpass|wp-config\.php|web\.config|\.env|configuration\.php|\.my\.cnf|\.git-credentials|database\.yml|ntuser\.dat|ntds\.dit|wallet\.dat|tdata\.zip|(auto)?unattend\.xml|sysprep\.(xml|inf)|id_ecdsa)$|(^|[/_ -])(login data|logins\.json|key[34]\.db|cookies(\.sqlite)?|discord_tokens?\.txt)$|\.(kdbx?|pfx|p12|ppk)$|(^|[/_ .-])(passwords?|passw(oe|ö)rter|credentials?)([_ .-]|$)`)
)

// separators decodes a path that was encoded twice, and encodes separators and points in overlong
// UTF-8 as in a URL.
var separators = strings.NewReplacer("%25", "%", "\xc0\xaf", "%c0%af", "\xc1\x9c", "%c1%9c",
	"\xc0\xae\xc0\xae", "%c0%ae%c0%ae", "\xe0\x80\xae\xe0\x80\xae", "%e0%80%ae%e0%80%ae")

func climbing(e *Evidence, s *session) []breach {
	found := climbingNames(e, s)
	for _, look := range []func(*session) (breach, bool){waysOut, stepsUp} {
		if b, ok := look(s); ok {
			found = append(found, b)
		}
	}
	s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
		if b, ok := s.climbs(x, w); ok {
			b.packets, b.observed = evidence.Frames(x), wording.Quote(x.Line.Text)+" "+b.observed
			found = append(found, b)
		}
	})
	return found
}

// climbs judges the path in a command.
func (s *session) climbs(x *ftp.Exchange, w *evidence.Walk) (b breach, ok bool) {
	if x.Command == "SITE" && innerLink.MatchString(x.Argument) && !system.MatchString(x.Argument) {
		return b, false // a path from the link, as mirrors make them
	}
	touches, asked := pathCommands[x.Command], pathIn(x)
	argument := separators.Replace(withoutEntities(asked))
	levels, mayClimb := 0, strings.Contains(argument, "..") || strings.Contains(argument, "%")
	if mayClimb {
		levels = steps(argument)
	}
	limit := climbToWalk
	if touches {
		limit = climbToFile
	}
	target := w.Target(asked)
	above := w.Beyond(asked)
	absolute := path.IsAbs(evidence.Unquoted(asked))
	fromRoot := path.IsAbs(w.At) || absolute // above counts from the root
	up := strings.HasPrefix(target, "..") || fromRoot && above > 0
	switch {
	case levels >= limit:
		b.observed = "climbs " + wording.Plural(levels, "level", "levels")
	case levels > 0 && system.MatchString(argument), touches && up && system.MatchString(target):
		b.observed = "climbs to a file of the system"
	case device.MatchString(argument):
		b.observed = "leads past the server's tree by a path of Windows for devices"
	case touches && strings.HasPrefix(target, "~root/"):
		b.observed = "looks for a file in the home of root"
		if !s.public() {
			b.severity, b.sign = Odd, 1
		}
	case touches && drive.MatchString(argument):
		b.observed = "leads to a folder of Windows by the letter of its drive"
	case mayClimb && disguised.MatchString(argument) && (levels > 1 || touches || overlong.MatchString(argument)), touches && strings.Count(argument, `..\`) > 1:
		b.observed = "climbs with an encoded or disguised path"
	case touches && absolute && above >= 2: // useless in an absolute path
		b.observed = fmt.Sprintf("climbs %d levels above the root", above)
	case points(argument) > 1:
		b.observed = "climbs by names of points"
	case points(argument) > 0 && !touches:
		b.severity, b.sign, b.observed = Odd, 2, "climbs by a name of points"
	case levels > 0 && up && (systemDirectory.MatchString(target) || systemDirectory.MatchString(".."+target)):
		b.severity, b.sign, b.observed = Odd, 2, "climbs to a folder of the system"
	case levels > 0 && above >= 2:
		b.severity, b.sign = Note, 1
		b.observed = fmt.Sprintf("climbs %d levels above the folder of the login", above)
		switch {
		case fromRoot:
			b.severity, b.sign = Odd, 2
			b.observed = fmt.Sprintf("climbs %d levels above the root", above)
		case above >= climbOften:
			b.severity, b.sign = Odd, 2
		}
	default:
		return b, false
	}
	return b, true
}

// pathIn is the path in the argument of a command.
func pathIn(x *ftp.Exchange) string {
	if x.Lists() {
		return evidence.WithoutOptions(x.Argument)
	}
	return x.Argument
}

// waysOut judges a client that tries several ways out of the tree. Each alone may be a habit.
func waysOut(s *session) (b breach, ok bool) {
	ways := map[string]int{} // with the packet
	s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
		asked := pathIn(x)
		target, above := w.Target(asked), w.Beyond(asked)
		switch {
		case points(asked) > 0:
			ways["names of points"] = x.Packet
		case strings.HasPrefix(asked, "~root"):
			ways["the home of root"] = x.Packet
		case above >= climbOften, path.IsAbs(target) && above >= 2:
			ways["steps up"] = x.Packet
		case s.public() && path.IsAbs(evidence.Unquoted(asked)) && systemFolder.MatchString(target):
			ways["folders of the system"] = x.Packet
		}
	})
	if len(ways) < waysOfSearch {
		return b, false
	}
	return breach{packets: firstPackets(ways),
		observed: fmt.Sprintf("the client tried %d ways out of the tree of the server: %s", len(ways), strings.Join(slices.Sorted(maps.Keys(ways)), ", "))}, true
}

// steps counts the steps up in a path.
func steps(path string) int {
	n := 0
	for {
		at := climb.FindStringIndex(path)
		if at == nil {
			return n
		}
		n++
		// The separator after one step is also the one before the next.
		path = path[max(at[1]-1, at[0]+1):]
	}
}

// points counts the names of three points or more, which lead up several levels on Windows 95, and
// on servers that delete "../".
func points(path string) (n int) {
	for name := range strings.SplitSeq(evidence.Unquoted(path), "/") {
		if len(name) > 2 && strings.Trim(name, ".") == "" {
			n++
		}
	}
	return n
}

// wholeFolder is how many uploads make a copy of a folder. Whatever files it has are copied.
const wholeFolder = 10

// happensToStore reports whether a session copies a folder, and n files are less than a third of it.
func (s *session) happensToStore(n int) bool {
	stored := s.Commands["STOR"]
	return stored >= wholeFolder && n*3 < stored
}

// storesSite reports whether a session stores the pages of a site, and n files are less than a third of them.
func (s *session) storesSite(n int) bool {
	pages := 0
	for _, x := range s.Exchanges {
		if x.Command == "STOR" && sitePage.MatchString(x.Argument) {
			pages++
		}
	}
	return pages >= wholeFolder && n*3 < pages
}

// happensToFetch reports whether a session copies a tree, and n files are a small part of it.
func (s *session) happensToFetch(n int) bool {
	const least, part = 30, 8
	fetched := s.Commands["RETR"]
	return fetched >= least && n*part < fetched
}

// manyHomes is of how many users a client asks for the home folders if it wants to know which users
// there are, and listOfHomes of how many if it has a list of names.
const (
	manyHomes   = 6
	listOfHomes = 12
)

// homeOf matches the home folder of a user as shells abbreviate it.
var homeOf = pattern.New(`^~[\w.-]+`)

// askedHomes judges a client that asks for the home folders of users. Most of them are refused.
func askedHomes(s *session) (b breach, ok bool) {
	homes, refused := map[string]int{}, 0
	s.eachPath(func(x *ftp.Exchange, _ *evidence.Walk) {
		if !strings.HasPrefix(x.Argument, "~") {
			return
		}
		home := homeOf.FindString(x.Argument)
		if home == "" || homes[home] != 0 {
			return
		}
		homes[home] = x.Packet
		if x.Final() >= 500 {
			refused++
		}
	})
	n := len(homes)
	if n < manyHomes || refused*2 < n {
		return b, false
	}
	b = breach{severity: Odd, sign: 2, packets: firstPackets(homes),
		observed: fmt.Sprintf("the client asked for the home folders of %d users, which shows who is a user", n)}
	if n >= listOfHomes {
		b.severity = Violation
	}
	return b, true
}

var namesCanBeSeenRule = Rule{
	Name: "names-can-be-seen", Theme: "requests",
	Says:     "The names of new folders and files can be seen and typed, and strangers fetch nothing out of folders whose names hide.",
	Source:   "CERT Advisory CA-1993-10 (anonymous FTP activity)",
	Example:  "> MKD and a name of three spaces",
	Severity: Odd, sign: 2,
	Matters:  "Folders of spaces and dots, or with the names of devices, hide stolen goods on servers that everybody may write.",
	Innocent: "a program did not trim the name that a user typed.",
	look:     eachSession(unseenNames),
}

// zeroWidth matches several characters in a row that have no width, and the one that reverses the order
// of those after it, so that a name seems to have another ending.
var zeroWidth = pattern.New(`[\x{200b}-\x{200f}\x{2060}-\x{2064}\x{feff}]{3}|\x{202e}`)

// unseen matches names of spaces and dots, names that begin or end with several spaces, or with a space and a dot, and names of
// devices, which Windows cannot delete.
var unseen = pattern.New(`(?i)^[ .\x{a0}\xa0]*[ \x{a0}\xa0][ .\x{a0}\xa0]*$|^\.{3,}[ .]*$|^ {2,}\S|^ +\.|\S {2,}$|^(con|aux|nul|prn|com\d|lpt\d)$`)

func unseenNames(_ *Evidence, s *session) []breach {
	var found []breach
	names, hide := map[string]bool{}, false
	everybody := slices.ContainsFunc(s.Logins, func(l evidence.Login) bool { return l.Succeeded() && isPublic(strings.ToLower(l.User)) })
	fetched := map[string]int{}
	s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
		if x.Command == "RETR" && evidence.Completed(x) && everybody {
			for folder := range strings.SplitSeq(path.Dir(w.Target(x.Argument)), "/") {
				if unseen.MatchString(folder) && strings.ContainsAny(folder, " .\u00a0") {
					noteIn(fetched, folder, x.Packet)
				}
			}
		}
		if x.Command != "MKD" && x.Command != "XMKD" && x.Command != "STOR" && x.Command != "RNTO" {
			return
		}
		list := strings.FieldsFunc(x.Argument, func(r rune) bool { return r == '/' || r == '\\' })
		if !x.Complete && len(list) > 0 {
			list = list[:len(list)-1] // nobody knows how the last one goes on
		}
		for _, name := range list {
			if unseen.MatchString(name) || zeroWidth.MatchString(name) {
				names[name] = true
				hide = hide || strings.ContainsAny(name, " .\u00a0") // not the name of a device
				b := breach{packets: evidence.Frames(x), observed: wording.Quote(x.Line.Text) + " makes a name that hides"}
				if x.Final() >= 500 {
					b.severity, b.sign, b.observed = Note, noSign, wording.Quote(x.Line.Text)+" would make a name that hides, and the server refused"
				}
				found = append(found, b)
				return
			}
		}
	})
	for i := range found {
		if hide && (everybody || len(names) > 1) { // no typing error
			found[i].severity = Violation
		}
	}
	if len(fetched) > 0 {
		found = append(found, breach{packets: firstPackets(fetched), sign: 1, observed: "an anonymous user fetched a file out of a folder whose name hides"})
	}
	return found
}
