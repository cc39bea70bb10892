package loopback

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
)

// A socket is one of this machine's, as /proc/net lists them (proc_net_tcp.rst).
type socket struct {
	local, remote netip.AddrPort
	state         string // of TCP, as netstat prints it
}

func (s socket) String() string {
	return fmt.Sprintf("%s to %s in %s", s.local, s.remote, s.state)
}

// tcpStates are the states by the kernel's numbers.
var tcpStates = []string{"", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT",
	"CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "SYN_RECV"}

// sockets lists the sockets of some protocols: "tcp", "tcp6", "udp", "udp6". A
// protocol that the kernel does not have, it has no sockets of.
func sockets(protocols ...string) (all []socket, err error) {
	for _, protocol := range protocols {
		file, err := os.Open("/proc/self/net/" + protocol)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("loopback: listing the sockets: %w", err)
		}
		lines := bufio.NewScanner(file)
		lines.Scan() // the heading
		for lines.Scan() {
			s, err := parseSocket(lines.Text())
			if err != nil {
				file.Close()
				return nil, fmt.Errorf("loopback: listing the sockets: %s: %w", file.Name(), err)
			}
			all = append(all, s)
		}
		file.Close()
	}
	return all, nil
}

// parseSocket reads a line such as
//
//	0: 0100007F:0015 0100007F:9C40 01 ...
func parseSocket(line string) (s socket, err error) {
	fields := strings.Fields(line)
	if len(fields) < 4 {
		return s, fmt.Errorf("%q is no socket", line)
	}
	if s.local, err = parseAddrPort(fields[1]); err != nil {
		return s, err
	}
	if s.remote, err = parseAddrPort(fields[2]); err != nil {
		return s, err
	}
	state, err := strconv.ParseUint(fields[3], 16, 8)
	if err != nil || int(state) >= len(tcpStates) {
		return s, fmt.Errorf("%q is no state", fields[3])
	}
	s.state = tcpStates[state]
	return s, nil
}

// parseAddrPort reads an address and port: hexadecimal, the address in words
// of four bytes with the last byte of each first.
func parseAddrPort(text string) (netip.AddrPort, error) {
	address, portText, _ := strings.Cut(text, ":")
	bytes, err := hex.DecodeString(address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	for word := range slices.Chunk(bytes, 4) {
		slices.Reverse(word)
	}
	ip, ok := netip.AddrFromSlice(bytes)
	port, err := strconv.ParseUint(portText, 16, 16)
	if !ok || err != nil {
		return netip.AddrPort{}, fmt.Errorf("%q is no address and port", text)
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(port)), nil
}

// noSocketInUse says for sure that there is no TCP socket but in TIME_WAIT; it
// costs little, where to list the sockets takes milliseconds.
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
