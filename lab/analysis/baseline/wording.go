// Package wording prints what findings and profiles say: lines, numbers and lists.
package baseline

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// words are the words of a text, as a set.
func words(text string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(text) {
		set[w] = true
	}
	return set
}

// maxShown is how many characters of a line a finding shows.
const maxShown = 72

// show quotes a line for a finding. It escapes what is not text, and shortens long lines.
func show(line string) string {
	if len(line) > maxShown {
		end := maxShown
		for end > 0 && !utf8.RuneStart(line[end]) {
			end--
		}
		return strconv.Quote(line[:end]) + fmt.Sprintf("… (%d bytes)", len(line))
	}
	return strconv.Quote(line)
}

// listOf prints a set, sorted.
func listOf(set map[string]bool) string {
	list := make([]string, 0, len(set))
	for w := range set {
		list = append(list, w)
	}
	slices.Sort(list)
	if len(list) > 10 {
		return strings.Join(list[:10], ", ") + fmt.Sprintf(" and %d more", len(list)-10)
	}
	return strings.Join(list, ", ")
}

// plural counts things: "1 command was", "3 commands were".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// quantity prints a value with its unit.
func quantity(v float64, unit string) string {
	switch unit {
	case "seconds":
		for _, u := range []struct {
			size float64
			name string
		}{{24 * 3600, "days"}, {3600, "h"}, {60, "min"}, {1, "s"}, {1e-3, "ms"}} {
			if v >= u.size {
				return digits3(v/u.size) + " " + u.name
			}
		}
		return digits3(v*1e6) + " µs"
	case "bytes":
		for _, u := range []struct {
			size float64
			name string
		}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
			if v >= u.size {
				return digits3(v/u.size) + " " + u.name
			}
		}
	}
	if unit != "seconds" && unit != "bytes" {
		v = math.Round(v) // what is counted comes whole
	}
	return digits3(v) + " " + unit
}

// digits3 prints three digits.
func digits3(v float64) string {
	if v >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
