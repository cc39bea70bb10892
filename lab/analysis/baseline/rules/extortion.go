// Sessions that replace files by encrypted ones, as ransomware does.

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

// extorted is how many files a client replaces before it counts as ransomware.
const extorted = 3

var (
	// packed matches endings that programs add to names when they compress, convert or sign files,
	// encrypt them for their owner, keep old versions, or have done their work with them.
	packed = pattern.New(`(?i)^\.(gz|z|zip|bz2|xz|zst|lz4|7z|rar|tar|tgz|gpg|pgp|asc|p7m|aes|bak|old|orig|done|ok|tmp|part|copy|sav|save|saved|sent|ack|err|log|sig|sha\d*|md5|prev|backup|bkp|processed|archived?|read|imported|loaded|pdf|txt|csv|tsv|xml|json|html?|docx?|xlsx?|od[ts]|jpe?g|png|mp[34]|ts|parquet|[\d_T-]*)$`)
	// encrypted and withAddress match endings that ransomware adds, the second one those with the number of the
	// victim, or an address to write to.
	withAddress = pattern.New(`(?i)\.id[-.[(][0-9a-f-]{4,}|\[[^\]]*@[^\]]*\]|\.[\w.-]+@[\w-]+\.[a-z]{2,}`)
	forVictims  = pattern.New(`(?i)^\.(locky|lockbit\d?|crypt(ed|o|z)|wn?cry(pt)?|ransom\w*)$`) // those of them that nobody else adds
	encrypted   = pattern.New(`(?i)^\.(locked|locky|lockbit\d?|encrypted|crypt(ed|o|z)?|cry|wn?cry(pt)?|ransom\w*)$`)
	// noteName matches names of notes that say what to do about such files.
	noteName = pattern.New(`(?i)(recover|restor|decrypt|unlock|ransom)[^/]*\.(hta|txt|html?|rtf)$|\.hta$`)
)

// encryptions are the files of a session, by their paths, with what happened to them. The breaches
// collect the packets of the files, and the name of the last one.
type encryptions struct {
	fetched     map[string]bool
	replaced    map[string]bool  // a file with the same name and an unknown ending was stored, too
	overwritten map[string]bool  // stored after it was fetched
	from        string           // the argument of the last RNFR
	readable    map[string]bool  // fetched, and its bytes were not random
	scrambled   breach           // readable files that were stored again, with random bytes
	gone        breach           // fetched files that exist only under another name now
	renamed     breach           // files that got an ending of ransomware
	addressed   breach           // files that got one with an address
	ended       map[string][]int // the packets in which files got an ending that is not known, by ending
	coded       map[string]bool  // files of which one with an ending of ransomware, or with random bytes and an unknown ending, was stored
}

// extortion finds sessions that do to several files what ransomware does.
func extortion(e *Evidence, s *session) (found []breach) {
	if !s.changesFiles() {
		return nil
	}
	h := encryptions{ended: map[string][]int{}, coded: map[string]bool{}, fetched: map[string]bool{}, readable: map[string]bool{}, replaced: map[string]bool{}, overwritten: map[string]bool{}}
	var w evidence.Walk
	for _, x := range s.Exchanges {
		w.Follow(x)
		at := w.Target(x.Argument)
		h.add(x, at)
		random, enough := e.isNoise(s, x)
		h.moved(x, at, random, enough)
		if b, ok := h.noted(e, s, x, at); ok {
			found = append(found, b)
		}
	}
	if n := len(h.scrambled.packets); n >= extorted {
		h.scrambled.observed = fmt.Sprintf("%d files were fetched and then replaced by random bytes, as ransomware does; the last is %s", n, h.scrambled.observed)
		found = append(found, h.scrambled)
	}
	if n := len(h.gone.packets); n >= extorted {
		h.gone.observed = fmt.Sprintf("%d files were fetched and then replaced by others whose names have another ending, as ransomware does; the last is %s", n, h.gone.observed)
		found = append(found, h.gone)
	}
	if n := len(h.addressed.packets); n >= extorted {
		h.addressed.observed = fmt.Sprintf("%d files got an ending with a number or an address to write to, as ransomware adds it; the last is %s", n, h.addressed.observed)
		found = append(found, h.addressed)
	}
	for _, ending := range slices.Sorted(maps.Keys(h.ended)) {
		packets := h.ended[ending]
		if n := len(packets); n >= manyEnded {
			b := breach{severity: Odd, sign: 2, packets: packets[:min(n, MaxPackets)], observed: fmt.Sprintf("%d files got the ending %s, which no program is known to add", n, wording.Quote(ending))}
			if forVictims.MatchString(ending) {
				b.severity, b.observed = Violation, fmt.Sprintf("%d files got the ending %s, which only ransomware adds", n, wording.Quote(ending))
			}
			found = append(found, b)
		}
	}
	if n := len(h.renamed.packets); n >= extorted {
		h.renamed.severity, h.renamed.sign = Odd, 2
		h.renamed.observed = fmt.Sprintf("%d files got an ending that ransomware adds; the last is %s", n, h.renamed.observed)
		found = append(found, h.renamed)
	}
	return found
}

