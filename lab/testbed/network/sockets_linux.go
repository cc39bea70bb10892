package network

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

// A Socket is one of this machine's sockets, as listed in /proc/net
// (proc_net_tcp.rst).
type Socket struct {
	Local, Remote netip.AddrPort
	State         string // of TCP (RFC 9293, 3.3.2)
}

// String returns the socket's addresses and state.
func (s Socket) String() string {
	return fmt.Sprintf("%s to %s in %s", s.Local, s.Remote, s.State)
}

// tcpStates are the TCP states by the kernel's numbers.
var tcpStates = []string{"", "ESTABLISHED", "SYN-SENT", "SYN-RECEIVED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT",
	"CLOSED", "CLOSE-WAIT", "LAST-ACK", "LISTEN", "CLOSING", "SYN-RECEIVED"}

// Sockets lists the sockets of this network namespace for the given protocols: "tcp",
// "tcp6", "udp", "udp6". A protocol that the kernel does not support has none.
func Sockets(protocols ...string) (all []Socket, err error) {
	for _, protocol := range protocols {
		file, err := os.Open("/proc/self/net/" + protocol)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("listing the sockets: %w", err)
		}
		lines := bufio.NewScanner(file)
		lines.Scan() // the header line
		for lines.Scan() {
			s, err := parseSocket(lines.Text())
			if err != nil {
				file.Close()
				return nil, fmt.Errorf("listing the sockets: %s: %w", file.Name(), err)
			}
			all = append(all, s)
		}
		file.Close()
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("listing the sockets: %s: %w", file.Name(), err)
		}
	}
	return all, nil
}

// NoConnections reports whether all TCP sockets of this network namespace listen or are in
// TIME-WAIT. It is much faster than [Sockets], which takes milliseconds. If it cannot find out,
// it reports false.
func NoConnections() bool {
	inUse, err := inUse()
	if err != nil || inUse == 0 {
		return err == nil
	}
	listeners, err := Listeners()
	return err == nil && inUse == len(listeners)
}

// inUse counts the TCP sockets of this network namespace except those in TIME-WAIT.
func inUse() (n int, err error) {
	for _, name := range []string{"sockstat", "sockstat6"} {
		text, err := os.ReadFile("/proc/thread-self/net/" + name)
		if os.IsNotExist(err) {
			continue // a kernel without IPv6
		}
		if err != nil {
			return 0, fmt.Errorf("counting the sockets: %w", err)
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line) // such as TCP: inuse 3
			if len(fields) < 3 || !strings.HasPrefix(line, "TCP") {
				continue
			}
			count, err := strconv.Atoi(fields[2])
			if err != nil || fields[1] != "inuse" {
				return 0, fmt.Errorf("counting the sockets: %q is not a count", line)
			}
			n += count
		}
	}
	return n, nil
}

// parseSocket reads a line such as
//
//	0: 0100007F:0015 0100007F:9C40 01 ...
func parseSocket(line string) (s Socket, err error) {
	fields := strings.Fields(line)
	if len(fields) < 4 {
		return s, fmt.Errorf("%q is not a socket", line)
	}
	if s.Local, err = parseAddrPort(fields[1]); err != nil {
		return s, err
	}
	if s.Remote, err = parseAddrPort(fields[2]); err != nil {
		return s, err
	}
	state, err := strconv.ParseUint(fields[3], 16, 8)
	if err != nil || int(state) >= len(tcpStates) {
		return s, fmt.Errorf("%q is not a state", fields[3])
	}
	s.State = tcpStates[state]
	return s, nil
}

// parseAddrPort reads an address and a port. The address is in hexadecimal
// words of four bytes, in little-endian order.
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
		return netip.AddrPort{}, fmt.Errorf("%q is not an address and port", text)
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(port)), nil
}
