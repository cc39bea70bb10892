// Measurements of a whole capture.

package measure

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ftplab/lab/analysis/ftp"
)

// measurements are all measurements except the time between two labels. The manual
// lists them.
var measurements = append([]measurement{
	{"capture.packets", count, func(s *scope) (value, error) { return number(s.capture.packets) }},
	{"capture.conversations", count, func(s *scope) (value, error) { return number(s.capture.connections) }},
	{"capture.control", count, withRole(ftp.Control)},
	{"capture.data", count, withRole(ftp.Data)},
	{"capture.other", count, withRole(ftp.Other)},
	{"capture.announced", count, announced},
	{"capture.dataports", count, ofData(func(d *dataSurvey) int { return len(d.ports) })},
	{"capture.dataports.run", count, ofData(func(d *dataSurvey) int { return d.longest })},
	{"capture.data.within", seconds, dataWithin},
	{"capture.port.N", count, withPort},
	{"capture.syns", count, func(s *scope) (value, error) { return number(s.capture.syns) }},
	{"capture.resets", count, func(s *scope) (value, error) { return number(s.capture.resets) }},
	{"capture.retransmissions", count, func(s *scope) (value, error) { return number(s.capture.retransmissions) }},
	{"capture.forged", count, func(s *scope) (value, error) { return number(len(s.capture.signs.Frames())) }},
	{"capture.forged.signs", words, forgedSigns},
	{"capture.duration", seconds, captureDuration},
	{"capture.bytes", bytes, func(s *scope) (value, error) { return number(s.capture.bytes) }},
	{"lengths.LOW-HIGH", share, lengths},
}, slices.Concat(connectionMeasurements, factMeasurements)...)

// withRole counts the connections with a role.
func withRole(role ftp.Role) func(s *scope) (value, error) {
	return func(s *scope) (value, error) {
		return value{number: float64(s.capture.roles[role])}, s.capture.unknownRoles()
	}
}

// ofData counts something of all data connections.
func ofData(of func(d *dataSurvey) int) func(s *scope) (value, error) {
	return func(s *scope) (value, error) {
		return value{number: float64(of(&s.capture.data))}, s.capture.unknownRoles()
	}
}

// unknownRoles returns an error if a connection that seems to have no role may have one, as the
// capture lacks bytes of a dialogue.
func (s *survey) unknownRoles() error {
	if len(s.lacking) > 0 && s.roles[ftp.Other] > 0 {
		return unrecorded(s.lacking[0])
	}
	return nil
}

// announced counts the data connections that somebody announced, if the dialogues can be
// read. Of dialogues that lack bytes, those are enough that announce all other connections.
func announced(s *scope) (value, error) {
	if err := s.capture.hidden.any(); err != nil {
		return value{}, err
	}
	c := s.capture
	if len(c.lacking) > 0 && c.data.announced < c.connections-c.roles[ftp.Control] {
		return value{}, unrecorded(c.lacking[0])
	}
	return number(c.data.announced)
}

func dataWithin(s *scope) (value, error) {
	d := &s.capture.data
	if err := s.capture.unknownRoles(); err != nil {
		return value{}, err
	}
	if !d.any {
		return value{}, errNothing
	}
	if err := s.capture.samePlace(d.begun...); err != nil {
		return value{}, err
	}
	return number(float64(d.lastBegan-d.first) / 1e9)
}

// withPort counts the packets from or to a TCP port.
func withPort(s *scope) (value, error) {
	port, err := strconv.ParseUint(s.args[0], 10, 16)
	if err != nil {
		return value{}, err
	}
	return number(s.capture.ports[uint16(port)])
}

// forgedSigns are the signs of forged packets, or none.
func forgedSigns(s *scope) (value, error) {
	if len(s.capture.signs) == 0 {
		return value{words: "none"}, nil
	}
	return value{words: strings.Join(s.capture.signs.Names(), ",")}, nil
}

func captureDuration(s *scope) (value, error) {
	if s.capture.packets == 0 {
		return value{}, errNothing
	}
	return number(s.capture.last.Seconds())
}

// lengths is the share of the packets whose length is within bounds.
func lengths(s *scope) (value, error) {
	low, high, _ := bounds(s.args[0])
	n := 0
	for length, packets := range s.capture.lengths {
		if length >= low && length <= high {
			n += packets
		}
	}
	if s.capture.packets == 0 {
		return value{}, fmt.Errorf("the capture is empty")
	}
	return number(float64(n) / float64(s.capture.packets))
}