// add takes the next command. The path is where its argument leads.
func (h *encryptions) add(x *ftp.Exchange, at string) {
	switch {
	case x.Command == "RETR" && evidence.Completed(x):
		h.fetched[at] = true
	case x.Command == "STOR" && evidence.Completed(x):
		h.overwritten[at] = h.fetched[at]
		for i := range len(at) { // the ending may have points of its own
			if at[i] == '.' && h.fetched[at[:i]] && !packed.MatchString(path.Ext(at)) {
				h.replaced[at[:i]] = true
			}
			if at[i] == '.' && encrypted.MatchString(at[i:]) {
				h.coded[at[:i]] = true
			}
		}
	case x.Command == "DELE" && evidence.Completed(x) && h.replaced[at]:
		delete(h.fetched, at)
		delete(h.replaced, at)
		h.gone.packets, h.gone.observed = append(h.gone.packets, x.Packet), wording.Quote(at)
	case x.Command == "DELE" && evidence.Completed(x) && h.coded[at]:
		h.renamed.packets, h.renamed.observed = append(h.renamed.packets, x.Packet), wording.Quote(at)
	case x.Command == "RNFR":
		h.from = at
	case x.Command == "RNTO" && completedNormally(x):
		h.rename(x, at)
	}
}

// moved takes the next command, and whether its data is random. If there is not enough data to tell,
// it does nothing.
func (h *encryptions) moved(x *ftp.Exchange, at string, random, enough bool) {
	if ending := path.Ext(at); random && enough && x.Command == "STOR" && evidence.Completed(x) && !packed.MatchString(ending) {
		h.coded[strings.TrimSuffix(at, ending)] = true
	}
	switch {
	case !enough || !evidence.Completed(x):
	case x.Command == "RETR":
		h.readable[at] = !random
	case x.Command == "STOR" && random && h.readable[at]:
		h.readable[at] = false
		h.scrambled.packets, h.scrambled.observed = append(h.scrambled.packets, x.Packet), wording.Quote(at)
	}
}

// rename takes a RNTO that adds an ending to a name.
func (h *encryptions) rename(x *ftp.Exchange, to string) {
	ending, longer := strings.CutPrefix(to, h.from)
	switch {
	case !longer || h.from == "":
	case h.overwritten[h.from] && strings.HasPrefix(ending, ".") && !packed.MatchString(ending):
		h.gone.packets, h.gone.observed = append(h.gone.packets, x.Packet), wording.Quote(to)
	case withAddress.MatchString(ending):
		h.addressed.packets, h.addressed.observed = append(h.addressed.packets, x.Packet), wording.Quote(to)
	default:
		if encrypted.MatchString(ending) {
			h.renamed.packets, h.renamed.observed = append(h.renamed.packets, x.Packet), wording.Quote(to)
		}
		if strings.HasPrefix(ending, ".") && !packed.MatchString(ending) {
			h.ended[ending] = append(h.ended[ending], x.Packet)
		}
	}
}

// endedFiles is how many files get an ending that is not known, and the same, before a note is about them.
const endedFiles = 5

// manyEnded is how many files that get such an ending are unusual without a note.
const manyEnded = 20

// noted judges a note that a client stores after it gave many files the same new ending.
func (h *encryptions) noted(e *Evidence, s *session, x *ftp.Exchange, at string) (b breach, ok bool) {
	if len(h.ended) == 0 || x.Sender() != ftp.Client || !evidence.Completed(x) || !noteName.MatchString(at) && e.demandIn(s, x) == 0 {
		return b, false
	}
	for ending, packets := range h.ended {
		if n := len(packets); n >= endedFiles && n > len(b.packets) {
			b.packets = append(slices.Clone(packets[:min(n, MaxPackets-1)]), x.Packet)
			b.observed = fmt.Sprintf("%d files got the ending %s, and then a note was stored, as ransomware does: %s", n, wording.Quote(ending), wording.Quote(at))
		}
	}
	clear(h.ended)
	return b, b.observed != ""
}
