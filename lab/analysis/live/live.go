package live

import (
	"bufio"
	"bytes"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/pcapng"
)

// A Source gives the packets of a stream. The data of a packet is valid until the next
// call. The error is io.EOF at the end.
type Source interface {
	Next(*pcapng.Packet) error
	// Secrets are the TLS key logs that came so far.
	Secrets() []string
}

// A Session is an FTP session that has ended, or that the reading ended with.
type Session struct {
	// Capture has its packets, with the numbers that they have in the stream. With
	// context it has all that is known of the connections between its hosts, and is the
	// same for the sessions that are reported together.
	Capture *capture.Capture
	// Control is the ID of its control connection in Capture. Of a connection to an FTP
	// port without a dialogue the capture has no session.
	Control int
	// First and Last are the numbers of its first and last packet.
	First, Last int
	// Own reports whether a connection, by its ID in Capture, belongs to the session, or to
	// none, and has not been reported with another one.
	Own func(id int) bool
	// Cut says, in words, what of the session was not kept; "" for nothing.
	Cut string
}

// Options say how to read.
type Options struct {
	KeyLog []byte // lines of a TLS key log
	Hash   bool   // compute the digests of what was transferred
	// Context puts all connections between the hosts of a session into its capture, also
	// earlier sessions.
	Context bool
}

// A reader reads a stream.
type reader struct {
	*tracker
	options Options
	source  Source
	report  func(*Session) error
}

// Read reads packets until the source ends, and calls report for each session that has
// ended, and in the end for those that have not. A report may use the session until it
// returns; its error ends the reading.
func Read(source Source, o Options, report func(*Session) error) error {
	r := &reader{newTracker(), o, source, report}
	defer r.store.close()
	packets, ended := make(chan []pcapng.Packet, 4), make(chan error, 1)
	stop := make(chan struct{})
	defer close(stop)
	go func() { ended <- deliver(source, packets, stop) }()
	ticks := time.NewTicker(500 * time.Millisecond)
	defer ticks.Stop()
	number, lastTick, lastSweep := 0, time.Now(), int64(0)
	for {
		select {
		case list, ok := <-packets:
			if !ok {
				return errors.Join(r.finish(), <-ended)
			}
			for i := range list {
				number++
				if err := r.add(number, &list[i]); err != nil {
					return err
				}
			}
			lastTick = time.Now()
			if r.now-lastSweep < int64(settle)/2 {
				continue
			}
		case now := <-ticks.C: // the clock goes on when no packet comes
			if r.now > 0 && now.After(lastTick) {
				r.now += int64(now.Sub(lastTick))
			}
			lastTick = now
		}
		lastSweep = r.now
		if err := r.sweep(); err != nil {
			return err
		}
	}
}

// deliver passes on copies of packets, in bunches as they come, until the source ends.
func deliver(source Source, to chan<- []pcapng.Packet, stop <-chan struct{}) error {
	defer close(to)
	for {
		var p pcapng.Packet
		if err := source.Next(&p); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		p.Data = bytes.Clone(p.Data)
		select {
		case to <- []pcapng.Packet{p}:
		case <-stop:
			return nil
		}
	}
}

// sweep reports the sessions that have ended.
func (r *reader) sweep() error {
	if err := r.reportAll(r.ended); err != nil {
		return err
	}
	r.clean()
	return nil
}

// finish reports the sessions that go on when the stream ends.
func (r *reader) finish() error { return r.reportAll((*hosts).controls) }

// reportAll reports some of the sessions between each two hosts, those of one pair of hosts after
// those of another, in the order of their first packets.
func (r *reader) reportAll(some func(*hosts) []*connection) error {
	var lists [][]*connection
	for _, h := range r.pairs {
		if list := some(h); len(list) > 0 {
			lists = append(lists, list)
		}
	}
	slices.SortFunc(lists, func(a, b []*connection) int { return a[0].first - b[0].first })
	for _, list := range lists {
		if err := r.reportBetween(list[0].hosts, list); err != nil {
			return err
		}
	}
	return nil
}

// reportBetween reports a list of sessions between two hosts. It reads what is around them once for all.
func (r *reader) reportBetween(h *hosts, list []*connection) error {
	list = slices.DeleteFunc(list, func(c *connection) bool { return c.reported }) // with a twin
	if len(list) == 0 {
		return nil
	}
	around, close, err := r.around(h)
	if err != nil {
		return err
	}
	var all []*members
	for _, c := range list {
		all = append(all, around.members(c))
	}
	report := r.session
	if r.options.Context {
		defer close()
		report = func(m *members) error { return r.inContext(around, m) }
	} else {
		close()
	}
	for _, m := range all {
		if m.control.reported { // with a twin
			continue
		}
		if err := report(m); err != nil {
			return err
		}
	}
	return nil
}

