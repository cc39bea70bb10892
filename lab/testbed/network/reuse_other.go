//go:build !unix && !windows

package network

// setReuseAddress does nothing: on this system Go implements the sockets itself.
func setReuseAddress(uintptr) error { return nil }
