// Package wording prints what findings and profiles say: lines, numbers and lists.
package wording

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Set returns the words of a text.
func Set(text string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(text) {
		set[w] = true
	}
	return set
}

// maxShown is how many characters of a line a finding shows.
const maxShown = 72

// Quote quotes a line for a finding. It escapes what is not text, and shortens long lines.
func Quote(line string) string {
	if len(line) > maxShown {
		end := maxShown
		for end > 0 && !utf8.RuneStart(line[end]) {
			end--
		}
		return strconv.Quote(line[:end]) + fmt.Sprintf("… (%d bytes)", len(line))
	}
	return strconv.Quote(line)
}

// List prints a set, sorted.
func List(set map[string]bool) string {
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

// Plural counts things: "1 command was", "3 commands were".
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// Quantity prints a value with its unit.
func Quantity(v float64, unit string) string {
	switch unit {
	case "seconds":
		for _, u := range []struct {
			size float64
			name string
		}{{24 * 3600, "days"}, {3600, "h"}, {60, "min"}, {1, "s"}, {1e-3, "ms"}} {
			if v >= u.size {
				return Digits3(v/u.size) + " " + u.name
			}
		}
		return Digits3(v*1e6) + " µs"
	case "bytes":
		for _, u := range []struct {
			size float64
			name string
		}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
			if v >= u.size {
				return Digits3(v/u.size) + " " + u.name
			}
		}
	}
	if unit != "seconds" && unit != "bytes" {
		v = math.Round(v) // what is counted comes whole
	}
	return Digits3(v) + " " + unit
}

// Digits3 prints three digits.
func Digits3(v float64) string {
	if v >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
