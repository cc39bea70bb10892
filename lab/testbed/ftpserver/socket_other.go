//go:build !linux

package ftpserver

import "net"

// vacate leaves the listener as it is: here a port can only be given up by
// closing the socket, and the library goes on setting deadlines on it.
func vacate(net.Listener) {}
