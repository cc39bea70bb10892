package expect

import (
	"testing"
	"time"
)

const (
	damagedReplyWant = "ctl client.* > server.21 lossy\nctl ...\nctl client > server \"PWD\"\nctl client > server [.] @ack\nctl server > client "
	damagedBytesWant = "data server.20 > client.3172 lossy\ndata ...\ndata server > client seq 1:6 after @fin\ndata server > client [F.] seq 6 @fin\n"
)

// damagedJudgements are the rules about packets that their receivers dropped, and about those that only look so.
var damagedJudgements = []judgement{
	{
		name:  "a text is that of the packet that its receiver accepted",
		want:  damagedReplyWant + "\"257 *\" after @ack\n",
		forge: damagedReply,
	},
	{
		name:  "a packet with flags is first of all the accepted one",
		want:  damagedReplyWant + "[P.] length 9 after @ack\n",
		forge: damagedReply,
	},
	{
		name:  "the damaged packet and the accepted one, each with its line",
		want:  "ctl client.* > server.21\nctl ...\nctl client > server \"PWD\"\nctl server > client [P.] length 9\nctl client > server [.] @ack\nctl server > client \"257 *\" after @ack\n",
		forge: damagedReply,
	},
	{
		name:  "a damaged packet needs a line where the path is not lossy",
		want:  "ctl client.* > server.21\nctl ...\nctl client > server \"PWD\"\nctl server > client \"257 *\"\n",
		forge: damagedReply,
		wrong: "unwanted 3 @13",
	},
	{
		name:  "bytes are those of the accepted packet",
		want:  damagedBytesWant,
		forge: damagedBytes,
	},
	{
		name:  "the FIN is that of the accepted packet",
		want:  "data server.20 > client.3172 lossy\ndata ...\ndata client > server [.] ack 6 @ack\ndata server > client [F.] after @ack\n",
		forge: damagedFIN,
	},
	{
		name:  "bytes with a wrong checksum that are acknowledged, because the network card computes it",
		want:  "data server.20 > client.3172\n" + dataHandshake + "data server > client seq 1:6\ndata client > server [.] ack 6\ndata server > client seq 6:11\ndata client > server [.] ack 11\n",
		forge: offloaded,
	},
}

// damage gives the last packet a wrong checksum, as a wrong bit in its last byte does.
func damage(g *recording) {
	data := g.Last(0).Data
	data[len(data)-1] ^= 0x10
}

// damagedReply is a login and a command, whose reply is damaged and comes again.
func damagedReply(g *recording) {
	ctl := login(g)
	ctl.Segment("P.", "PWD\r\n")
	ctl.Peer.SegmentAt(0, "P.", "257 \"/\"\r\n")
	damage(g)
	ctl.Segment(".", "")
	ctl.Peer.Segment("P.", "257 \"/\"\r\n")
	ctl.Segment(".", "")
}

// damagedBytes are five bytes that are damaged, a FIN, and the bytes again.
func damagedBytes(g *recording) {
	c := connect(g, "192.0.2.21:20", "198.51.100.100:3172")
	c.SegmentAt(0, "P.", "xxxxx")
	damage(g)
	c.SegmentAt(5, "F.", "")
	c.Peer.ACK()
	c.SegmentAt(0, "P.", "xxxxx")
	c.Seq += 6
	c.Peer.ACK()
}

// damagedFIN are five bytes and a FIN that is damaged and comes again.
func damagedFIN(g *recording) {
	c := connect(g, "192.0.2.21:20", "198.51.100.100:3172")
	c.Segment("P.", "xxxxx")
	c.SegmentAt(0, "F.", "")
	damage(g)
	c.Peer.ACK()
	c.FIN()
	c.Peer.ACK()
}

// offloaded are two packets of which only the handshake has right checksums.
func offloaded(g *recording) {
	c := connect(g, "192.0.2.21:20", "198.51.100.100:3172")
	for range 2 {
		c.Segment("P.", "xxxxx")
		damage(g)
		c.Peer.ACK()
	}
}

// BenchmarkDamaged fails if the time for damaged packets that nobody acknowledges grows with the square of their number.
func BenchmarkDamaged(b *testing.B) {
	growth(b, 5000, "damaged packets", func(n int) time.Duration {
		c, s, peer := &evidence{}, &stream{}, &stream{}
		for i := range n {
			c.frames = append(c.frames, Frame{Damaged: true, Seq: 1 << 30, Payload: 1}, Frame{Seq: 1, Ack: int64(i)})
		}
		begin := time.Now()
		for i := range c.frames {
			if c.frames[i].Damaged {
				c.add(s, peer, i)
			} else {
				peer.ack = c.frames[i].Ack
				c.add(peer, s, i)
			}
		}
		return time.Since(begin)
	})
}
