// The rule about clients that delete everything.

package rules

import (
	"fmt"
	"maps"
	"net/netip"
	"path"
	"slices"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

var filesAreKeptRule = Rule{
	Name: "files-are-kept", Theme: "requests",
	Says:     "A client deletes a few files, a folder with what is in it, files that it has fetched or replaced, or as many as come. It does not replace files by empty ones, or by ones with the same byte again and again.",
	Source:   "MITRE ATT&CK, T1485 (data destruction), T1486 (extortion) and T1070 (indicator removal)",
	Example:  "> DELE a.txt < 250, and so on, for sixty files within a second",
	Severity: Odd, sign: 2,
	Matters:  "An intruder who wipes a server deletes one file after another at machine speed.",
	Innocent: "a program removes what is out of date.",
	look:     filesAreKept,
}

// How many files a client deletes at machine speed in a wipe. The files of a removed folder count only
// if so many folders are removed.
const (
	wipedFiles   = 40
	wipedFolders = 5
)

// leastRemoval is how many bytes the shortest command has that removes a folder, such as RMD a.
const leastRemoval = 7

// inPlace matches those of them that a running system writes to.
var inPlace = pattern.New(`(?i)^/(var/(log|run|adm)|usr/adm|etc|run)/\w|^/?([a-z]:/)?windows/system32/winevt/`)

// confidential matches the markings of documents that must stay inside (ISO/IEC 27001, A.5.13).
var confidential = pattern.New(`(?i)(^|[^a-z])(strictly[^a-z]*)?(confidential|secret|restricted|proprietary|internal[^a-z]*only|nda)([^a-z]|$)`)

// departments matches folders and files of the departments whose files are private: those about people and
// about money.
var departments = pattern.New(`(?i)(^|[/_ .-])(hr|human[ _-]?resources|personnel|personal(akten|abteilung)?|salar(y|ies)|payroll|geh(alt|älter)|finance|accounting|buchhaltung|ledgers?|legal|board|vorstand|contracts?|passports?)([/_ .-]|\d|$)`)

// takenFrom is from how many folders somebody takes their files. A program that fetches what is handed over
// has one.
const takenFrom = 2

// takenFiles is how many of them somebody fetches and removes who takes them away.
const takenFiles = 20

// traces matches files in which a system records who used it, and what they did.
var traces = pattern.New(`(?i)^/var/log/(secure|messages|syslog|vsftpd\.log|xferlog|pureftpd\.log|proftpd/[\w-]+\.log|audit/audit\.log)$|(^|/)(wtmp|utmp|btmp|lastlog|auth\.log|\.(bash|zsh|sh)_history)$|(^|/)security\.evtx?$`)

// A wiper is what a session removed, by path.
type wiper struct {
	fetched map[string]bool
	traces  map[string]int  // deleted files about users that were not fetched, with the packet
	files   map[string]int  // deleted at machine speed, with the packet
	folders map[string]bool // removed
	taken   map[string]int  // deleted files that were fetched, and whose names say that they are confidential
	private map[string]int  // deleted files of departments that were fetched
	from    map[string]bool // the folders of these
	gone    map[string]int  // deleted files that were not fetched, with the packet
	stored  int
	last    *ftp.Exchange       // the last deletion
	missing map[*ftp.Line]int64 // after the first command; see mayHaveFetched
}

func filesAreKept() look {
	held, tolls := map[evidence.PairOfHosts]*hostage{}, tolls{map[evidence.PairOfHosts]*toll{}, map[netip.Addr]int{}}
	return look{
		session: func(e *Evidence, s *session) []breach {
			tolls.moves(s)
			if !s.changesFiles() {
				return nil
			}
			h := held[s.Hosts()]
			if h == nil {
				h = &hostage{notes: map[string]bool{}}
			}
			h.add(e, s)
			if h.stored+h.gone+len(h.notes) > 0 && bounded.Takes(s.ledger, maxPairs, held, s.Hosts()) {
				held[s.Hosts()] = h
			}
			return wipes(e, s, &tolls)
		},
		end: func(e *Evidence) (found []breach) {
			found = tolls.judge(e)
			for hosts, h := range held {
				if b, ok := h.judge(); ok {
					b.hosts = hosts
					found = append(found, b)
				}
			}
			sortByFrame(found)
			return found
		},
	}
}

// changesFiles reports whether the client said a command that stores, removes, renames or locks files. Most sessions only
// fetch some.
func (s *session) changesFiles() bool {
	return slices.ContainsFunc([]string{"STOR", "STOU", "APPE", "DELE", "RMD", "XRMD", "RMDA", "RNTO", "SITE"}, s.Said)
}

func wipes(e *Evidence, s *session, all *tolls) []breach {
	w := wiper{fetched: map[string]bool{}, traces: map[string]int{}, files: map[string]int{}, folders: map[string]bool{}, gone: map[string]int{}, taken: map[string]int{}, private: map[string]int{}, from: map[string]bool{}}
	s.eachPath(func(x *ftp.Exchange, at *evidence.Walk) { w.add(s, x, at.Target(x.Argument)) })
	found := append(w.covered(), cleanedLogs(e, s)...)
	if n := len(w.taken); n >= takenFiles {
		found = append(found, breach{packets: firstPackets(w.taken), observed: fmt.Sprintf("%d files were fetched and removed whose names say that they are confidential", n)})
	}
	if n := len(w.private); n >= takenFiles && len(w.from) >= takenFrom {
		found = append(found, breach{packets: firstPackets(w.private), observed: fmt.Sprintf("%d files about people or money were fetched and removed, from %d folders", n, len(w.from))})
	}
	for _, look := range []func(*Evidence, *session) (breach, bool){w.emptied, w.noBackups, lockedFiles, rootRemoved} {
		if b, ok := look(e, s); ok {
			found = append(found, b)
		}
	}
	found = append(found, overwritten(e, s)...)
	files := w.files
	if len(w.tops()) < wipedFolders {
		files = w.outside()
	}
	if n := len(files); n < wipedFiles || w.stored*10 >= n || w.rotates(e, s) { // a mirror stores, too
		all.add(s, &w)
		return found
	}
	if len(w.tops()) < wipedFolders && s.MayHaveSaid(w.last.Line, nil, leastRemoval) {
		return found
	}
	return append(found, breach{packets: firstPackets(files), observed: fmt.Sprintf("%d files were deleted at machine speed; %s", len(files), w.also())})
}

// nobody matches an order that takes all rights to a file from everybody.
var nobody = pattern.New(`(?i)^CHMOD +"?(0{1,4}|(a|ugo)?(=|-rwx)) +"?(.+)$`)

// lockedFiles judges a client that lets nobody read many files any more. A page that is switched off is one.
func lockedFiles(_ *Evidence, s *session) (b breach, ok bool) {
	locked := map[string]int{}
	for _, x := range s.Exchanges {
		if x.Command != "SITE" || !completedNormally(x) {
			continue
		}
		if m := nobody.FindStringSubmatch(x.Argument); m != nil {
			locked[m[len(m)-1]] = x.Packet
		}
	}
	if len(locked) < wholeFolder {
		return b, false
	}
	return breach{severity: Violation, packets: firstPackets(locked),
		observed: fmt.Sprintf("nobody may read %d files any more", len(locked))}, true
}

// calendar matches names with a day of a calendar.
var calendar = pattern.New(`(^|\D)20\d\d[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(\D|$)`)

// rotates reports whether all files that were removed have a date in their names, went one after the other in the order
// of their names, and are not all that the first listing shows. A camera that makes room for new pictures does so.
func (w *wiper) rotates(e *Evidence, s *session) bool {
	last := 0
	for _, f := range slices.Sorted(maps.Keys(w.gone)) {
		if !calendar.MatchString(path.Base(f)) || w.gone[f] < last {
			return false
		}
		last = w.gone[f]
	}
	_, entries := s.firstListing(e)
	return len(w.gone) != entries
}

// emptied judges a session that removes everything which its first listing shows, several folders among
// it, and stores nothing.
func (w *wiper) emptied(e *Evidence, s *session) (b breach, ok bool) {
	at, entries := s.firstListing(e)
	files, folders := 0, 0
	for f := range w.gone {
		if path.Dir(f) == at {
			files++
		}
	}
	for f := range w.folders {
		if path.Dir(f) == at {
			folders++
		}
	}
	if s.MayHaveSaid(nil, nil, leastRemoval) || w.stored > 0 || len(w.gone) == 0 || folders < emptiedFolders || files+emptiedFolders > entries || files+folders < entries {
		return b, false
	}
	return breach{packets: firstPackets(w.gone),
		observed: fmt.Sprintf("all that the first listing shows was removed: %s and %s with what was in them", wording.Plural(files, "file", "files"), wording.Plural(folders, "folder", "folders"))}, true
}

// backup matches names of copies for a recovery, and fewestBackups is how many somebody removes who removes them all.
var backup = pattern.New(`(?i)\.(bak|bkp|bkf|vbk|vib|vrb|dump|dmp|tib|gho|spf|old)(\.\w+)?$|(^|[^a-z])(back-?ups?|dump|snapshot|sicherung)([^a-z]|$)`)

const fewestBackups = 10

// noBackups judges a session that removes all copies for a recovery which its first listing shows, and stores none. A
// program that removes what is out of date leaves the last ones.
func (w *wiper) noBackups(e *Evidence, s *session) (b breach, ok bool) {
	at, entries := s.firstListing(e)
	n := 0
	for f := range w.gone {
		if path.Dir(f) == at && backup.MatchString(path.Base(f)) {
			n++
		}
	}
	if w.stored > 0 || n < fewestBackups || n < entries {
		return b, false
	}
	return breach{severity: Violation, packets: firstPackets(w.gone),
		observed: fmt.Sprintf("all %d files that the first listing shows were removed, and they are copies for a recovery", n)}, true
}

// emptiedFolders is how many folders, with what is in them, a client removes that empties an account.
const emptiedFolders = 2

// listed counts the files and folders in a listing. It is 0 if there are none, or if some of it is missing.
func (e *Evidence) listed(s *session, x *ftp.Exchange) int {
	data := s.DataOf(x.Data)
	if !x.Lists() || len(data) != 1 || isCut(data[0]) {
		return 0
	}
	return e.watch.entries[data[0].ID]
}

// isCut reports whether some of what was sent is not in the capture.
func isCut(c *ftp.Connection) bool { return c.Missing()+c.CutShort() > 0 }

// firstListing is the folder that the session lists first, with how many files and folders it has.
func (s *session) firstListing(e *Evidence) (at string, entries int) {
	var w evidence.Walk
	for _, x := range s.Exchanges {
		entries := e.listed(s, x)
		switch began := evidence.Began(x) || evidence.Completed(x); {
		case entries > 0:
			return w.Listed(x.Argument), entries
		case x.Lists() && began && len(s.DataOf(x.Data)) != 1, x.Lists() && slices.ContainsFunc(s.DataOf(x.Data), isCut):
			return "", 0 // what it shows is missing
		}
		w.Follow(x)
	}
	return "", 0
}

// covered judges the removal of traces. A single one may be chance, and elsewhere than in its place it
// is a copy that has become old.
func (w *wiper) covered() []breach {
	n := len(w.traces)
	if n == 0 {
		return nil
	}
	b := breach{sign: 1, packets: firstPackets(w.traces), observed: wording.Plural(n, "file was", "files were") + " deleted in which a system records who used it, and what they did"}
	for at := range w.traces {
		if n > 1 && inPlace.MatchString(at) {
			b.severity, b.sign = Violation, 0
		}
	}
	return []breach{b}
}

// mayHaveFetched reports whether the capture may lack the request for a file in front of a command that deletes it.
func (w *wiper) mayHaveFetched(s *session, x *ftp.Exchange) bool {
	if w.missing == nil {
		w.missing = s.LongestMissing(s.Exchanges[0].Line)
	}
	bytes, known := w.missing[x.Line]
	return !known || bytes >= int64(len("RETR "+path.Base(x.Argument)+"\r\n"))
}

// add takes the next command. The path is where its argument leads.
func (w *wiper) add(s *session, x *ftp.Exchange, at string) {
	switch {
	case x.Sender() == ftp.Client && evidence.Completed(x):
		w.stored++
	case x.Command == "RETR" && (evidence.Completed(x) || x.Final() == 0): // the capture may lack the reply
		w.fetched[at] = true
	case (x.Command == "RMD" || x.Command == "XRMD" || x.Command == "RMDA") && completedNormally(x):
		w.folders[at] = true
	case x.Command == "DELE" && completedNormally(x):
		switch {
		case !w.fetched[at]:
			w.gone[at] = x.Packet
		case confidential.MatchString(path.Base(at)):
			w.taken[at] = x.Packet
		case departments.MatchString(at):
			w.private[at] = x.Packet
			w.from[path.Dir(at)] = true
		}
		w.trace(s, x, at)
		if w.last != nil && !w.fetched[at] && x.Time-w.last.Replies[len(w.last.Replies)-1].Time < int64(machineSpeed) {
			w.files[at] = x.Packet
		}
		w.last = x
	case x.Command == "DELE" && !s.BothSides(): // the capture has no reply
		w.trace(s, x, at)
	}
}

// trace takes a command that deletes a file, which may have traces of users.
func (w *wiper) trace(s *session, x *ftp.Exchange, at string) {
	if !w.fetched[at] && traces.MatchString(at) && !w.mayHaveFetched(s, x) {
		w.traces[at] = x.Packet
	}
}

// tops are the removed folders that were not inside other removed folders.
func (w *wiper) tops() (tops []string) {
	for f := range w.folders {
		if !w.folders[path.Dir(f)] {
			tops = append(tops, f)
		}
	}
	return tops
}

// outside are the deleted files whose folders were not removed.
func (w *wiper) outside() map[string]int {
	left := map[string]int{}
	for f, packet := range w.files {
		if !w.folders[path.Dir(f)] {
			left[f] = packet
		}
	}
	return left
}

// also says what else was removed.
func (w *wiper) also() string {
	if len(w.folders) == 0 {
		return "their folder is still there"
	}
	return wording.Plural(len(w.folders), "folder was removed", "folders were removed")
}
