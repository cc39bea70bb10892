package scenario

import (
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (p *parser) number(what, text string, low, high int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		p.fail("%s %q: a number from %d to %d was expected", what, text, low, high)
	}
	return n
}

func (p *parser) seed(text string) uint64 {
	n, err := strconv.ParseUint(text, 0, 64)
	if err != nil {
		p.fail("seed %q: a whole number was expected", text)
	}
	return n
}

func (p *parser) port(text string) uint16 {
	return uint16(p.number("port", text, 1, math.MaxUint16))
}

// ports reads "3170", "3170-3180", "3170-" (to the last) and lists of them with commas.
func (p *parser) ports(text string) []PortRange {
	var ranges []PortRange
	for _, part := range strings.Split(text, ",") {
		first, last, dash := strings.Cut(part, "-")
		r := PortRange{First: p.port(first)}
		switch {
		case !dash:
			r.Last = r.First
		case last == "":
			r.Last = math.MaxUint16
		default:
			r.Last = p.port(last)
		}
		if r.Last < r.First {
			p.fail("ports %q: the first port is larger than the last", part)
		}
		ranges = append(ranges, r)
	}
	return ranges
}

func (p *parser) address(text string) netip.Addr {
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		p.fail("address %q: an IPv4 or IPv6 address was expected, such as 192.0.2.21", text)
	}
	return a.Unmap()
}

func (p *parser) duration(what, text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > time.Hour {
		p.fail("%s %q: a duration up to 1h was expected, such as 85ms or 1.5s", what, text)
	}
	return d
}

// someTime reads a duration above 0.
func (p *parser) someTime(what, text string) time.Duration {
	d := p.duration(what, text)
	if d == 0 {
		p.fail("%s %s: a duration above 0 was expected, such as 1.5s", what, text)
	}
	return d
}

// time reads a date and time. The timestamps of a capture begin in 1970, and 64 bits of
// nanoseconds end in 2262.
func (p *parser) time(what, text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || t.Year() < 1970 || t.Year() > 2200 {
		p.fail("%s %q: a date and time from 1970 to 2200 was expected, such as 2001-09-11T09:00:00Z (RFC 3339)", what, text)
	}
	return t.UTC()
}

// wholeSeconds reads a duration in whole seconds.
func (p *parser) wholeSeconds(what, text string) time.Duration {
	d := p.duration(what, text)
	if d < time.Second || d%time.Second != 0 {
		p.fail("%s %s: whole seconds were expected, such as 10s", what, text)
	}
	return d
}

// share reads a percentage as a number from 0 to 1.
func (p *parser) share(what, text string) float64 {
	n, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil || !strings.HasSuffix(text, "%") || !(n >= 0 && n <= 100) {
		p.fail("%s %q: a percentage was expected, such as 1%%", what, text)
	}
	return n / 100
}

func (p *parser) onOff(key, text string) bool {
	if text != "on" && text != "off" {
		p.fail("%s=%s: on or off was expected", key, text)
	}
	return text == "on"
}

func (p *parser) oneOf(what, text string, choices ...string) string {
	if !slices.Contains(choices, text) {
		p.fail("%s %q: %s was expected", what, text, strings.Join(choices, " or "))
	}
	return text
}

// maxSize is the largest size of a generated file, in bytes.
const maxSize = 64 << 30

var sizeUnits = []struct {
	suffix string
	factor float64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"PiB", 1 << 50}, {"EiB", 1 << 60},
	{"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"PB", 1e15}, {"EB", 1e18}, {"B", 1}, {"", 1},
}

// ParseSize reads a number of bytes, with or without a unit, such as 164, 36KiB, 10MiB
// and 1GB; ok is false if it is not a number of bytes, or more than maxSize.
func ParseSize(text string) (bytes int64, ok bool) {
	n, ok := parseBytes(text)
	return int64(n), ok && n <= maxSize
}

// parseBytes is ParseSize without the limit.
func parseBytes(text string) (bytes float64, ok bool) {
	for _, u := range sizeUnits {
		number, ok := strings.CutSuffix(text, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(number, 64)
		bytes := n * u.factor
		return bytes, err == nil && bytes >= 0 && bytes == math.Trunc(bytes)
	}
	return 0, false
}

// size reads a number of bytes, with or without a unit.
func (p *parser) size(what, text string) int64 {
	bytes, ok := parseBytes(text)
	switch {
	case !ok:
		p.fail("%s %q: a number of bytes was expected, such as 164, 36KiB or 10MiB", what, text)
	case bytes > maxSize:
		p.fail("%s %s is more than the 64GiB that a file may have", what, text)
	}
	return int64(bytes)
}

// rate reads a number of bits per second.
func (p *parser) rate(text string) int64 {
	for _, u := range []struct {
		suffix string
		factor float64
	}{{"kbit", 1e3}, {"Mbit", 1e6}, {"Gbit", 1e9}, {"bit", 1}} {
		number, ok := strings.CutSuffix(text, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(number, 64)
		if bits := n * u.factor; err == nil && bits >= 1000 && bits <= 100e9 {
			return int64(bits)
		}
		break
	}
	p.fail("rate %q: a number of bits per second from 1kbit to 100Gbit was expected, such as 8Mbit", text)
	return 0
}
