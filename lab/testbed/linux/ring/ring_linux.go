// Package ring receives frames from a network device of the Linux kernel without
// losing any: a packet socket whose buffer the kernel shares with this process.
package ring

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math/bits"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"ftplab/lab/pcapng"
)

// A Ring is memory shared with the kernel, into which it puts every frame that
// a network device receives, whole and stamped with its time: a packet socket
// with PACKET_RX_RING, version 3 (packet(7) and the kernel's packet_mmap.rst).
//
// The kernel fills it block by block, and hands a block over when the next frame
// does not fit in, or after 50 ms. A frame that finds no free block is dropped,
// and counted.
//
// One goroutine calls Next and reads the frames. Meanwhile any others may call
// Backlog, BlockSize, Stats and Interrupt. Close comes after all of them.
type Ring struct {
	socket *os.File
	wait   syscall.RawConn
	memory []byte
	block  int // bytes
	next   int // the block to come
	lent   bool

	counting          sync.Mutex
	received, dropped uint64 // as far as the kernel has told
}

// A Frame is one frame as it lies in a ring.
type Frame struct {
	At     int64  // nanoseconds since 1970 began
	Data   []byte // in the ring's memory
	Length int    // of the frame on its network, bytes
}

const (
	// smallestBlock holds the largest frame: 64 KiB of IP, as the kernel hands
	// segments to lo before they are cut, and what precedes it.
	smallestBlock = 128 << 10
	largestBlock  = 1 << 20

	// With this many blocks, each filled for that long, a reader that gets no
	// time to run for three seconds loses nothing of a session that is slow.
	fewestBlocks = 64
	blockTimeout = 50 // milliseconds
	smallestRing = fewestBlocks * smallestBlock
	largestRing  = 256 << 20 // bytes
)

// Size is the size of a ring, in bytes, for a session that moves about that
// volume. A volume that fits is all in the ring when its reader sleeps through
// the session; Holds says whether it does.
func Size(volume int64) (size int, holds bool) {
	needed := smallestRing + volume + volume/4 // for headers, and acknowledgments
	return int(min(needed, largestRing)), needed <= largestRing
}

// Open begins to receive from a device, such as "lo", into a ring of about
// that many bytes. It needs CAP_NET_RAW. Of a loopback device the frames it sends
// are left out: they are the ones it receives. That needs Linux 4.20.
func Open(device string, size int) (*Ring, error) {
	inter, err := net.InterfaceByName(device)
	if err != nil {
		return nil, fmt.Errorf("capture: %s: %w", device, err)
	}
	// Protocol 0 receives nothing until the ring is in place and bound.
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("capture: opening a packet socket: %w", err)
	}
	r := &Ring{socket: os.NewFile(uintptr(fd), "packet socket")}
	if err := r.open(fd, inter, size); err != nil {
		r.Close()
		return nil, fmt.Errorf("capture: a ring of %d bytes on %s: %w", size, device, err)
	}
	return r, nil
}

// open gives the socket its ring and lets it receive.
func (r *Ring) open(fd int, device *net.Interface, size int) (err error) {
	r.block = 1 << (bits.Len(uint(size/fewestBlocks)) - 1)
	r.block = min(max(r.block, smallestBlock), largestBlock)
	blocks := max(size/r.block, fewestBlocks)
	request := &unix.TpacketReq3{
		Block_size: uint32(r.block), Block_nr: uint32(blocks),
		Frame_size: uint32(r.block), Frame_nr: uint32(blocks), // of no consequence in version 3
		Retire_blk_tov: blockTimeout,
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return err
	}
	if device.Flags&net.FlagLoopback != 0 {
		if err := ignoreOutgoing(fd); err != nil {
			return err
		}
	}
	if err := unix.SetsockoptTpacketReq3(fd, unix.SOL_PACKET, unix.PACKET_RX_RING, request); err != nil {
		return err
	}
	r.memory, err = unix.Mmap(fd, 0, blocks*r.block, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	if r.wait, err = r.socket.SyscallConn(); err != nil {
		return err
	}
	return unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_ALL), Ifindex: device.Index})
}

