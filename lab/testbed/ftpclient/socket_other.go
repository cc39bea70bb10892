//go:build !linux

package ftpclient

import "net"

// wakeRarely does nothing here: what it prevents is of Linux's kernel.
func wakeRarely(*net.TCPConn, int) error { return nil }
