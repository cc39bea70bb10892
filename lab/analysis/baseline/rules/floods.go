// Rules about requests: the same again and again, at the speed of a machine.

package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ftplab/lab/analysis/baseline/content"
	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
)

var noFloodsRule = Rule{
	Name: "no-floods", Theme: "requests",
	Says:     "A client does not repeat the same command at machine speed, and does not store files until the disk is full.",
	Source:   "CWE-400 (resource exhaustion)",
	Example:  "> CWD /pub nine times within a second",
	Severity: Violation,
	Matters:  "Each repetition may cost the server memory that it does not free.",
	Innocent: "a load generator measures the server.",
	look:     eachSession(floods),
}

// How many times a client sends the same line in a row, with less than machineSpeed between two of
// them, before that is a flood.
const (
	floodOfWalks = 8   // CWD, which changes nothing the second time
	floodOfLines = 100 // anything else
	manyLines    = 25  // anything else, before that is odd
	machineSpeed = 100 * time.Millisecond
)

// floodOfTelnet is how many bytes of Telnet commands a client sends in a line at machine speed before
// they are a flood. A command has two bytes. Some clients send one now and then to keep a session alive.
const floodOfTelnet = 128

func telnetFloods(s *session) (found []breach) {
	before := s.Control.FirstTime
	for _, l := range s.Lines {
		if n := len(l.Telnet); l.From == ftp.Client && n >= floodOfTelnet && s.Readable(l.Packet) &&
			time.Duration(l.Time-before) < time.Duration(n/2)*machineSpeed {
			found = append(found, breach{packets: []int{l.FirstPacket, l.Packet},
				observed: fmt.Sprintf("%d bytes of Telnet commands in a line, within %v", n, time.Duration(l.Time-before).Round(time.Millisecond))})
		}
		before = l.Time
	}
	return found
}

// swellingData finds data in mode Z, and archives, that fill a disk or the memory when they are decompressed
// (CWE-409).
func swellingData(e *Evidence, s *session) (found []breach) {
	for _, x := range s.Exchanges {
		for _, c := range s.DataOf(x.Data) {
			for _, shown := range e.shows(c.ID) {
				if shown.Kind == content.Bomb && (shown.Archive != nil || c.Transfer != nil && c.Transfer.Mode == "Z") {
					found = append(found, breach{severity: Odd, sign: 2, packets: append(evidence.Frames(x), shown.packet),
						observed: fmt.Sprintf("%s: frame %d has %s", wording.Quote(x.Line.Text), shown.packet, shown.What)})
				}
			}
		}
	}
	return found
}

// filling is how many files a client stores that fills a disk.
const filling = 10

// fullDisk finds uploads of an anonymous user, one after the other, that go on until the disk is full.
func fullDisk(s *session) []breach {
	stored, full := 0, 0
	var packets []int
	for _, x := range s.Exchanges {
		switch {
		case x.Sender() != ftp.Client:
		case evidence.Completed(x):
			stored++
		case x.Final() == 452 || x.Final() == 552:
			full++
			packets = appendSome(packets, x.Packet)
		}
	}
	if !s.public() || full == 0 || stored+full < filling {
		return nil
	}
	return []breach{{severity: Odd, sign: 2, packets: packets,
		observed: fmt.Sprintf("an anonymous user stored %d files, until the disk was full", stored)}}
}

func floods(e *Evidence, s *session) []breach {
	found := slices.Concat(telnetFloods(s), swellingData(e, s), fullDisk(s))
	for i := 0; i < len(s.Exchanges); {
		j := i + 1
		for j < len(s.Exchanges) && s.repeats(s.Exchanges[j], s.Exchanges[j-1]) {
			j++
		}
		x, limit := s.Exchanges[i], floodOfLines
		if x.Command == "CWD" || x.Command == "XCWD" {
			limit = floodOfWalks
		}
		if n := j - i; n >= min(limit, manyLines) && s.Readable(x.Packet) {
			var packets []int
			for _, x := range s.Exchanges[i:j] {
				packets = append(packets, x.Packet)
			}
			elapsed := time.Duration(s.Exchanges[j-1].Time - x.Time).Round(time.Millisecond)
			b := breach{
				packets:  packets,
				observed: fmt.Sprintf("%s %d times in a row, within %v", wording.Quote(x.Line.Text), n, elapsed),
			}
			if n < limit {
				b.severity, b.sign = Odd, 1
			}
			found = append(found, b)
		}
		i = j
	}
	return found
}

// repeats reports whether a command repeats the one before it at machine speed. A relative CWD that
// succeeds, or whose reply is missing, leads to another folder, and is not a repetition.
func (s *session) repeats(x, before *ftp.Exchange) bool {
	succeeds := x.Final() == 250 || x.Final() == 0 && !s.Whole
	walk := x.Command == "CWD" && !strings.HasPrefix(x.Argument, "/") && succeeds
	return x.Line.Complete && before.Line.Complete && x.Command == before.Command && x.Argument == before.Argument && !walk && !evidence.IsTransfer(x) &&
		time.Duration(x.Time-before.Time) < machineSpeed
}
