package wire

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"ftplab/lab/testbed/path"
)

// A port is the path's end of one host's link: a packet socket that receives
// each frame the host sends, and sends frames to it.
//
// Received frames are in a ring of slots shared with the kernel. It is
// TPACKET_V2, with one frame in a slot, so that each frame wakes the forwarder;
// TPACKET_V3 would delay frames until a block is full. An ordinary user may
// make the ring as large as a burst needs, unlike SO_RCVBUF.
type port struct {
	fd    int
	ring  []byte
	slot  int // size of a slot, bytes
	slots int
	next  int // the slot that the kernel fills next
	taken int // slots before next that are not given back yet

	dropped uint64 // frames for which the ring had no slot
	cut     uint64 // frames longer than a slot
	refused uint64 // frames that the kernel refused to send

	messages [batch]message
	vectors  [batch]unix.Iovec
}

// batch is the largest number of frames sent with one system call.
const batch = 64

// message is the kernel's struct mmsghdr.
type message struct {
	header unix.Msghdr
	sent   uint32
	_      uint32
}

const (
	ringBlock    = 64 << 10 // the ring's memory comes in blocks of this size
	slotOverhead = 128      // struct tpacket2_hdr, struct sockaddr_ll, and alignment
)

// openPort opens the packet socket of the device, in the namespace of the
// calling thread, with a ring of about that many slots for frames of mtu bytes.
func openPort(device, mtu, slots int) (*port, error) {
	const everything = unix.ETH_P_ALL>>8 | unix.ETH_P_ALL&0xff<<8 // in network byte order
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("opening a packet socket: %w", err)
	}
	p := &port{fd: fd, slot: 2048}
	for p.slot < mtu+path.EthernetHeader+slotOverhead {
		p.slot *= 2
	}
	if err := p.mapRing(slots); err != nil {
		unix.Close(fd)
		return nil, err
	}
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: everything, Ifindex: device}); err != nil {
		p.close()
		return nil, fmt.Errorf("binding a packet socket: %w", err)
	}
	for i := range p.messages {
		p.messages[i].header.Iov = &p.vectors[i]
		p.messages[i].header.Iovlen = 1
	}
	return p, nil
}

// mapRing asks the kernel for the ring and maps it into memory.
func (p *port) mapRing(slots int) error {
	block := max(ringBlock, p.slot)
	blocks := max(1, (slots*p.slot+block-1)/block)
	p.slots = blocks * block / p.slot
	if err := unix.SetsockoptInt(p.fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V2); err != nil {
		return fmt.Errorf("choosing the ring's version: %w", err)
	}
	// Bypassing the queueing discipline is faster, and the socket does not
	// receive what it sends.
	if err := unix.SetsockoptInt(p.fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, 1); err != nil {
		return fmt.Errorf("bypassing the queueing discipline: %w", err)
	}
	request := unix.TpacketReq{
		Block_size: uint32(block),
		Block_nr:   uint32(blocks),
		Frame_size: uint32(p.slot),
		Frame_nr:   uint32(p.slots),
	}
	if err := unix.SetsockoptTpacketReq(p.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &request); err != nil {
		return fmt.Errorf("making a ring of %d slots: %w", p.slots, err)
	}
	ring, err := unix.Mmap(p.fd, 0, blocks*block, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("mapping a ring of %d slots: %w", p.slots, err)
	}
	p.ring = ring
	return nil
}

func (p *port) header(slot int) *unix.Tpacket2Hdr {
	return (*unix.Tpacket2Hdr)(unsafe.Pointer(&p.ring[slot*p.slot]))
}

// receive returns the next frame that the host sent and the time at which its
// kernel sent it, in nanoseconds since 1970; or nil if there is none. The
// caller may read and change the frame until giveBack.
func (p *port) receive() (frame []byte, at int64) {
	if p.taken == p.slots {
		return nil, 0
	}
	h := p.header(p.next)
	if atomic.LoadUint32(&h.Status)&unix.TP_STATUS_USER == 0 {
		return nil, 0
	}
	if h.Snaplen < h.Len {
		p.cut++
	}
	start := p.next*p.slot + int(h.Mac)
	frame = p.ring[start : start+int(h.Snaplen)]
	at = int64(h.Sec)*1e9 + int64(h.Nsec)
	p.taken++
	if p.next++; p.next == p.slots {
		p.next = 0
	}
	return frame, at
}

// giveBack returns the slots of all frames received so far to the kernel.
func (p *port) giveBack() {
	for ; p.taken > 0; p.taken-- {
		slot := p.next - p.taken
		if slot < 0 {
			slot += p.slots
		}
		atomic.StoreUint32(&p.header(slot).Status, unix.TP_STATUS_KERNEL)
	}
}

// send sends at most batch frames to the host. A frame that the kernel refuses
// is counted and not retried.
func (p *port) send(frames [][]byte) {
	for i, f := range frames {
		p.vectors[i].Base = &f[0]
		p.vectors[i].SetLen(len(f))
	}
	for sent := 0; sent < len(frames); {
		n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(p.fd),
			uintptr(unsafe.Pointer(&p.messages[sent])), uintptr(len(frames)-sent), 0, 0, 0)
		switch errno {
		case 0:
			sent += int(n)
		case unix.EINTR:
		default:
			p.refused++
			sent++
		}
	}
}

// countDrops adds the ring's drops since the last call.
func (p *port) countDrops() error {
	stats, err := unix.GetsockoptTpacketStats(p.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return fmt.Errorf("reading the ring's drops: %w", err)
	}
	p.dropped += uint64(stats.Drops)
	return nil
}

func (p *port) close() {
	unix.Munmap(p.ring)
	unix.Close(p.fd)
}
