package loopback

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"

	"ftplab/lab/testbed/linux/ring"
)

// Marks are frames by which the recorder knows that it has seen everything.
//
// The kernel keeps the frames that were sent on lo in one queue for each
// processor, and takes them from it in order. So when the mark that was sent
// from every processor has passed, all that was sent before has passed too.
type marks struct {
	cookie     []byte          // by which these are told from anybody else's
	allowed    unix.CPUSet     // the processors of this process
	processors []int           // the same
	seen       map[uint32]bool // numbers of the marks that have passed
}

// markProtocol is the EtherType that IEEE 802 sets aside for experiments on
// one's own network.
const markProtocol = 0x88B5

// A mark is an Ethernet header without addresses, the cookie, and a number. What
// fills a block is marks too, with nothing behind that.
const (
	ethernetHeader = 14
	cookieSize     = 16
	markSize       = ethernetHeader + cookieSize + 4
	fillerSize     = 60_000
)

func newMarks() (*marks, error) {
	m := &marks{cookie: make([]byte, cookieSize), seen: make(map[uint32]bool)}
	rand.Read(m.cookie)
	if err := unix.SchedGetaffinity(0, &m.allowed); err != nil {
		return nil, fmt.Errorf("loopback: listing the processors: %w", err)
	}
	for n := 0; len(m.processors) < m.allowed.Count(); n++ {
		if m.allowed.IsSet(n) {
			m.processors = append(m.processors, n)
		}
	}
	return m, nil
}

// pass notes a mark. It says whether the frame was one.
func (m *marks) pass(frame []byte) bool {
	if len(frame) < markSize || !bytes.Equal(frame[ethernetHeader:][:cookieSize], m.cookie) {
		return false
	}
	m.seen[binary.BigEndian.Uint32(frame[ethernetHeader+cookieSize:])] = true
	return true
}

// complete says whether all marks have passed.
func (m *marks) complete() bool { return len(m.seen) == len(m.processors) }

// send sends a mark from every processor into the ring, and then so much that it
// hands over, full, the block with the last of them.
func (m *marks) send(into *ring.Ring) error {
	sent := make(chan error)
	go func() {
		// Never unlocked: the thread, tied to one processor, ends with this.
		runtime.LockOSThread()
		sent <- m.sendAll(into)
	}()
	return <-sent
}

func (m *marks) sendAll(into *ring.Ring) error {
	for i, processor := range m.processors {
		var only unix.CPUSet
		only.Set(processor)
		// A processor that was taken away meanwhile has no queue either.
		unix.SchedSetaffinity(0, &only)
		if err := into.Send(m.frame(i, markSize)); err != nil {
			return err
		}
	}
	filler := m.frame(len(m.processors)-1, min(into.Device.MTU, fillerSize))
	for sent := 0; sent <= into.BlockSize(); sent += len(filler) {
		if err := into.Send(filler); err != nil {
			return err
		}
	}
	return nil
}

// frame is the mark of that number, in a frame of that size.
func (m *marks) frame(number, size int) []byte {
	f := make([]byte, size)
	binary.BigEndian.PutUint16(f[ethernetHeader-2:], markProtocol)
	copy(f[ethernetHeader:], m.cookie)
	binary.BigEndian.PutUint32(f[ethernetHeader+cookieSize:], uint32(number))
	return f
}
