package loopback

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net"
	"runtime"

	"golang.org/x/sys/unix"
)

// Marks are frames by which the recorder knows that it has seen everything.
//
// The kernel keeps the frames that were sent on lo in one queue for each
// processor, and takes them from it in order. So when the mark that was sent
// from every processor has passed, all that was sent before has passed too.
type marks struct {
	cookie     []byte // by which these are told from anybody else's
	processors []int
	seen       map[uint32]bool // numbers of the marks that have passed
}

// markProtocol is the EtherType that IEEE 802 sets aside for experiments on
// one's own network.
const markProtocol = 0x88B5

// A mark is an Ethernet header without addresses, the cookie, and a number.
const (
	ethernetHeader = 14
	cookieSize     = 16
	markSize       = ethernetHeader + cookieSize + 4
)

func newMarks() (*marks, error) {
	m := &marks{cookie: make([]byte, cookieSize), seen: make(map[uint32]bool)}
	rand.Read(m.cookie)
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return nil, fmt.Errorf("loopback: listing the processors: %w", err)
	}
	for n := 0; len(m.processors) < allowed.Count(); n++ {
		if allowed.IsSet(n) {
			m.processors = append(m.processors, n)
		}
	}
	return m, nil
}

// pass notes a mark. It says whether the frame was one.
func (m *marks) pass(frame []byte) bool {
	if len(frame) != markSize || !bytes.Equal(frame[ethernetHeader:][:cookieSize], m.cookie) {
		return false
	}
	m.seen[binary.BigEndian.Uint32(frame[ethernetHeader+cookieSize:])] = true
	return true
}

// complete says whether all marks have passed.
func (m *marks) complete() bool { return len(m.seen) == len(m.processors) }

// send sends a mark from every processor.
func (m *marks) send() error {
	sent := make(chan error)
	go func() {
		// Never unlocked: the thread, tied to one processor, ends with this.
		runtime.LockOSThread()
		sent <- m.sendAll()
	}()
	return <-sent
}

func (m *marks) sendAll() error {
	lo, err := net.InterfaceByName(device)
	if err != nil {
		return err
	}
	s, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	for i, processor := range m.processors {
		var only unix.CPUSet
		only.Set(processor)
		// A processor that was taken away meanwhile has no queue either.
		unix.SchedSetaffinity(0, &only)
		if err := unix.Sendto(s, m.frame(i), 0, &unix.SockaddrLinklayer{Ifindex: lo.Index}); err != nil {
			return err
		}
	}
	return nil
}

// frame is the mark of that number.
func (m *marks) frame(number int) []byte {
	f := make([]byte, ethernetHeader-2, markSize)
	f = binary.BigEndian.AppendUint16(f, markProtocol)
	f = append(f, m.cookie...)
	return binary.BigEndian.AppendUint32(f, uint32(number))
}
