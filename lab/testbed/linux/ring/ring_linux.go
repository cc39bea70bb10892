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

// A Ring is memory shared with the kernel, which writes into it every frame
// that a network device receives, complete and with its time: a packet socket
// with PACKET_RX_RING, version 3 (packet(7) and the kernel's packet_mmap.rst).
//
// The kernel fills the ring block by block. It hands a block over when the next
// frame does not fit, or after 50 ms. A frame is dropped and counted if no
// block is free.
//
// One goroutine reads the frames: Ring is a
// [gopacket.ZeroCopyPacketDataSource]. Other goroutines may call Backlog,
// BlockSize, Send, Stats and Interrupt meanwhile. After Close, call only
// Backlog.
type Ring struct {
	Device *net.Interface // as it was when the ring was opened

	socket *os.File
	wait   syscall.RawConn
	memory []byte
	mapped sync.RWMutex // held for writing while the memory is freed
	block  int          // bytes

	current  int    // the block that is read, or that the kernel hands over next
	ours     bool   // the kernel has handed it over
	buffered int    // frames in it that are not read yet
	at       uint32 // offset of the first of these

	counting          sync.Mutex
	received, dropped uint64 // by the kernel's last report
}

const (
	// smallestBlock holds the largest frame: 64 KiB of IP, since lo gets
	// segments before they are cut, and the frame's headers.
	smallestBlock = 128 << 10
	largestBlock  = 1 << 20

	// With this many blocks, each open for blockTimeout, a slow session loses
	// nothing if its reader does not run for three seconds.
	fewestBlocks = 64
	blockTimeout = 50 // milliseconds
	smallestRing = fewestBlocks * smallestBlock
	largestRing  = 256 << 20 // bytes
)

// Size returns the size of a ring, in bytes, for a session that transfers about
// that volume. If the volume fits, the ring holds the whole session even if its
// reader never runs; Holds reports whether it does.
func Size(volume int64) (size int, holds bool) {
	needed := smallestRing + volume + volume/4 // for headers, and acknowledgments
	return int(min(needed, largestRing)), needed <= largestRing
}

// Open starts to receive from a device, such as "lo", into a ring of about that
// many bytes. It needs CAP_NET_RAW and Linux 4.20. Outgoing frames of a
// loopback device are left out, because it receives the same frames.
func Open(device string, size int) (*Ring, error) {
	inter, err := net.InterfaceByName(device)
	if err != nil {
		return nil, fmt.Errorf("capture: %s: %w", device, err)
	}
	// Protocol 0 receives nothing until the ring is set up and bound.
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

// open sets up the socket's ring and starts to receive.
func (r *Ring) open(fd int, device *net.Interface, size int) (err error) {
	r.block = 1 << (bits.Len(uint(size/fewestBlocks)) - 1)
	r.block = min(max(r.block, smallestBlock), largestBlock)
	blocks := max(size/r.block, fewestBlocks)
	request := &unix.TpacketReq3{
		Block_size: uint32(r.block), Block_nr: uint32(blocks),
		Frame_size: uint32(r.block), Frame_nr: uint32(blocks), // not used in version 3
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
		return fmt.Errorf("this kernel is too old: PACKET_IGNORE_OUTGOING needs Linux 4.20 or later: %w", err)
	}
	return err
}

// networkOrder returns v in network byte order.
func networkOrder(v uint16) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, v))
}

var _ gopacket.ZeroCopyPacketDataSource = (*Ring)(nil)

// ZeroCopyReadPacketData waits for the next frame and returns it in the ring's
// memory. The memory is valid until the first call at which [Ring.Buffered] is
// 0: that call returns it to the kernel.
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

// Buffered returns how many frames can be read without waiting, and without
// returning the memory of the frames read before.
func (r *Ring) Buffered() int { return r.buffered }

// nextBlock returns the block that was read to the kernel and waits for the
// next one.
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

// header returns a block's header. Its status says who owns the block.
func (r *Ring) header(block int) *unix.TpacketHdrV1 {
	description := (*unix.TpacketBlockDesc)(unsafe.Pointer(&r.memory[block*r.block]))
	return (*unix.TpacketHdrV1)(unsafe.Pointer(&description.Hdr))
}

// ready reports whether the kernel has handed a block over.
func (r *Ring) ready(block int) bool {
	return atomic.LoadUint32(&r.header(block).Block_status)&unix.TP_STATUS_USER != 0
}

// BlockSize returns the size of a block in bytes. A frame's block is handed
// over at the latest when that many bytes have followed it.
func (r *Ring) BlockSize() int { return r.block }

// Backlog returns the share of the ring, 0 to 1, that waits to be read or is
// being read. It is 0 when the reader waits for the kernel, and after Close.
func (r *Ring) Backlog() float64 {
	r.mapped.RLock()
	defer r.mapped.RUnlock()
	if r.memory == nil {
		return 0
	}
	blocks, waiting := len(r.memory)/r.block, 0
	for n := range blocks {
		if r.ready(n) {
			waiting++
		}
	}
	return float64(waiting) / float64(blocks)
}

// Send sends a frame on the device. Another socket could send it too, but
// closing one more packet socket takes 10 ms.
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

// Stats returns the kernel's counts since the ring was opened.
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
	// Each reading resets the kernel's counts to zero.
	r.received += uint64(s.Packets)
	r.dropped += uint64(s.Drops)
	return pcapng.Stats{Received: r.received, Dropped: r.dropped}, nil
}

// Interrupt makes reads fail, now and later, with an error that wraps
// os.ErrDeadlineExceeded.
func (r *Ring) Interrupt() {
	r.socket.SetReadDeadline(time.Now())
}

// Close frees the ring's memory, which takes the kernel 20 ms. No goroutine may
// be reading.
func (r *Ring) Close() error {
	err := r.socket.Close()
	r.mapped.Lock()
	defer r.mapped.Unlock()
	if r.memory != nil {
		err = errors.Join(err, unix.Munmap(r.memory))
		r.memory = nil
	}
	return err
}
