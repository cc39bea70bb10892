package ftpclient

import (
	"net"

	"golang.org/x/sys/unix"
)

// wakeRarely lets the reader of a connection sleep until so many bytes have
// come, or the end (SO_RCVLOWAT). A reader that is woken for each segment holds
// the connection while the next ones arrive, and on a busy machine the kernel
// then takes several as one and acknowledges them together.
func wakeRarely(conn *net.TCPConn, bytes int) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVLOWAT, bytes)
	})
	if err != nil {
		return err
	}
	return failed
}
