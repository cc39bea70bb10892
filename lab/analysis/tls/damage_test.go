// Sessions that were not captured as a whole.

package tls

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"ftplab/lab/analysis/tcp"
)

// damaged are the versions and suites whose damage differs.
var damaged = []struct{ version, suite uint16 }{
	{tls.VersionTLS10, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA},
	{tls.VersionTLS11, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA},
	{tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256},
	{tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256},
	{tls.VersionTLS13, 0},
}

// honest checks that nothing was handed out that was not sent: pieces of it, in order.
func honest(t *testing.T, what string, h *heard) {
	t.Helper()
	for dir, sent := range [2]string{"RETR file\r\n", answer} {
		for i, piece := range strings.Split(h.data[dir], "[gap]") {
			at := strings.Index(sent, piece)
			if at < 0 || i == 0 && at > 0 {
				t.Errorf("%s: got %.100q, which was not sent there", what, piece)
				return
			}
		}
		if got := strings.ReplaceAll(h.data[dir], "[gap]", ""); len(got) > len(sent) {
			t.Errorf("%s: got %d bytes of %d", what, len(got), len(sent))
		}
		if h.data[dir] != sent && h.Keys() != NoKeys && len(h.Problems) == 0 && h.Handshake() == Complete {
			t.Errorf("%s: got %d bytes of %d without a problem", what, len(h.data[dir]), len(sent))
		}
	}
}

// TestCutOff ends a capture at every packet, and in the middle of each.
func TestCutOff(t *testing.T) {
	for _, d := range damaged {
		client, server := configs(d.version, d.suite)
		c := session(t, client, server)
		for n := range c.packets {
			half := c.packets[n]
			half.data = half.data[:len(half.data)/2]
			for _, packets := range [][]packet{c.packets[:n], append(c.packets[:n:n], half)} {
				for _, keys := range []*Keys{nil, c.keys(t)} {
					h := read(packets, keys, wholePackets)
					for dir, sent := range [2]string{"RETR file\r\n", answer} {
						if !strings.HasPrefix(sent, h.data[dir]) {
							t.Errorf("%s, %d packets: got data %.100q", Version(d.version), n, h.data[dir])
						}
					}
					if h.Handshake() == Complete && n < 3 || n == 0 && h.Handshake() != NotSeen {
						t.Errorf("%s, %d packets: got handshake %s", Version(d.version), n, h.Handshake())
					}
				}
			}
		}
	}
}

// withoutRange reads a session in which bytes of a direction are missing.
func withoutRange(c *capture, keys *Keys, dir int, from, to int64) *heard {
	h := newHeard(keys)
	seq := [2]int64{}
	gap := false
	for i, p := range c.packets {
		chunk := tcp.Chunk{Seq: seq[p.dir], Data: p.data, Packet: i + 1}
		seq[p.dir] += int64(len(p.data))
		if p.dir == dir {
			cut := func(b []byte, n int64) int { return int(max(0, min(n, int64(len(b))))) }
			before := p.data[:cut(p.data, from-chunk.Seq)]
			skip := cut(p.data, to-chunk.Seq)
			if len(before) < len(p.data) && len(before) < skip {
				first := chunk
				first.Data = before
				h.Add(dir, first)
				gap = true
				chunk.Data, chunk.Seq = p.data[skip:], chunk.Seq+int64(skip)
			}
			if len(chunk.Data) == 0 {
				continue
			}
			chunk.AfterGap, gap = gap, false
		}
		h.Add(p.dir, chunk)
	}
	h.Close()
	return h
}

