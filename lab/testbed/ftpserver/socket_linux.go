package ftpserver

import (
	"net"

	"golang.org/x/sys/unix"
)

// cork holds data back until it fills a segment or the connection is closed
// (TCP_CORK; the kernel waits for 200 ms at most), or no longer.
func cork(conn *net.TCPConn, on bool) error {
	value := 0
	if on {
		value = 1
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_CORK, value)
	})
	if err != nil {
		return err
	}
	return failed
}

// inlineUrgent keeps urgent data in the stream. A client that follows RFC 959,
// 4.1.3, sends its ABOR as urgent data, of which the kernel would take the last
// byte aside: the end of the line.
func inlineUrgent(conn *net.TCPConn) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_OOBINLINE, 1) })
}

// turnAway accepts and closes the connections that wait in a listener's queue.
// Each then ends with a FIN; the kernel resets those that it finds in the
// queue of a listener that is closed.
func turnAway(listener *net.TCPListener) {
	raw, err := listener.SyscallConn()
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

// vacate makes a listener give up its port. It stays open, because the library
// goes on setting deadlines on it.
func vacate(listener net.Listener) {
	tcp, ok := listener.(*net.TCPListener)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) { unix.Shutdown(int(fd), unix.SHUT_RDWR) })
}
