package loopback

import (
	"os"
	"strings"
)

// noSocketInUse reports whether every TCP socket is in TIME-WAIT. It is much
// faster than [network.Sockets], which takes milliseconds.
func noSocketInUse() bool {
	for _, name := range []string{"sockstat", "sockstat6"} {
		text, err := os.ReadFile("/proc/self/net/" + name)
		if os.IsNotExist(err) {
			continue // a kernel without IPv6
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			if strings.HasPrefix(line, "TCP") && (len(fields) < 3 || fields[1] != "inuse" || fields[2] != "0") {
				return false
			}
		}
	}
	return true
}
