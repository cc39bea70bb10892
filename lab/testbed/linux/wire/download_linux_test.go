package wire

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"testing"
	"time"

	"ftplab/lab/testbed/network"
)

// downloaded is what a client saw of a download.
type downloaded struct {
	Bytes int64
	Sent  string // sha256
	Got   string
	Took  time.Duration
}

// download has a client connect, and the server send it bytes and close.
func download(ctx context.Context, n network.Network, e experiment) (any, error) {
	client, server := n.Host("client"), n.Host("server")
	l, err := server.ListenTCP(20000)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	sent := make(chan string, 1)
	go func() { sent <- upload(l, e) }()
	port, err := client.NextPort()
	if err != nil {
		return nil, err
	}
	conn, err := client.DialTCP(ctx, port, remote(server, 20000))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	began := time.Now()
	sum := sha256.New()
	bytes, err := io.Copy(sum, conn)
	if err != nil {
		return nil, err
	}
	took := time.Since(began)
	return downloaded{bytes, <-sent, hex.EncodeToString(sum.Sum(nil)), took}, nil
}

// upload sends the bytes to one client and returns their digest.
func upload(l network.Listener, e experiment) string {
	conn, err := l.Accept()
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	for _, h := range e.Plan.Hosts {
		if h.Name == "server" && h.Cork {
			if err := network.SetCork(conn, true); err != nil {
				return err.Error()
			}
		}
	}
	sum := sha256.New()
	if _, err := io.CopyN(conn, io.TeeReader(&content{}, sum), e.Bytes); err != nil {
		return err.Error()
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// whole fails the test unless the client got what the server sent.
func (d downloaded) whole(t testing.TB, bytes int64) {
	t.Helper()
	if d.Bytes != bytes || d.Got != d.Sent {
		t.Errorf("the client got %d bytes with SHA-256 %s, want %d with %s", d.Bytes, d.Got, bytes, d.Sent)
	}
}

func TestFullSegmentsToTheEnd(t *testing.T) {
	const size, mss = 10485760, 1452
	plan := twoHosts(84900 * time.Microsecond)
	plan.Volume = size
	plan.Rate = 50_000_000
	plan.Hosts[0].Buffer = 1 << 20 // the window is larger than what 200 segments fill
	for i := range plan.Hosts {
		plan.Hosts[i].MTU = 1492
		plan.Hosts[i].NoTimestamps = true
	}
	plan.Hosts[1].Cork = true
	plan.Hosts[1].CWND = 200
	var d downloaded
	r := experiment{Body: "download", Plan: plan, Bytes: size}.run(t, &d)
	d.whole(t, size)

	var want uint32 = 1
	var segments []frameSeen
	for _, s := range r.segments(t) {
		if s.tcp.SrcPort == 20000 && (s.payload() > 0 || s.tcp.FIN) {
			segments = append(segments, s)
		}
	}
	for i, s := range segments {
		length, last := mss, i == len(segments)-1
		if last {
			length = size % mss
		}
		if s.tcp.Seq != want || s.payload() != length || s.tcp.FIN != last {
			t.Fatalf("segment %d of %d: got %v, want seq %d length %d", i+1, len(segments), s, want, length)
		}
		want += uint32(length)
	}
	if got, want := len(segments), size/mss+1; got != want {
		t.Errorf("got %d segments, want %d", got, want)
	}
	r.soundToTshark(t)
}

func TestOneAcknowledgementForTwoSegments(t *testing.T) {
	const size = 4 << 20
	plan := twoHosts(40 * time.Millisecond)
	plan.Volume = size
	plan.Rate = 20_000_000
	plan.Hosts[0].Buffer = 1 << 19 // more than the 100 segments under way
	plan.Hosts[1].CWND = 100
	var d downloaded
	r := experiment{Body: "download", Plan: plan, Bytes: size}.run(t, &d)
	d.whole(t, size)
	var data, acks int
	for _, s := range r.segments(t) {
		switch {
		case s.payload() > 0:
			data++
		case s.tcp.DstPort == 20000:
			acks++
		}
	}
	ratio := float64(data) / float64(acks)
	t.Logf("%d segments, %d acknowledgements: %.2f", data, acks, ratio)
	if ratio < 1.7 || ratio > 3 { // on a busy machine, some acknowledge more
		t.Errorf("got %.2f segments an acknowledgement, want two, as a rule", ratio)
	}
	r.soundToTshark(t)
}

// TestFixedCongestionWindow counts at the server the segments under way, with the timestamps option and without it.
func TestFixedCongestionWindow(t *testing.T) {
	const size = 60_000
	for cwnd, timestamps := range map[int]bool{1: true, 2: false, 4: true, 9: false} {
		plan := twoHosts(10 * time.Millisecond)
		plan.Capture = "server"
		plan.Hosts[1].CWND, plan.Hosts[1].NoTimestamps = cwnd, !timestamps
		var d downloaded
		r := experiment{Body: "download", Plan: plan, Bytes: size}.run(t, &d)
		d.whole(t, size)
		var most int
		var ends []uint32 // of the segments under way
		for _, s := range r.segments(t) {
			switch {
			case s.tcp.DstPort == 20000:
				ends = slices.DeleteFunc(ends, func(end uint32) bool { return end <= s.tcp.Ack })
			case s.payload() > 0:
				ends = append(ends, s.tcp.Seq+uint32(s.payload()))
				most = max(most, len(ends))
			}
		}
		if most != cwnd {
			t.Errorf("cwnd %d, timestamps %v: got at most %d segments under way", cwnd, timestamps, most)
		}
	}
}

func TestLossIsRepaired(t *testing.T) {
	const size = 2 << 20
	plan := twoHosts(10 * time.Millisecond)
	plan.Volume = size
	plan.Loss = 0.01
	plan.Seed = 7
	plan.Capture = "server"
	var d downloaded
	r := experiment{Body: "download", Plan: plan, Bytes: size}.run(t, &d)
	d.whole(t, size)
	sent, again := r.sentAgain(t)
	t.Logf("%d segments, %d sent again", sent, again)
	if again < 3 || again > 100 {
		t.Errorf("got %d retransmissions of %d segments, want about one in a hundred", again, sent)
	}
}

// sentAgain counts the segments with data that the server sent, and those of
// them that it had sent before.
func (r recording) sentAgain(t *testing.T) (sent, again int) {
	seen := map[uint32]bool{}
	for _, s := range r.segments(t) {
		if s.tcp.SrcPort != 20000 || s.payload() == 0 {
			continue
		}
		if sent++; seen[s.tcp.Seq] {
			again++
		}
		seen[s.tcp.Seq] = true
	}
	return sent, again
}

// TestRate asks that no number of segments comes sooner than a link of 10 Mbit/s carries them, and that most come
// one right behind the other. If the machine stands still, some are late, and the next ones come together with them.
func TestRate(t *testing.T) {
	const size, rate = 500_000, 10_000_000
	plan := twoHosts(10 * time.Millisecond)
	plan.Rate = rate
	var d downloaded
	r := experiment{Body: "download", Plan: plan, Bytes: size}.run(t, &d)
	d.whole(t, size)
	var first, last time.Time
	var carried time.Duration
	var full, spaced, together int
	for _, s := range r.segments(t) {
		if s.payload() != 1448 {
			continue
		}
		if first.IsZero() {
			first, last = s.at, s.at
			continue
		}
		carrying := time.Duration(len(s.all.Data())) * 8 * time.Second / rate
		carried += carrying
		if took := s.at.Sub(first); took < carried-50*time.Microsecond {
			t.Errorf("%v comes %v after the first one, and a link of 10 Mbit/s takes %v for those in between", s, took, carried)
		}
		full++
		if gap := s.at.Sub(last); gap < carrying-50*time.Microsecond {
			together++
		} else if gap < carrying+time.Microsecond {
			spaced++
		}
		last = s.at
	}
	t.Logf("%d of %d segments as fast as the link, %d faster", spaced, full, together)
	if spaced < full/2 || together > full/20 {
		t.Errorf("of %d segments %d come as fast as the link carries them, and %d faster; want half at least, and one of 20 at most", full, spaced, together)
	}
}

func TestWhatFindsTheQueueFullIsDropped(t *testing.T) {
	const size = 1 << 20
	plan := twoHosts(10 * time.Millisecond)
	plan.Rate = 10_000_000
	plan.Queue = 20_000
	plan.Capture = "server"
	var d downloaded
	r := experiment{Body: "download", Plan: plan, Bytes: size}.run(t, &d)
	d.whole(t, size)
	if sent, again := r.sentAgain(t); again == 0 {
		t.Errorf("a sender that starts slowly, and faster and faster, sent none of %d segments again", sent)
	}
}

// content is a stream of bytes that does not repeat itself soon.
type content struct{ at uint64 }

func (c *content) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(c.at * 2654435761 >> 13)
		c.at++
	}
	return len(b), nil
}
