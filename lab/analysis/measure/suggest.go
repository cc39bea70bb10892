// Suggestions for unknown names and words.

package measure

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/scenario"
)

var sides = []string{string(ftp.Client), string(ftp.Server)}

// wordsOf are the words that measurements can be, of those that can be a few only.
var wordsOf = map[string][]string{
	"NAME.opened-by":       sides,
	"NAME.first-fin":       {"client", "server", "none"},
	"NAME.reset-by":        {"client", "server", "none"},
	"NAME.mode":            {string(ftp.Active), string(ftp.Passive)},
	"NAME.timestamps.SIDE": {"yes", "no"},
	"NAME.sack.SIDE":       {"yes", "no"},
	"NAME.df.SIDE":         {"yes", "no", "some"},
}

// readWord returns a word of a figure in the form in which it is measured. It refuses a word
// that the measurement can never be.
func (m *measurement) readWord(word string) (string, error) {
	if word == "" {
		return "", nil
	}
	switch m.name {
	case "NAME.sha256":
		if digest, err := hex.DecodeString(word); err != nil || len(digest) != sha256.Size {
			return "", fmt.Errorf("%s: a SHA-256 was expected, which has %d hexadecimal digits", word, 2*sha256.Size)
		}
		return strings.ToLower(word), nil // Get-FileHash of Windows prints capitals
	case "NAME.address.SIDE":
		addr, err := netip.ParseAddr(word)
		if err != nil {
			return "", fmt.Errorf("%s: an IP address was expected, such as 192.0.2.1", word)
		}
		return addr.String(), nil
	case "NAME.command":
		return strings.ToUpper(word), nil
	}
	if can := wordsOf[m.name]; len(can) > 0 && !slices.Contains(can, word) {
		return "", fmt.Errorf("%s: %s was expected%s", word, strings.Join(can, " or "), scenario.DidYouMean(word, can))
	}
	return word, nil
}

// suggestName is the end of a message about an unknown name: the names that it may mean or,
// if there are none, where all of them are listed.
func suggestName(name string) string {
	name = strings.TrimRight(name, ".")
	words := strings.Split(name, ".")
	var all, whole []string // whole are those that only have an argument more
	for _, m := range measurements {
		pattern := strings.Split(m.name, ".")
		if words[0] == "capture" && pattern[0] == "NAME" {
			continue
		}
		for _, n := range m.names(words) {
			all = append(all, n)
			if last := pattern[len(pattern)-1]; len(pattern) == len(words)+1 && isArgument(last) && strings.HasPrefix(n, name+".") {
				whole = append(whole, n)
			}
		}
	}
	meant := scenario.Nearest(name, all)
	if i := strings.LastIndexByte(name, '.'); i > 0 && slices.Contains(sides, name[i+1:]) && slices.Contains(all, name[:i]) {
		meant = name[:i]
	}
	switch {
	case len(whole) > 0:
		return "did you mean " + strings.Join(whole, " or ") + "?"
	case meant != "":
		return "did you mean " + meant + "?"
	}
	return "`ftplab help figures` lists them all, such as capture.conversations and ctl.rtt"
}

// isArgument reports whether a part of a measurement's name stands for a value.
func isArgument(part string) bool {
	return part == strings.ToUpper(part) && part != strings.ToLower(part)
}

// examples are values of arguments, for suggestions.
var examples = map[string]string{"COMMAND": "LIST", "N": "21", "LOW-HIGH": "1280-2559"}

// names returns the names that the measurement has with the arguments that stand in their
// places among words.
func (m *measurement) names(words []string) []string {
	names := []string{""}
	for i, p := range strings.Split(m.name, ".") {
		values := []string{p}
		switch {
		case p == "SIDE":
			values = sides
		case isArgument(p) && i < len(words):
			values = words[i : i+1]
		case examples[p] != "":
			values = []string{examples[p]}
		}
		var longer []string
		for _, n := range names {
			for _, v := range values {
				longer = append(longer, strings.TrimPrefix(n+"."+v, "."))
			}
		}
		names = longer
	}
	return names
}
