// The facts that figures are computed from. One pass over the connections and one over
// the packets collects them.

package measure

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/forged"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
)

// A survey has counts of the whole capture, and the packets of the connections that the
// want declares.
type survey struct {
	packets, connections          int
	syns, resets, retransmissions int // packets of TCP
	bytes                         int64
	last                          time.Duration  // of the last packet, after the first
	lengths                       map[int]int    // packets, by their length on the wire
	ports                         map[uint16]int // packets of TCP, by each port
	roles                         map[ftp.Role]int
	controlPorts                  map[uint16]bool // of the servers
	data                          dataSurvey

	signs forged.Signs // only if something asks for them

	frames   map[int][]*expect.Frame // by the ID of the connection
	sessions map[int]*ftp.Session
	hidden   hiddenDialogues
	cut      bool // the file is cut off, so that more packets came after its last one
	// begunBefore says what the capture lacks of the start of a connection; "" for none. unheard says the
	// same of a connection whose first commands and replies may be missing, too. oneSided says that the
	// capture lacks one side of a connection.
	begunBefore, unheard string
	oneSided             bool
	answer               bool                // the first packet answers one that the capture lacks, of a host of hosts
	hosts                map[netip.Addr]bool // those of all connections of FTP
	headless             int                 // the first packet of which the recorder kept too little, 0 for none
	// The capture lacks something of the connections in lost: a stream has a gap, or later numbers show
	// that more was sent.
	lost   map[int]bool
	places map[int]int  // of packets; 0 for the others
	astray map[int]bool // see [astray]
	clocks string       // that of two places differ, if some packets are not read for that; see [capture.Capture]
	// lacking are the IDs of connections, except data connections, of which the capture lacks bytes.
	lacking   []int
	unseen    string // says which data connection is missing that a dialogue shows, "" for none
	truncated bool   // the recorder cut packets
	complete  bool   // the recorder lost none
}

// A dataSurvey has counts of all data connections.
type dataSurvey struct {
	announced        int
	ports            map[uint16]bool // the clients'
	run, longest     int             // of consecutive ports
	port             uint16          // the last one's
	first, lastBegan int64           // ns since 1970
	any              bool
	begun            []int // the first packets
}

func newSurvey() *survey {
	return &survey{
		lengths: map[int]int{}, ports: map[uint16]int{}, roles: map[ftp.Role]int{}, controlPorts: map[uint16]bool{},
		data: dataSurvey{ports: map[uint16]bool{}}, hosts: map[netip.Addr]bool{}, frames: map[int][]*expect.Frame{},
		lost: map[int]bool{}, places: map[int]int{},
	}
}

// read reads what subjects need of a capture.
func read(c *capture.Capture, v *expect.Verdict, subjects []subject) (*survey, error) {
	s := newSurvey()
	if slices.ContainsFunc(subjects, subject.ofForged) {
		var err error
		if s.signs, err = forged.Find(c); err != nil {
			return nil, err
		}
	}
	declared := map[int]bool{}
	if v != nil {
		for _, x := range v.Connections {
			declared[x.ID] = x.ID >= 0
		}
	}
	for x := range c.Connections() {
		s.addConnection(x)
	}
	firsts := map[int]int{} // the first place that has packets of a connection, by its ID
	for p := range c.Packets() {
		f := expect.FrameOf(p, c.Start)
		s.addPacket(&f)
		if x := p.Connection; x != nil && len(c.Places) > 0 {
			if first, known := firsts[x.ID]; !known || f.Place < first {
				firsts[x.ID] = f.Place
			}
		}
		if f.Place != 0 {
			s.places[f.Number] = f.Place
		}
		s.answer = s.answer || p.Number == 1 && p.IsAnswer() && s.hosts[p.IP.Dst]
		if s.headless == 0 && p.Headless() {
			s.headless = p.Number
		}
		if p.Connection != nil && declared[p.Connection.ID] {
			s.frames[p.Connection.ID] = append(s.frames[p.Connection.ID], &f)
		}
	}
	s.astray = astray(c, firsts)
	if len(c.Lost) > 0 {
		s.clocks = c.Clocks
	}
	s.sessions = c.SessionsOf(declared)
	s.hidden.find(c)
	if slices.ContainsFunc(subjects, subject.isOfCapture) {
		s.unseen = unseen(c)
	}
	s.cut, s.truncated, s.complete = c.Cut != "", c.Truncated > 0, c.Complete
	return s, c.Err()
}

