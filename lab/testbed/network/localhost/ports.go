package localhost

import "math/rand/v2"

// ControlPort returns a port for a server's control connection. It and the
// port before it, from which active data comes, are even and odd neighbours
// below the ports that the kernel hands out, and were free a moment ago.
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
