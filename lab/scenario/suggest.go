// What somebody may have meant who wrote a word that means nothing here.

package scenario

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// synonyms are words that FTP (RFC 959, 2428, 3659) and the FTP programs of the
// shell have for a step.
var synonyms = map[string]string{
	"user": "login", "pass": "login",
	"port": "active", "eprt": "active eprt", "pasv": "passive", "epsv": "passive epsv",
	"list": "ls", "dir": "ls",
	"retr": "get", "recv": "get", "stor": "put", "send": "put",
	"appe": "append", "rest": "resume", "reget": "resume", "abor": "abort",
	"cwd": "cd", "chdir": "cd",
	"mkd": "mkdir", "rmd": "rmdir", "dele": "delete", "rm": "delete",
	"rnfr": "rename", "rnto": "rename", "mv": "rename", "modtime": "mdtm",
	"ascii": "type a", "bin": "type i", "binary": "type i", "image": "type i",
	"system": "syst", "features": "feat",
	"connect": "open", "bye": "quit", "exit": "quit", "close": "quit", "disconnect": "quit",
	"sleep": "pause",
}

// rare are the commands of RFC 959, 2228 and 2389 that no step sends.
var rare = []string{"acct", "allo", "ccc", "help", "mode", "opts", "pbsz", "prot", "rein", "site", "smnt", "stat", "stou", "stru"}

// suggestStep ends a message about a word that begins no setting and no step:
// with what was meant or, if that cannot be told, with all there are.
func suggestStep(word string) string {
	lower := strings.ToLower(word)
	known := slices.AppendSeq([]string{"session"}, maps.Keys(verbs))
	known = slices.AppendSeq(known, maps.Keys(settings))
	meant := cmp.Or(synonyms[lower], nearest(lower, known))
	switch {
	case slices.Contains(rare, lower):
		meant = "quote " + strings.ToUpper(word)
	case meant == "":
		return fmt.Sprintf("settings are %s; steps are session, %s", list(settings), list(verbs))
	}
	return fmt.Sprintf("did you mean %s?", meant)
}

// suggestSection is the same about a section's name.
func suggestSection(name string) string {
	folder, file, _ := strings.Cut(name, "/")
	switch meant := nearest(strings.ToLower(folder), []string{"want", "figures", "replies", "files", "local"}); meant {
	case "":
		return "a scenario has want, figures, replies, files/PATH and local/PATH"
	case "files", "local":
		return fmt.Sprintf("did you mean %s/%s?", meant, cmp.Or(file, "PATH"))
	default:
		return fmt.Sprintf("did you mean %s?", meant)
	}
}

// nearest returns the known word that takes the fewest slips of the finger, two
// at most, to become the given one; of several the first in the alphabet, and
// "" if there is none.
func nearest(word string, known []string) string {
	best, least := "", min(2, len(word)/2)+1
	for _, k := range slices.Sorted(slices.Values(known)) {
		if len(word)-len(k) >= least || len(k)-len(word) >= least {
			continue
		}
		if d := distance(word, k); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is how many slips make b of a: a letter too many, too few or a wrong
// one, or two that changed places (the optimal string alignment distance).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1) // rows[i][j] is that of a[:i] and b[:j]
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		for j := range rows[i] {
			switch {
			case i == 0 || j == 0:
				rows[i][j] = i + j
				continue
			case a[i-1] == b[j-1]:
				rows[i][j] = rows[i-1][j-1]
				continue
			}
			rows[i][j] = 1 + min(rows[i-1][j-1], rows[i-1][j], rows[i][j-1])
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], 1+rows[i-2][j-2])
			}
		}
	}
	return rows[len(a)][len(b)]
}