// unseen says which data connection the capture lacks, although a dialogue announces it and says that its transfer is
// complete. It returns "" for none, and if the recorder lost nothing: then the dialogue is wrong.
func unseen(c *capture.Capture) string {
	if c.Complete {
		return ""
	}
	for d := range c.Dialogues(false) {
		for _, a := range d.DataPorts {
			if t := a.Unseen; t != nil && !a.ThirdParty {
				return "the capture lacks the data connection of " + strings.TrimSpace(t.Command+" "+t.Argument)
			}
		}
	}
	return ""
}

// astray returns the IDs of the connections that an earlier place lacks, although it has another one between the same
// hosts: its recorder may have lost them. They were measured elsewhere on the path, so their round trips are not
// comparable with that of the other one.
func astray(c *capture.Capture, firsts map[int]int) map[int]bool {
	ids := map[int]bool{}
	if c.Complete || len(firsts) == 0 {
		return ids
	}
	inside := map[netip.Addr]netip.Addr{} // the addresses that NATs change
	for _, t := range c.Translations {
		inside[t.To] = t.From
	}
	type hosts [2]netip.Addr
	hostsOf := func(x *ftp.Connection) (of hosts) {
		for i, addr := range []netip.Addr{x.Client.Addr(), x.Server.Addr()} {
			of[i] = addr
			if from, ok := inside[addr]; ok {
				of[i] = from
			}
		}
		slices.SortFunc(of[:], netip.Addr.Compare)
		return of
	}
	earliest := map[hosts]int{}
	for x := range c.Connections() {
		of := hostsOf(x)
		if first, known := earliest[of]; !known || firsts[x.ID] < first {
			earliest[of] = firsts[x.ID]
		}
	}
	for x := range c.Connections() {
		if firsts[x.ID] > earliest[hostsOf(x)] {
			ids[x.ID] = true
		}
	}
	return ids
}

// samePlace returns an error if packets were recorded at several places, which have clocks of their own.
func (s *survey) samePlace(packets ...int) error {
	for _, n := range packets {
		if s.places[n] != s.places[packets[0]] {
			return unjudgedError{fmt.Errorf("frames %d and %d were recorded at different places", packets[0], n)}
		}
	}
	return nil
}

// ofForged reports whether the signs of forged packets are asked for.
func (s subject) ofForged() bool { return strings.HasPrefix(s.measurement.name, "capture.forged") }

// addPacket takes the next packet.
func (s *survey) addPacket(f *expect.Frame) {
	s.packets++
	s.bytes += int64(f.Length)
	s.last = f.Time
	s.lengths[f.Length]++
	if f.Connection == nil {
		return
	}
	client, server := f.Connection.Client.Port(), f.Connection.Server.Port()
	if s.ports[client]++; server != client {
		s.ports[server]++
	}
	if f.Has(packet.SYN) && !f.Has(packet.ACK) {
		s.syns++
	}
	if f.Has(packet.RST) {
		s.resets++
	}
	if f.Analysis&tcp.Retransmission != 0 {
		s.retransmissions++
	}
}

// addConnection takes the next connection.
func (s *survey) addConnection(c *ftp.Connection) {
	if c.Missing()+c.ClientFlow.Unseen+c.ServerFlow.Unseen > 0 {
		s.lost[c.ID] = true
	}
	s.connections++
	s.roles[c.Role]++
	if c.Role == ftp.Control {
		s.controlPorts[c.Server.Port()] = true
	}
	s.begunBefore = cmp.Or(s.begunBefore, c.WhyLacksStart())
	if lacksBeginning(c) && (c.Began() == 0 || c.Role != ftp.Data) {
		s.unheard = cmp.Or(s.unheard, c.WhyLacksStart())
	}
	s.oneSided = s.oneSided || c.LacksSide(ftp.Client) || c.LacksSide(ftp.Server)
	if c.Role == ftp.Data {
		s.data.add(c)
	}
	if c.Role != ftp.Other {
		s.hosts[c.Client.Addr()], s.hosts[c.Server.Addr()] = true, true
	}
	if c.Role != ftp.Data && (s.lost[c.ID] || lacks(&c.ClientFlow) || lacks(&c.ServerFlow) || lacksBeginning(c) || c.LacksSide(ftp.Client) || c.LacksSide(ftp.Server)) {
		s.lacking = append(s.lacking, c.ID)
	}
}

func (d *dataSurvey) add(c *ftp.Connection) {
	if c.DataPort != nil && !c.DataPort.ThirdParty {
		d.announced++
	}
	port := c.Client.Port()
	d.ports[port] = true
	if d.run == 0 || int(port) != int(d.port)+1 {
		d.run = 0
	}
	d.run++
	d.longest, d.port = max(d.longest, d.run), port
	if !d.any {
		d.any, d.first = true, c.FirstTime
	}
	d.lastBegan = c.FirstTime
	d.begun = append(d.begun, c.FirstPacket)
}
