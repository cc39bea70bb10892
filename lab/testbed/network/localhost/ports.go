package localhost

import "math/rand/v2"

// ControlPort returns a port for a server's control connection. The port before
// it, from which active data comes, is free too. Both are outside the range
// from which the kernel takes ephemeral ports. The control port is odd, the one
// before it even. Another program may take them after the check.
func (h *Host) ControlPort() uint16 {
	for {
		port := uint16(20001 + 2*rand.IntN(6000))
		if h.free(port) && h.free(port-1) {
			return port
		}
	}
}

func (h *Host) free(port uint16) bool {
	listener, err := h.ListenTCP(port)
	if err != nil {
		return false
	}
	listener.Close()
	return true
}
