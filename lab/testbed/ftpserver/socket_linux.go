package ftpserver

import (
	"net"

	"golang.org/x/sys/unix"
)

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
