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

// Marks are frames that tell the recorder that it has seen everything.
//
// The kernel keeps frames that are sent on lo in one queue for each processor
// and takes them from it in order. When a mark sent from each processor has
// passed, all earlier frames have passed too.
type marks struct {
	cookie     []byte          // distinguishes these marks from other frames
	allowed    unix.CPUSet     // the processors of this process
	processors []int           // the same
	seen       map[uint32]bool // numbers of the marks that have passed
}

// markProtocol is the EtherType that IEEE 802 reserves for local experiments.
const markProtocol = 0x88B5

// A mark is an Ethernet header without addresses, the cookie, and a number.
// Further marks without content fill up the ring's block.
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

// pass records a mark. It reports whether the frame was one.
func (m *marks) pass(frame []byte) bool {
	if len(frame) < markSize || !bytes.Equal(frame[ethernetHeader:][:cookieSize], m.cookie) {
		return false
	}
	m.seen[binary.BigEndian.Uint32(frame[ethernetHeader+cookieSize:])] = true
	return true
}

// complete reports whether all marks have passed.
func (m *marks) complete() bool { return len(m.seen) == len(m.processors) }

// send sends a mark from every processor. It then sends more frames until the
// kernel hands over the block with the last mark, because it is full.
func (m *marks) send(into *ring.Ring) error {
	sent := make(chan error)
	go func() {
		// never unlocked: the thread is bound to one processor and ends with this goroutine
		runtime.LockOSThread()
		sent <- m.sendAll(into)
	}()
	return <-sent
}

func (m *marks) sendAll(into *ring.Ring) error {
	for i, processor := range m.processors {
		var only unix.CPUSet
		only.Set(processor)
		// A processor that was taken offline meanwhile has no queue either.
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

// frame returns the mark with that number, in a frame of that size.
func (m *marks) frame(number, size int) []byte {
	f := make([]byte, size)
	binary.BigEndian.PutUint16(f[ethernetHeader-2:], markProtocol)
	copy(f[ethernetHeader:], m.cookie)
	binary.BigEndian.PutUint32(f[ethernetHeader+cookieSize:], uint32(number))
	return f
}
