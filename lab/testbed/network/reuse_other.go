//go:build !unix && !windows

package network

// setReuseAddress has nothing to set: the sockets of this system are Go's own.
func setReuseAddress(uintptr) error { return nil }
