package cell

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// NeedIPv6 checks that the network of the calling thread's namespace has IPv6.
// Its error wraps [ErrRefused] if it has none, as on some kernels and in some
// containers.
func NeedIPv6() error {
	switch err := bindIPv6(); err {
	case nil:
		return nil
	case unix.EAFNOSUPPORT, unix.EADDRNOTAVAIL:
		return fmt.Errorf("%w with IPv6: there is no ::1 (%w). Ways out: start a container with --sysctl net.ipv6.conf.all.disable_ipv6=0, or a kernel without ipv6.disable=1 and ipv6.disable_ipv6=1; or use scenarios that do not say ipv6",
			ErrRefused, err)
	default:
		return fmt.Errorf("cell: looking for IPv6: %w", err)
	}
}

// bindIPv6 binds a socket to ::1, which every network with IPv6 has.
func bindIPv6() error {
	s, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	return unix.Bind(s, &unix.SockaddrInet6{Addr: [16]byte{15: 1}})
}
