// Files with orders that a program fetches again and again.

package rules

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"math"
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

var filesAreFetchedOnceRule = Rule{
	Name: "files-are-fetched-once", Theme: "transfers",
	Says:     "A client fetches a file once, or when it has changed. It does not have a whole tree listed again and again.",
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
	atOnceMany   = 50   // sessions that fetch a file within a second
	pollRegular  = 0.05 // the standard deviation of regular pauses, as a part of their mean
)

// A polledFile is a file of one user, as many people may share an address.
type polledFile struct {
	hosts      evidence.PairOfHosts
	user, path string
}

// polls are by hashes of their files. Most files are fetched once, and take few bytes.
type polls struct {
	seed maphash.Seed
	all  map[uint64]*poll
}

// A poll is a file that is fetched again and again.
type poll struct {
	file        *polledFile // nil until it is fetched for the second time
	packets     []int
	first, last int64   // when it was fetched, nanoseconds
	squares     float64 // the sum of the squares of the pauses
	second      int64   // when the last second began in which it was fetched
	other       string  // the name of the last upload
	n           int32   // how often it was fetched
	answers     int32   // uploads that followed
	shell       int32   // the packet with commands for a shell, or with their output; 0 for none
	by          int32   // the session that fetched it last
	sessions    int32   // how many sessions fetched it in that second, and the most
	most        int32
	sought      bool // it did not exist
}

// of is the poll of a file, nil if there is no room for it.
func (all *polls) of(g *bounded.Ledger, f polledFile) *poll {
	p := bounded.Entry(g, maxFetchedFiles, all.all, maphash.Comparable(all.seed, f))
	if p != nil && p.n > 0 && p.file == nil {
		f.user, f.path = strings.Clone(f.user), strings.Clone(f.path)
		p.file = &f
	}
	return p
}

// begin takes a request, and counts it if it is the first of its session.
func (p *poll) begin(s *session, x *ftp.Exchange) {
	if p.by == int32(s.Control.ID) && p.sessions > 0 {
		return
	}
	p.by = int32(s.Control.ID)
	if p.sessions == 0 || x.Time-p.second >= int64(time.Second) {
		p.second, p.sessions = x.Time, 0
	}
	p.sessions++
	p.most = max(p.most, p.sessions)
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
			p.shell = int32(shown.packet)
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
	polls, lists := polls{maphash.MakeSeed(), map[uint64]*poll{}}, listPolls{}
	return look{
		session: func(e *Evidence, s *session) []breach {
			lists.add(s)
			var last *poll
			stored := "" // the last upload in front of the first request for a file
			user := cmp.Or(s.user(), s.User)
			s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
				looksFor := (x.Command == "SIZE" || x.Command == "MDTM") && x.Final() >= 500 && isOrder(x.Argument)
				switch {
				case x.Command == "RETR" || looksFor:
					at := w.Target(x.Argument)
					if last = polls.of(s.ledger, polledFile{s.Hosts(), user, at}); last == nil {
						return
					}
					last.add(x)
					last.begin(s, x)
					last.sought = last.sought || looksFor
					last.look(e, s, x)
					if looksFor && stored != "" && stored != at {
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
			found := lists.judge()
			for _, p := range polls.all {
				if p.n >= polledOften {
					found = append(found, p.judge(p.file.hosts, p.file.path))
				}
			}
			sortByFrame(found)
			return found
		},
	}
}

func (p *poll) judge(hosts evidence.PairOfHosts, name string) breach {
	verb := "fetched"
	if p.sought {
		verb = "asked for"
	}
	b := breach{hosts: hosts, packets: p.packets, observed: fmt.Sprintf("%s %s %s %d times", hosts.Client(), verb, wording.Quote(name), p.n)}
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
	case p.most >= atOnceMany:
		b.severity, b.sign = Odd, 2
		b.observed += fmt.Sprintf(", in %d sessions that began within a second", p.most)
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
		b.severity, b.packets = Violation, append(b.packets[:min(len(b.packets), MaxPackets-1)], int(p.shell))
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
