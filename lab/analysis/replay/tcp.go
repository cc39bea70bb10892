package replay

import (
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
)

// A State is one of RFC 9293, section 3.3.2.
type State string

// The states of a TCP.
const (
	Closed      State = "CLOSED"
	Listen      State = "LISTEN"
	SynSent     State = "SYN-SENT"
	SynReceived State = "SYN-RECEIVED"
	Established State = "ESTABLISHED"
	FinWait1    State = "FIN-WAIT-1"
	FinWait2    State = "FIN-WAIT-2"
	CloseWait   State = "CLOSE-WAIT"
	Closing     State = "CLOSING"
	LastAck     State = "LAST-ACK"
	TimeWait    State = "TIME-WAIT"
)

// An End is one of the two TCPs of a connection. Its numbers are relative: its SYN is
// number 0, the first byte that it sends number 1.
type End struct {
	State State `json:"state"`
	// Next is the number that it sends next, Acked up to which number the other end has
	// confirmed. What lies between is under way, or lost.
	Next  int64 `json:"next"`
	Acked int64 `json:"acked"`
	// Window is how many bytes more it offered to take, with its last packet.
	Window int `json:"window"`
}

// An end is an End and what its state follows from.
type end struct {
	End
	fin int64 // the number after its FIN; 0 before it has sent one
}

// A connection is the two TCPs: of the client and of the server.
type connection struct {
	ends [2]end
	met  bool // a packet has passed
}

// pass takes the next packet of the connection.
func (k *connection) pass(s *tcp.Segment, from ftp.Side) {
	sender, receiver := &k.ends[0], &k.ends[1]
	if from == ftp.Server {
		sender, receiver = receiver, sender
	}
	if !k.met {
		k.met = true
		sender.State, receiver.State = Established, Established
		if s.Has(packet.SYN) {
			sender.State, receiver.State = Closed, Listen
		}
		if s.Has(packet.SYN | packet.ACK) {
			sender.State, receiver.State = Listen, SynSent
		}
	}
	sender.send(s)
	receiver.receive(s)
}

// send is what a packet means for the end that sends it.
func (e *end) send(s *tcp.Segment) {
	behind := s.Seq + int64(s.Length)
	if s.Has(packet.SYN) {
		behind++
	}
	if s.Has(packet.FIN) {
		behind++
		e.fin = behind
	}
	e.Window = s.Window
	if s.Has(packet.RST) {
		e.State = Closed
		return
	}
	e.Next = max(e.Next, behind)
	switch {
	case s.Has(packet.SYN | packet.ACK):
		if e.State != Established {
			e.State = SynReceived
		}
	case s.Has(packet.SYN):
		e.State = SynSent
	case s.Has(packet.FIN) && e.State == CloseWait:
		e.State = LastAck
	case s.Has(packet.FIN) && (e.State == Established || e.State == SynReceived):
		e.State = FinWait1
	}
}

// receive is what it means for the end that it arrives at.
func (e *end) receive(s *tcp.Segment) {
	if s.Has(packet.RST) {
		e.State = Closed
		return
	}
	if s.Has(packet.ACK) {
		e.Acked = max(e.Acked, s.Ack)
		e.confirmed()
	}
	switch {
	case s.Has(packet.SYN|packet.ACK) && e.State == SynSent:
		e.State = Established
	case s.Has(packet.SYN) && !s.Has(packet.ACK) && (e.State == Listen || e.State == Closed):
		e.State = Listen // until it answers
	}
	if s.Has(packet.FIN) {
		e.otherEnds()
	}
}

// confirmed is what an acknowledgement changes.
func (e *end) confirmed() {
	if e.State == SynReceived && e.Acked > 0 {
		e.State = Established
	}
	if e.fin == 0 || e.Acked < e.fin {
		return
	}
	switch e.State {
	case FinWait1:
		e.State = FinWait2
	case Closing:
		e.State = TimeWait
	case LastAck:
		e.State = Closed
	}
}

// otherEnds is what the FIN of the other end changes.
func (e *end) otherEnds() {
	switch e.State {
	case Established, SynReceived:
		e.State = CloseWait
	case FinWait1:
		e.State = Closing
	case FinWait2:
		e.State = TimeWait
	}
}
