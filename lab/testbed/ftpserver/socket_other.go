//go:build !linux

package ftpserver

import (
	"errors"
	"net"
)

func cork(*net.TCPConn, bool) error {
	return errors.New("holding data back until it fills a segment (TCP_CORK) needs Linux")
}

// vacate leaves the listener as it is: here a port can only be given up by
// closing the socket, and the library goes on setting deadlines on it.
func vacate(net.Listener) {}

// turnAway leaves the connections in the queue to the kernel, which resets them.
func turnAway(*net.TCPListener) {}

// inlineUrgent leaves urgent data where the system puts it.
func inlineUrgent(*net.TCPConn) {}
