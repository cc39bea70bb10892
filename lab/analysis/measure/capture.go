// Measurements of a whole capture.

package measure

import (
	"fmt"
	"strconv"

	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
)

// measurements are all there are, beside the time between two labels; the manual lists them.
var measurements = append([]measurement{
	{"capture.packets", count, func(s *scope) (value, error) { return number(len(s.capture.Frames)) }},
	{"capture.conversations", count, func(s *scope) (value, error) { return number(s.capture.Trace.NumConnections()) }},
	{"capture.control", count, func(s *scope) (value, error) { return number(len(s.withRole(ftp.Control))) }},
	{"capture.data", count, func(s *scope) (value, error) { return number(len(s.withRole(ftp.Data))) }},
	{"capture.other", count, func(s *scope) (value, error) { return number(len(s.withRole(ftp.Other))) }},
	{"capture.announced", count, announced},
	{"capture.dataports", count, dataPorts},
	{"capture.dataports.run", count, dataPortsRun},
	{"capture.data.within", seconds, dataWithin},
	{"capture.port.N", count, withPort},
	{"capture.syns", count, counting(func(f *expect.Frame) bool { return f.Has(packet.SYN) && !f.Has(packet.ACK) })},
	{"capture.resets", count, counting(func(f *expect.Frame) bool { return f.Has(packet.RST) })},
	{"capture.retransmissions", count, counting(func(f *expect.Frame) bool { return f.Analysis&tcp.Retransmission != 0 })},
	{"capture.duration", seconds, captureDuration},
	{"capture.bytes", bytes, captureBytes},
	{"lengths.LOW-HIGH", share, lengths},
}, connectionMeasurements...)

func (s *scope) withRole(r ftp.Role) []*ftp.Connection {
	var all []*ftp.Connection
	for _, c := range s.capture.Connections {
		if c.Role == r {
			all = append(all, c)
		}
	}
	return all
}

// announced counts the data connections that came to an announced address.
func announced(s *scope) (value, error) {
	n := 0
	for _, c := range s.withRole(ftp.Data) {
		if c.DataPort != nil && !c.DataPort.ThirdParty {
			n++
		}
	}
	return number(n)
}

func dataPorts(s *scope) (value, error) {
	ports := map[uint16]bool{}
	for _, c := range s.withRole(ftp.Data) {
		ports[c.Client.Port()] = true
	}
	return number(len(ports))
}

// dataPortsRun is the longest run of data connections with consecutive ports.
func dataPortsRun(s *scope) (value, error) {
	longest, run, last := 0, 0, -1
	for _, c := range s.withRole(ftp.Data) {
		port := int(c.Client.Port())
		if port != last+1 || run == 0 {
			run = 0
		}
		run++
		last = port
		longest = max(longest, run)
	}
	return number(longest)
}

func dataWithin(s *scope) (value, error) {
	data := s.withRole(ftp.Data)
	if len(data) == 0 {
		return value{}, errNothing
	}
	return number(float64(data[len(data)-1].FirstTime-data[0].FirstTime) / 1e9)
}

// withPort counts the packets from or to a TCP port.
func withPort(s *scope) (value, error) {
	port, err := strconv.ParseUint(s.args[0], 10, 16)
	if err != nil {
		return value{}, err
	}
	n := 0
	for i := range s.capture.Frames {
		c := s.capture.Frames[i].Connection
		if c != nil && (c.Client.Port() == uint16(port) || c.Server.Port() == uint16(port)) {
			n++
		}
	}
	return number(n)
}

// counting makes a measurement that counts packets of TCP.
func counting(is func(*expect.Frame) bool) func(*scope) (value, error) {
	return func(s *scope) (value, error) {
		n := 0
		for i := range s.capture.Frames {
			if f := &s.capture.Frames[i]; f.Connection != nil && is(f) {
				n++
			}
		}
		return number(n)
	}
}

func captureDuration(s *scope) (value, error) {
	n := len(s.capture.Frames)
	if n == 0 {
		return value{}, errNothing
	}
	return number(s.capture.Frames[n-1].Time.Seconds())
}

func captureBytes(s *scope) (value, error) {
	var n int64
	for i := range s.capture.Frames {
		n += int64(s.capture.Frames[i].Length)
	}
	return number(n)
}

// lengths is the share of the packets whose length is within bounds.
func lengths(s *scope) (value, error) {
	low, high, _ := bounds(s.args[0])
	n := 0
	for i := range s.capture.Frames {
		if l := s.capture.Frames[i].Length; l >= low && l <= high {
			n++
		}
	}
	if len(s.capture.Frames) == 0 {
		return value{}, fmt.Errorf("the capture is empty")
	}
	return number(float64(n) / float64(len(s.capture.Frames)))
}
