// Files that a session takes as hostages.

package baseline

import (
	"fmt"
	"strings"

	"ftplab/lab/analysis/ftp"
)

// extorted are so many files that a client replaces by encrypted ones.
const extorted = 3

var (
	// packed are endings of names that programs add that compress, encrypt or keep files for
	// their owner.
	packed = pattern(`(?i)^\.(gz|z|zip|bz2|xz|zst|lz4|7z|rar|tar|tgz|gpg|pgp|asc|p7m|aes|bak|old|orig|done|ok|tmp|part|copy|sav|sent|ack|err|\d*)$`)
	// encrypted are endings that extortionists add.
	encrypted = pattern(`(?i)^\.(locked|locky|lockbit\d?|encrypted|crypt(ed|o|z)?|cry|wn?cry(pt)?|ransom\w*)$`)
)

// hostages are the files of a session, by what happened to them.
type hostages struct {
	fetched     map[string]bool
	replaced    map[string]bool // by a file of the same name with an unknown ending
	overwritten map[string]bool // after they were fetched
	from        string          // what is renamed
	taken       breach          // fetched, and then there under another name only
	renamed     breach          // to a name with the ending of extortionists
}

// extortion finds files that are replaced by others of the same name with an unknown ending.
func extortion(s *session) (found []breach) {
	h := hostages{fetched: map[string]bool{}, replaced: map[string]bool{}, overwritten: map[string]bool{}}
	var w walk
	for _, x := range s.Exchanges {
		w.follow(x)
		h.add(x, w.target(x.Argument))
	}
	if n := len(h.taken.packets); n >= extorted {
		h.taken.observed = fmt.Sprintf("%d files were fetched and then replaced by others whose names have another ending, as extortionists do; the last is %s", n, h.taken.observed)
		found = append(found, h.taken)
	}
	if n := len(h.renamed.packets); n >= extorted {
		h.renamed.severity, h.renamed.sign = Odd, 2
		h.renamed.observed = fmt.Sprintf("%d files got an ending that extortionists use; the last is %s", n, h.renamed.observed)
		found = append(found, h.renamed)
	}
	return found
}

// add takes the next command, and the place that its argument leads to.
func (h *hostages) add(x *ftp.Exchange, at string) {
	switch {
	case x.Command == "RETR" && completed(x):
		h.fetched[at] = true
	case x.Command == "STOR" && completed(x):
		h.overwritten[at] = h.fetched[at]
		if i := strings.LastIndexByte(at, '.'); i > 0 && h.fetched[at[:i]] && !packed().MatchString(at[i:]) {
			h.replaced[at[:i]] = true
		}
	case x.Command == "DELE" && completed(x) && h.replaced[at]:
		delete(h.fetched, at)
		delete(h.replaced, at)
		h.taken.packets, h.taken.observed = append(h.taken.packets, x.Packet), show(at)
	case x.Command == "RNFR":
		h.from = at
	case x.Command == "RNTO" && completedNormally(x):
		h.rename(x, at)
	}
}

// rename takes a file that gets a longer name.
func (h *hostages) rename(x *ftp.Exchange, to string) {
	ending, longer := strings.CutPrefix(to, h.from)
	switch {
	case !longer || h.from == "":
	case h.overwritten[h.from] && strings.HasPrefix(ending, ".") && !packed().MatchString(ending):
		h.taken.packets, h.taken.observed = append(h.taken.packets, x.Packet), show(to)
	case encrypted().MatchString(ending):
		h.renamed.packets, h.renamed.observed = append(h.renamed.packets, x.Packet), show(to)
	}
}