// inContext reports a session with all that is around it.
func (r *reader) inContext(around *reading, m *members) error {
	own, last := around.own(m), m.control.first
	for id := range own {
		last = max(last, around.all[id].last)
	}
	return r.finishSession(m, &Session{Capture: around.capture, Control: m.id, Last: last, Own: func(id int) bool { return own[id] }})
}

// session reports a session alone.
func (r *reader) session(m *members) error {
	part, close, err := r.capture(slices.Concat([]*connection{m.control}, m.copies, m.data), r.options.Hash)
	if err != nil {
		return err
	}
	defer close()
	last := m.control.first
	for x := range part.Connections() {
		last = max(last, x.LastPacket)
	}
	return r.finishSession(m, &Session{Capture: part, Last: last, Own: func(int) bool { return true }})
}

// finishSession reports a session, and then forgets it.
func (r *reader) finishSession(m *members, s *Session) error {
	c, h := m.control, m.control.hosts
	s.First = c.first
	var cut []string
	for _, limit := range []struct {
		reached bool
		what    string
	}{
		{h.cut, "what was transferred is not whole: only the first 256 MB between two hosts are kept"},
		{!c.over() && h.size > maxHosts, "the session goes on: more than 1 GB between two hosts is not kept"},
		{h.forgot, fmt.Sprintf("a data connection with another host may be missing: only the last %d addresses that two hosts announce are kept", maxAnnounced)},
		{h.crowded, fmt.Sprintf("data connections with other hosts are missing: only %d of two hosts are kept", maxThirdParty)},
	} {
		if limit.reached {
			cut = append(cut, limit.what)
		}
	}
	s.Cut = strings.Join(cut, "; ")
	s.Capture.LeftOut = s.Cut
	if err := r.report(s); err != nil {
		return err
	}
	r.reported(c, m.data)
	for _, twin := range m.copies {
		r.reported(twin, nil)
	}
	return nil
}

// reported forgets a session that was reported, or keeps its control connection as context.
func (r *reader) reported(c *connection, data []*connection) {
	c.reported = true
	for _, x := range data {
		if len(x.announcedBy) == 0 || !x.wanted() { // another session may use a third-party connection, too
			r.remove(x)
		}
	}
	if h := c.hosts; h.size > maxHosts {
		for _, x := range slices.Clone(h.list) {
			if x != c && !x.control {
				r.remove(x)
			}
		}
	}
	if !r.options.Context {
		r.forget(c)
		c.ignored = true
		c.control = false
	}
}

// capture makes a capture of the packets of some connections.
func (r *reader) capture(list []*connection, hash bool) (c *capture.Capture, close func(), err error) {
	f, err := os.CreateTemp("", "ftplab-session-*")
	if err != nil {
		return nil, nil, fmt.Errorf("cannot keep a session in a temporary file: %w", err)
	}
	close = func() {
		if c != nil {
			c.Close()
		}
		f.Close()
		os.Remove(f.Name())
	}
	numbers, err := merge(f, list, r.tracker)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	keys := slices.Clone(r.options.KeyLog)
	for _, log := range r.source.Secrets() {
		keys = append(append(keys, log...), '\n')
	}
	if err == nil {
		c, err = capture.Read(f, capture.Options{NoHash: !hash, KeyLog: keys, Numbers: numbers})
	}
	if err != nil {
		close()
		return nil, nil, err
	}
	return c, close, nil
}

// merge writes the packets of connections in their order, and returns their numbers. The interfaces keep
// their names, and their order, because a connection is read at the first that has it.
func merge(f *os.File, list []*connection, t *tracker) ([]int, error) {
	out := bufio.NewWriterSize(f, 64<<10)
	w, err := pcapng.NewPacketWriter(out)
	if err != nil {
		return nil, err
	}
	for _, s := range t.sources {
		if err := w.Declare(s, t.names[s]); err != nil {
			return nil, err
		}
	}
	var heads byNumber
	for _, c := range list {
		r := c.spool.reader()
		if ok, err := r.next(); err != nil {
			return nil, err
		} else if ok {
			heads = append(heads, r)
		}
	}
	heap.Init(&heads)
	numbers := []int{}
	for len(heads) > 0 {
		r := heads[0]
		numbers = append(numbers, r.number)
		if err := w.Write(&r.packet); err != nil {
			return nil, err
		}
		switch ok, err := r.next(); {
		case err != nil:
			return nil, err
		case ok:
			heap.Fix(&heads, 0)
		default:
			heap.Pop(&heads)
		}
	}
	return numbers, out.Flush()
}

// byNumber is a heap of spools with the lowest next number first.
type byNumber []*spoolReader

func (b byNumber) Len() int           { return len(b) }
func (b byNumber) Less(i, j int) bool { return b[i].number < b[j].number }
func (b byNumber) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }
func (b *byNumber) Push(x any)        { *b = append(*b, x.(*spoolReader)) }
func (b *byNumber) Pop() any {
	old := *b
	x := old[len(old)-1]
	*b = old[:len(old)-1]
	return x
}