// ignoreOutgoing leaves out the frames that a device sends.
func ignoreOutgoing(fd int) error {
	err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1)
	if err == unix.ENOPROTOOPT {
		return fmt.Errorf("this kernel is too old: it takes Linux 4.20 or later to leave out the frames that the device sends (PACKET_IGNORE_OUTGOING): %w", err)
	}
	return err
}

// networkOrder is v as the network has it, the upper byte first.
func networkOrder(v uint16) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, v))
}

// Next waits for frames. What it returns is to be read before Next is called
// again: then the frames' memory is the kernel's to fill anew.
func (r *Ring) Next() (iter.Seq[Frame], error) {
	if r.lent {
		atomic.StoreUint32(&r.header(r.next).Block_status, unix.TP_STATUS_KERNEL)
		r.next = (r.next + 1) % (len(r.memory) / r.block)
		r.lent = false
	}
	err := r.wait.Read(func(uintptr) bool {
		return r.ready(r.next)
	})
	if err != nil {
		return nil, fmt.Errorf("capture: waiting for frames: %w", err)
	}
	r.lent = true
	return r.frames(), nil
}

// frames goes through the frames of the next block.
func (r *Ring) frames() iter.Seq[Frame] {
	block := r.memory[r.next*r.block:][:r.block]
	header := r.header(r.next)
	return func(yield func(Frame) bool) {
		at := header.Offset_to_first_pkt
		for range header.Num_pkts {
			h := (*unix.Tpacket3Hdr)(unsafe.Pointer(&block[at]))
			frame := Frame{
				At:     int64(h.Sec)*1e9 + int64(h.Nsec),
				Data:   block[at+uint32(h.Mac):][:h.Snaplen:h.Snaplen],
				Length: int(h.Len),
			}
			if !yield(frame) {
				return
			}
			at += h.Next_offset
		}
	}
}

// header is that of a block. Its status says whose the block is.
func (r *Ring) header(block int) *unix.TpacketHdrV1 {
	description := (*unix.TpacketBlockDesc)(unsafe.Pointer(&r.memory[block*r.block]))
	return (*unix.TpacketHdrV1)(unsafe.Pointer(&description.Hdr))
}

// ready says whether the kernel has handed a block over.
func (r *Ring) ready(block int) bool {
	return atomic.LoadUint32(&r.header(block).Block_status)&unix.TP_STATUS_USER != 0
}

// BlockSize is the size of a block, in bytes: after so much more, the block with
// a frame is handed over.
func (r *Ring) BlockSize() int { return r.block }

// Backlog is the share of the ring, 0 to 1, that waits to be read or is being
// read: it is 0 when Next waits for the kernel.
func (r *Ring) Backlog() float64 {
	blocks, waiting := len(r.memory)/r.block, 0
	for n := range blocks {
		if r.ready(n) {
			waiting++
		}
	}
	return float64(waiting) / float64(blocks)
}

// Stats are the kernel's counts since the ring was opened.
func (r *Ring) Stats() (pcapng.Stats, error) {
	r.counting.Lock()
	defer r.counting.Unlock()
	var s *unix.TpacketStatsV3
	var err error
	controlErr := r.wait.Control(func(fd uintptr) {
		s, err = unix.GetsockoptTpacketStatsV3(int(fd), unix.SOL_PACKET, unix.PACKET_STATISTICS)
	})
	if err := errors.Join(controlErr, err); err != nil {
		return pcapng.Stats{}, fmt.Errorf("capture: reading the ring's counts: %w", err)
	}
	// Each reading sets the kernel's counts back to nothing.
	r.received += uint64(s.Packets)
	r.dropped += uint64(s.Drops)
	return pcapng.Stats{Received: r.received, Dropped: r.dropped}, nil
}

// Interrupt makes Next return an error that wraps os.ErrDeadlineExceeded, now
// and from now on.
func (r *Ring) Interrupt() {
	r.socket.SetReadDeadline(time.Now())
}

// Close gives the ring's memory back. Next must not be waiting.
func (r *Ring) Close() error {
	err := r.socket.Close()
	if r.memory != nil {
		err = errors.Join(err, unix.Munmap(r.memory))
	}
	return err
}
