// Which bytes of a connection are kept: those of dialogue, and those of which it is not yet
// known whether they are.

package ftp

import (
	"net/netip"
	"slices"

	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
	"ftplab/lab/analysis/tls"
)

// A Candidate is a connection that may be FTP dialogue, while its packets are read.
type Candidate struct {
	tcp.State

	// Hashes is set if the bytes are to be hashed for Digest.
	Hashes *tcp.Pool
	// Keys decrypt TLS; nil for none.
	Keys *tls.Keys
	// ControlPorts are ports that are known to be those of FTP servers, besides 21 and 990.
	ControlPorts []uint16

	recorded  [2]*tcp.Recording // nil for nothing
	spare     [2]*tcp.Recording // memory of the connection that c was before
	size      [2]int            // bytes that came while they were recorded
	begun     [2]bool           // the first segment was recorded
	digests   [2]tcp.Digest     // once it is opaque
	state     state
	protected *protected     // a data connection in TLS; nil for none
	alert     bool           // what one side sent first is an alert of TLS
	handshake bool           // what one side sent first begins like a handshake of TLS
	keyed     bool           // there are keys for it
	hello     [2]bool        // a direction begins with a ClientHello, or the other one with a ServerHello
	chains    [2]recordChain // of directions whose beginning is not in the capture
	overlong  bool           // its dialogue is longer than what is recorded of it
	checkAt   int            // bytes recorded after which to look again whether it is dialogue
	requests  bool           // a direction may begin with a request to a proxy
	requested *Proxy         // the request; nil for none
	asker     int            // the direction of the request
}

// A state is what is done with the bytes of a connection.
type state uint8

const (
	undecided state = iota // recorded, since they may be dialogue
	dialogue               // recorded, since they are
	opaque                 // hashed on request, and not recorded
)

const (
	firstLook = 4 << 10   // bytes after which other connections are looked at,
	ftpLook   = 64 << 10  // those of port 21, and in TLS for which there are keys,
	lastLook  = 256 << 10 // and after which it must be clear what they are
	// What one side says in a dialogue beyond maxDialogue is not recorded.
	maxDialogue = 16 << 20
)

// Begin makes c a new connection, without any packets yet. It reuses the memory of the
// connection that c was before.
func (c *Candidate) Begin(src, dst netip.AddrPort) {
	const most = 64 << 10 // bytes of a recording whose memory is used again
	state, spare := c.State, c.spare
	for dir, r := range c.recorded {
		if r != nil && r.Size() <= most {
			r.Reset()
			spare[dir] = r
		}
	}
	*c = Candidate{State: state, spare: spare, Keys: c.Keys, ControlPorts: c.ControlPorts}
	c.State.Begin(src, dst)
}

// Expect prepares c for a purpose that is known, before its first packet.
func (c *Candidate) Expect(p *Purpose) {
	if p.Proxy != nil {
		c.skip(p.Proxy, int(p.asker))
	}
}

// NotDialogue makes c a connection that is known not to be dialogue, before its first packet:
// its bytes are hashed for Digest as they come, and not recorded. The pool bounds the segments
// of all connections that wait after a gap.
func (c *Candidate) NotDialogue(pool *tcp.Pool) { c.Hashes, c.state = pool, opaque }

// Data takes the data of a segment that State.Add has taken.
func (c *Candidate) Data(p *packet.Packet, seg *tcp.Segment) {
	if seg.Length == 0 {
		return
	}
	dir := seg.Direction
	if !c.Halves[dir].Begins() && !seg.InDoubt() {
		c.chains[dir].add(seg.DataSeq(), seg.Payload)
	}
	if c.state == opaque {
		if c.Hashes != nil {
			c.digests[dir].Add(c.Hashes, &c.Halves[dir], p, seg)
		}
		return
	}
	c.overlong = c.overlong || c.size[dir] >= maxDialogue
	if c.size[dir] < maxDialogue {
		c.record(p, seg)
	}
	c.size[dir] += len(seg.Payload)
	c.decide()
}

func (c *Candidate) record(p *packet.Packet, seg *tcp.Segment) {
	if len(seg.Payload) == 0 {
		return
	}
	dir := seg.Direction
	first := !c.begun[dir] && !seg.Damaged
	c.begun[dir] = c.begun[dir] || first && !seg.InDoubt()
	if first {
		c.beginsTLS(dir, seg.Payload)
		c.requests = c.requests || requests(seg.Payload[0])
	}
	c.alert = c.alert || first && tlsAlert(seg.Payload)
	if c.recorded[dir] == nil {
		if c.recorded[dir], c.spare[dir] = c.spare[dir], nil; c.recorded[dir] == nil {
			c.recorded[dir] = tcp.NewRecording()
		}
	}
	c.recorded[dir].Add(p, seg)
}

// beginsTLS notes whether a direction begins with a handshake of TLS.
func (c *Candidate) beginsTLS(dir int, data []byte) {
	if data[0] != 0x16 || !tlsRecord(data) {
		return
	}
	c.handshake = true
	switch handshakeType(data) {
	case clientHello:
		c.hello[dir], c.keyed = true, c.Keys.HasOf(data)
	case serverHello:
		c.hello[1-dir] = true
	}
}