// TestGaps leaves out each packet once, and parts of the stream of many lengths. What
// comes after a gap in the data is decrypted again.
func TestGaps(t *testing.T) {
	for _, d := range damaged {
		client, server := configs(d.version, d.suite)
		c := session(t, client, server)
		whole := read(c.packets, c.keys(t), wholePackets)
		dataFrom := whole.chunks[fromServer][0].Seq - recordHeader
		var total int64
		for _, p := range c.packets {
			if p.dir == fromServer {
				total += int64(len(p.data))
			}
		}
		random := rand.New(rand.NewPCG(1, 2))
		for range 200 {
			from := random.Int64N(total)
			to := min(total, from+1+random.Int64N(6000))
			h := withoutRange(c, c.keys(t), fromServer, from, to)
			honest(t, Version(d.version).String(), h)
			if h.data[fromClient] != "RETR file\r\n" && from >= dataFrom-1 {
				t.Errorf("%s, without %d to %d: got %q of the client", Version(d.version), from, to, h.data[fromClient])
			}
			got := strings.ReplaceAll(h.data[fromServer], "[gap]", "")
			if least := len(answer) - int(to-from) - 2*maxRecord; d.version != tls.VersionTLS10 && from >= dataFrom-1 && len(got) < least {
				t.Errorf("%s, without %d to %d of %d: got %d bytes, want %d at least: %v", Version(d.version), from, to, total, len(got), least, h.Problems)
			}
		}
	}
}

// TestBitFlips inverts a bit of each byte of a short session, and of every tenth of a
// long one. Data is what was sent or missing, and the damage is said.
func TestBitFlips(t *testing.T) {
	if testing.Short() {
		t.Skip("damages each record in many places; run without -short")
	}
	var clear []string
	for _, d := range damaged {
		client, server := configs(d.version, d.suite)
		server.CurvePreferences = []tls.CurveID{tls.CurveP256}
		c := session(t, client, server)
		keys := c.keys(t)
		random := rand.New(rand.NewPCG(3, 4))
		for i := range c.packets {
			original := c.packets[i].data
			for at := 0; at < len(original); at++ {
				c.packets[i].data = bytes.Clone(original)
				c.packets[i].data[at] ^= 1 << random.IntN(8)
				h := read(c.packets, keys, wholePackets)
				honest(t, Version(d.version).String(), h)
				if h.clear != [2]string{} && i > 1 {
					clear = append(clear, fmt.Sprintf("%s, byte %d of packet %d: %.100q", Version(d.version), at, i+1, h.clear))
				}
				if len(original) > 1000 {
					at += len(original) / 50
				}
			}
			c.packets[i].data = original
		}
	}
	// What follows a damaged length may look like a line: once in some thousand runs.
	if len(clear) > 1 {
		t.Errorf("what was encrypted was handed out as clear:\n%s", strings.Join(clear, "\n"))
	}
}

// TestManyProblems: what a session keeps is bounded.
func TestManyProblems(t *testing.T) {
	client, server := configs(tls.VersionTLS12)
	c := session(t, client, server)
	for range 1000 {
		c.add(fromServer, []byte("\x17\x03\x03\x00\x20"+strings.Repeat("x", 32)))
		c.add(fromServer, []byte("\x15\x03\x03\x00\x02xx"))
	}
	h := read(c.packets, c.keys(t), wholePackets)
	if len(h.Problems) != maxListed || h.Flows[fromServer].Alert.Count < 1000 {
		t.Errorf("got %d problems, %+v", len(h.Problems), h.Flows[fromServer])
	}
}

// wrongNumbers is an opener that opens no record. It counts in how many places it was to write.
type wrongNumbers map[*byte]bool

func (w wrongNumbers) open(dst []byte, _ uint64, r *record) ([]byte, uint8, error) {
	to := append(dst, r.body.Data...)
	w[&to[0]] = true
	return nil, 0, errMAC
}

func (w wrongNumbers) passed(*record) {}

// TestWrongNumbersNeedNoMemory tries a record after a gap with many numbers: all in the same memory.
func TestWrongNumbersNeedNoMemory(t *testing.T) {
	h, w := &half{}, wrongNumbers{}
	for range 3 {
		h.try(w, &record{body: tcp.Chunk{Data: make([]byte, maxRecord)}}, 0, 50)
	}
	if len(w) != 1 {
		t.Errorf("the numbers were tried in %d places, want 1", len(w))
	}
}
