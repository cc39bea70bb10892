package network

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// Listeners lists the addresses at which programs in this network namespace listen for
// TCP connections. It asks the kernel for nothing else, and so takes a tenth of a
// millisecond; [Sockets] takes several, because the kernel then goes through its whole
// table of connections.
func Listeners() (all []netip.AddrPort, err error) {
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		found, err := listenersOf(family)
		if err != nil {
			return listenersInProc()
		}
		all = append(all, found...)
	}
	return all, nil
}

// listenersInProc is [Listeners] for a kernel that does not answer sock_diag(7).
func listenersInProc() (all []netip.AddrPort, err error) {
	sockets, err := Sockets("tcp", "tcp6")
	for _, s := range sockets {
		if s.State == "LISTEN" {
			all = append(all, s.Local)
		}
	}
	return all, err
}

const (
	sockDiagByFamily = 20      // the type of request and answer, linux/sock_diag.h
	listen           = 1 << 10 // the state LISTEN in a set of states, net/tcp_states.h
	diagRequestSize  = 56      // of struct inet_diag_req_v2, linux/inet_diag.h
)

// listenersOf lists the listeners of an address family, as sock_diag(7) describes it.
func listenersOf(family uint8) (all []netip.AddrPort, err error) {
	s, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, err
	}
	defer unix.Close(s)
	request := make([]byte, unix.SizeofNlMsghdr+diagRequestSize)
	binary.NativeEndian.PutUint32(request, uint32(len(request)))
	binary.NativeEndian.PutUint16(request[4:], sockDiagByFamily)
	binary.NativeEndian.PutUint16(request[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	body := request[unix.SizeofNlMsghdr:]
	body[0], body[1] = family, unix.IPPROTO_TCP
	binary.NativeEndian.PutUint32(body[4:], listen)
	if err := unix.Sendto(s, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, err
	}
	buffer := make([]byte, 32<<10) // an answer is at most this long, netlink(7)
	for {
		n, _, err := unix.Recvfrom(s, buffer, 0)
		if err != nil {
			return nil, err
		}
		messages, err := syscall.ParseNetlinkMessage(buffer[:n])
		if err != nil {
			return nil, err
		}
		for _, m := range messages {
			switch m.Header.Type {
			case sockDiagByFamily:
				at, err := diagAddress(m.Data)
				if err != nil {
					return nil, err
				}
				all = append(all, at)
			case unix.NLMSG_DONE:
				return all, nil
			case unix.NLMSG_ERROR:
				return nil, errors.New("the kernel has no list of sockets")
			}
		}
	}
}

// diagAddress returns the local address in a struct inet_diag_msg (linux/inet_diag.h).
func diagAddress(message []byte) (at netip.AddrPort, err error) {
	const port, address, end = 4, 8, 24
	if len(message) < end {
		return at, fmt.Errorf("a socket is described in %d bytes", len(message))
	}
	ip := netip.AddrFrom16([16]byte(message[address:end])).Unmap()
	if message[0] == unix.AF_INET {
		ip = netip.AddrFrom4([4]byte(message[address:]))
	}
	return netip.AddrPortFrom(ip, binary.BigEndian.Uint16(message[port:])), nil
}