// decide looks at a connection that may be dialogue, and drops its bytes if it is not.
func (c *Candidate) decide() {
	if c.state == dialogue || !c.due() {
		return
	}
	switch {
	case c.implicit() >= 0, c.inMiddle() >= 0:
		c.state = dialogue
	case c.size[0]+c.size[1] >= lastLook, c.keyed:
		c.state = opaque
		if clientDirection(&c.State, c.readable(), c.serverByPort()) >= 0 {
			c.state = dialogue
		}
	case !plausible(c.recorded) && !c.awaitsProxy():
		c.state = opaque
	}
	if c.state == opaque {
		c.letGo()
	}
}

// due reports whether it is time to look at a connection to which data has come.
func (c *Candidate) due() bool {
	if c.checkAt == 0 {
		c.checkAt = firstLook
		if c.atFTPPort() || c.keyed {
			c.checkAt = ftpLook
		}
	}
	if c.size[0]+c.size[1] < c.checkAt {
		return false
	}
	c.checkAt *= 2
	return true
}

// readable returns what the two directions say, inside TLS if that can be decrypted.
func (c *Candidate) readable() [2]tcp.Stream {
	s := c.Streams(c.recorded)
	if c.keyed {
		_, s[0], s[1] = unwrap(s[0], s[1], c.Keys, false)
	}
	return s
}

func (c *Candidate) atFTPPort() bool { return c.serves(0, ftpPort) || c.serves(1, ftpPort) }

// serves reports whether an end has a port, or another one that is known to be a server's.
func (c *Candidate) serves(end int, port uint16) bool {
	p := c.Ends[end].Port()
	return p == port || slices.Contains(c.ControlPorts, p)
}

// AtControlPort reports whether an end has a port that shows an FTP server: 21, 990, or a known one.
func (c *Candidate) AtControlPort() bool {
	return c.atFTPPort() || c.serves(0, ftpsPort) || c.serves(1, ftpsPort)
}

// letGo drops what was recorded of a connection that is not dialogue.
func (c *Candidate) letGo() {
	if c.requests {
		c.findRequest()
	}
	for dir, r := range c.recorded {
		if c.Hashes != nil && r != nil {
			c.digests[dir].AddRecording(c.Hashes, &c.Halves[dir], r)
		}
		c.recorded[dir] = nil
	}
}

// Digest is the SHA-256 of a direction, when all packets have been read; see
// [tcp.Digest.Sum].
func (c *Candidate) Digest(dir int) string {
	switch {
	case c.protected != nil:
		c.close()
		return c.protectedSum(dir)
	case c.Hashes == nil:
		return ""
	case c.state == opaque:
		return c.digests[dir].Sum(&c.Halves[dir])
	}
	return c.digests[dir].SumRecording(&c.Halves[dir], c.recorded[dir])
}

// implicit is the direction of the client if the connection is implicit FTPS: it begins with
// a handshake of TLS, and its port is 990 or a known one, or the ClientHello asks for FTP. Else it is -1.
func (c *Candidate) implicit() int {
	a, b := c.serves(0, ftpsPort), c.serves(1, ftpsPort)
	switch {
	case !c.handshake:
		return -1
	case a == b:
		web := c.Ends[0].Port() == httpsPort || c.Ends[1].Port() == httpsPort
		return asksForFTP(c.recorded, !web)
	case a:
		return 1
	}
	return 0
}

// Named reports whether the connection is implicit FTPS because of its ClientHello, and not of its
// port.
func (c *Candidate) Named() bool {
	return !c.serves(0, ftpsPort) && !c.serves(1, ftpsPort) && c.implicit() >= 0
}

// RecordedSize is the memory that the recorded bytes use.
func (c *Candidate) RecordedSize() int {
	n := 0
	for _, r := range c.recorded {
		if r != nil {
			n += r.Size()
		}
	}
	return n
}

// ClientDirection returns the direction of the FTP client, when all packets have been read;
// -1 if the connection is not dialogue.
func (c *Candidate) ClientDirection() int {
	if dir := c.implicit(); dir >= 0 {
		return dir
	}
	maybe := c.state == dialogue || c.state == undecided && (c.atFTPPort() || c.keyed || plausible(c.recorded))
	if maybe && c.DataSegments() > 0 {
		if dir := clientDirection(&c.State, c.readable(), c.serverByPort()); dir >= 0 {
			return dir
		}
	}
	return c.inMiddle()
}

// Transcript is the dialogue of a control connection whose client is known. It has at most
// mostLines lines. The keys decrypt TLS.
func (c *Candidate) Transcript(client, mostLines int, keys *tls.Keys) Transcript {
	streams := c.Streams(c.recorded)
	t := Transcript{fromStart: c.HandshakeBegun(), cut: c.overlong, most: mostLines, keys: keys}
	t.client, t.server, t.proxy = behindProxy(streams[client], streams[1-client])
	t.tls = anyRecord(c.recorded) && !unaskedHello(t.client, t.server)
	t.inMiddle = t.tls && c.inMiddle() >= 0
	return t
}
