// The rule about times that hide a change.

package rules

import (
	"strconv"
	"strings"
	"time"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

var timesAreTrueRule = Rule{
	Name: "times-are-true", Theme: "requests",
	Says:     "A file that is replaced by another one does not get its old time back.",
	Source:   "MITRE ATT&CK, T1070.006 (timestomp) and T1195.002 (compromise software supply chain)",
	Example:  "> MDTM setup.exe, > RETR setup.exe, > STOR setup.exe with more bytes, > MFMT and the time before",
	Severity: Odd, sign: 1,
	Matters:  "An intruder who changes a program or a page sets its time back, so that nobody sees the change.",
	Innocent: "a program that builds files gives all of them the same time.",
	look:     eachSession(falseTimes),
}

// A replaced file is what a client learned of a file, and what it did with it.
type replaced struct {
	time      string // by MDTM
	size      int64  // by SIZE or RETR, -1 if it is not known
	changed   bool   // a file of another size was stored in its place
	exchanges []*ftp.Exchange
}

func falseTimes(_ *Evidence, s *session) (found []breach) {
	if !s.Said("MDTM") && !s.Said("MFMT") {
		return nil
	}
	files := map[string]*replaced{}
	var w evidence.Walk
	for _, x := range s.Exchanges {
		w.Follow(x)
		set, name := timeSet(x)
		f := files[w.Target(name)]
		switch {
		case x.Final() < 200 || x.Final() >= 300:
		case set != "":
			b := breach{}
			switch {
			case f == nil || !f.changed:
			case f.time != "" && strings.HasPrefix(f.time, set): // it may have a fraction
				b.observed = "the time is that of the file before another one took its place"
			case f.time == "" && setsBack(x):
				b.observed = "the time is long before another file took the place of the one that was fetched"
			}
			if b.observed != "" {
				b.observed = wording.Quote(x.Line.Text) + ": " + b.observed
				for _, x := range append(f.exchanges, x) {
					b.packets = append(b.packets, evidence.Frames(x)...)
				}
				found = append(found, b)
			}
		case f == nil && x.Command == "MDTM" && s.ledger.Room(maxTimedFiles, len(files)):
			files[strings.Clone(w.Target(name))] = &replaced{time: x.Replies[len(x.Replies)-1].Text, size: -1, exchanges: []*ftp.Exchange{x}}
		case f == nil && x.Command == "RETR" && s.Said("MFMT") && s.ledger.Room(maxTimedFiles, len(files)):
			f = &replaced{size: -1}
			f.add(s, x)
			files[strings.Clone(w.Target(name))] = f
		case f != nil:
			f.add(s, x)
		}
	}
	return found
}

// timeAndName matches an argument of MDTM that sets a time.
var timeAndName = pattern.New(`^\d{14} \S`)

// timeSet is the time that a command gives a file, "" for none, and the argument without it.
func timeSet(x *ftp.Exchange) (time, name string) {
	if x.Command == "MFMT" || x.Command == "MDTM" && timeAndName.MatchString(x.Argument) {
		time, name, _ = strings.Cut(x.Argument, " ")
		return time, name
	}
	return "", x.Argument
}

// timedFile is the file that a command gives a time.
func timedFile(w *evidence.Walk, x *ftp.Exchange) string {
	_, name := timeSet(x)
	return w.Target(name)
}

// longAgo is how far a time lies back that a file which was changed just now cannot have.
const longAgo = 30 * 24 * time.Hour

// timeLayout is how commands write times (RFC 3659 section 2.3).
const timeLayout = "20060102150405"

// setsBack reports whether a command gave a file a time long ago.
func setsBack(x *ftp.Exchange) bool {
	text, _ := timeSet(x)
	if len(text) < len(timeLayout) {
		return false
	}
	set, err := time.Parse(timeLayout, text[:len(timeLayout)])
	return err == nil && completedNormally(x) && set.Before(time.Unix(0, x.Time).Add(-longAgo))
}

// add takes the next command about a file whose time is known.
func (f *replaced) add(s *session, x *ftp.Exchange) {
	moved := int64(0)
	for _, c := range s.DataOf(x.Data) {
		moved += c.ClientFlow.Bytes + c.ServerFlow.Bytes
	}
	switch x.Command {
	case "SIZE":
		if n, err := strconv.ParseInt(x.Replies[len(x.Replies)-1].Text, 10, 64); err == nil && !f.changed {
			f.size = n
		}
	case "RETR":
		if !f.changed {
			f.size = moved
		}
	case "STOR":
		f.changed = f.changed || f.size >= 0 && moved != f.size
	default:
		return
	}
	f.exchanges = append(f.exchanges, x)
}
