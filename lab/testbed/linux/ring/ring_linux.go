// Package ring receives frames from a network device of the Linux kernel without
// losing any: a packet socket whose buffer the kernel shares with this process.
package ring

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/google/gopacket"
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
// One goroutine reads the frames: Ring is a [gopacket.ZeroCopyPacketDataSource].
// Meanwhile any others may call Backlog, BlockSize, Send, Stats and Interrupt.
// Close comes after all of them.
type Ring struct {
	Device *net.Interface // as it was when the ring was opened

	socket *os.File
	wait   syscall.RawConn
	memory []byte
	block  int // bytes

	current  int    // the block that is read, or that the kernel hands over next
	ours     bool   // it has been handed over
	buffered int    // frames in it that are not read yet
	at       uint32 // where in it the first of these is

	counting          sync.Mutex
	received, dropped uint64 // as far as the kernel has told
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
	r := &Ring{Device: inter, socket: os.NewFile(uintptr(fd), "packet socket")}
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

var _ gopacket.ZeroCopyPacketDataSource = (*Ring)(nil)

// ZeroCopyReadPacketData waits for the next frame and returns it, in the ring's
// memory. That memory stays as it is until the first call at which nothing is
// [Ring.Buffered]: then it is the kernel's to fill again.
func (r *Ring) ZeroCopyReadPacketData() (frame []byte, info gopacket.CaptureInfo, err error) {
	for r.buffered == 0 {
		if err := r.nextBlock(); err != nil {
			return nil, info, fmt.Errorf("capture: waiting for frames: %w", err)
		}
	}
	block := r.memory[r.current*r.block:][:r.block]
	h := (*unix.Tpacket3Hdr)(unsafe.Pointer(&block[r.at]))
	frame = block[r.at+uint32(h.Mac):][:h.Snaplen:h.Snaplen]
	info.Timestamp = time.Unix(int64(h.Sec), int64(h.Nsec))
	info.CaptureLength, info.Length = len(frame), int(h.Len)
	r.at += h.Next_offset
	r.buffered--
	return frame, info, nil
}

// Buffered is how many frames can be read without waiting, and before the memory
// of those that were read is given back.
func (r *Ring) Buffered() int { return r.buffered }

// nextBlock gives the block that was read back, and waits for the next one.
func (r *Ring) nextBlock() error {
	if r.ours {
		atomic.StoreUint32(&r.header(r.current).Block_status, unix.TP_STATUS_KERNEL)
		r.current = (r.current + 1) % (len(r.memory) / r.block)
		r.ours = false
	}
	err := r.wait.Read(func(uintptr) bool {
		return r.ready(r.current)
	})
	if err != nil {
		return err
	}
	h := r.header(r.current)
	r.ours, r.buffered, r.at = true, int(h.Num_pkts), h.Offset_to_first_pkt
	return nil
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
// read: it is 0 when the reader waits for the kernel.
func (r *Ring) Backlog() float64 {
	blocks, waiting := len(r.memory)/r.block, 0
	for n := range blocks {
		if r.ready(n) {
			waiting++
		}
	}
	return float64(waiting) / float64(blocks)
}

// Send sends a frame on the device. It is for what a socket of its own could
// send, too; but to close one more packet socket takes the kernel 10 ms.
func (r *Ring) Send(frame []byte) error {
	to := &unix.SockaddrLinklayer{Ifindex: r.Device.Index}
	var sendErr error
	err := r.wait.Write(func(fd uintptr) bool {
		sendErr = unix.Sendto(int(fd), frame, 0, to)
		return sendErr != unix.EAGAIN
	})
	if err := errors.Join(err, sendErr); err != nil {
		return fmt.Errorf("capture: sending a frame: %w", err)
	}
	return nil
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

// Interrupt makes whoever waits for a frame get an error that wraps
// os.ErrDeadlineExceeded, now and from now on.
func (r *Ring) Interrupt() {
	r.socket.SetReadDeadline(time.Now())
}

// Close gives the ring's memory back, which takes the kernel 20 ms. No one may be
// reading.
func (r *Ring) Close() error {
	err := r.socket.Close()
	if r.memory != nil {
		err = errors.Join(err, unix.Munmap(r.memory))
	}
	return err
}
