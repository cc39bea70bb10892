package network

import (
	"errors"

	"golang.org/x/sys/unix"
)

// SetCork implements [Corker]. The kernel holds data back for at most 200 ms.
func (c kernelConn) SetCork(on bool) error {
	value := 0
	if on {
		value = 1
	}
	return c.set(unix.IPPROTO_TCP, unix.TCP_CORK, value)
}

// SetReadLowWater implements [LowWaterReader].
func (c kernelConn) SetReadLowWater(bytes int) error {
	return c.set(unix.SOL_SOCKET, unix.SO_RCVLOWAT, bytes)
}

// SetUrgentInline implements [UrgentInliner].
func (c kernelConn) SetUrgentInline() error {
	return c.set(unix.SOL_SOCKET, unix.SO_OOBINLINE, 1)
}

// WriteUrgent implements [Urgenter].
func (c kernelConn) WriteUrgent(p []byte) (int, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var failed error
	err = raw.Write(func(fd uintptr) bool {
		failed = unix.Send(int(fd), p, unix.MSG_OOB)
		return !errors.Is(failed, unix.EAGAIN)
	})
	return len(p), errors.Join(err, failed)
}

// set sets a socket option.
func (c kernelConn) set(level, option, value int) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = unix.SetsockoptInt(int(fd), level, option, value) })
	if err != nil {
		return err
	}
	return failed
}

// CloseQueue implements [QueueCloser].
func (l kernelListener) CloseQueue() {
	raw, err := l.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) {
		for {
			conn, _, err := unix.Accept4(int(fd), unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
			if err != nil {
				return
			}
			unix.Close(conn)
		}
	})
}

// Queued implements [Queuer].
func (l kernelListener) Queued() (queued bool) {
	raw, err := l.SyscallConn()
	if err != nil {
		return false
	}
	raw.Control(func(fd uintptr) {
		n, _ := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		queued = n > 0
	})
	return queued
}
