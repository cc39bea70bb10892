package network_test

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/labtest/optional"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
)

// TestSockets looks for both ends of a connection, and for who listens, on
// IPv4 and IPv6, in the machine's lists.
func TestSockets(t *testing.T) {
	for _, address := range []string{"127.0.0.1", "::1"} {
		m := network.NewMachine(scenario.Host{Addr: netip.MustParseAddr(address)})
		l, err := m.ListenTCP(0)
		if err != nil {
			t.Skipf("%v: this machine has no %s", err, address)
		}
		defer l.Close()
		server := l.Addr().(*net.TCPAddr).AddrPort()
		conn, err := m.DialTCP(t.Context(), 0, server)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		u, err := m.ListenUDP(0)
		if err != nil {
			t.Fatal(err)
		}
		defer u.Close()
		all, err := network.Sockets("tcp", "tcp6", "udp", "udp6", "none")
		if err != nil {
			t.Fatal(err)
		}
		states := map[string]bool{}
		for _, s := range all {
			states[s.String()] = true
		}
		none := netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
		if m.Addr().Is6() {
			none = netip.AddrPortFrom(netip.IPv6Unspecified(), 0)
		}
		client := conn.LocalAddr().(*net.TCPAddr).AddrPort()
		for _, want := range []network.Socket{
			{Local: server, Remote: none, State: "LISTEN"},
			{Local: client, Remote: server, State: "ESTABLISHED"},
			{Local: server, Remote: client, State: "ESTABLISHED"},
			{Local: u.LocalAddr().(*net.UDPAddr).AddrPort(), Remote: none, State: "CLOSED"},
		} {
			if !states[want.String()] {
				t.Errorf("no socket from %v", want)
			}
		}
		if network.NoConnections() {
			t.Error("NoConnections does not see the connection")
		}
		listeners, err := network.Listeners()
		if err != nil {
			t.Fatal(err)
		}
		for at, want := range map[netip.AddrPort]bool{server: true, client: false} {
			if got := slices.Contains(listeners, at); got != want {
				t.Errorf("%v is among the listeners: got %v, want %v", at, got, want)
			}
		}
	}
}

// inNamespace is set where TestNoConnections is in a network namespace of its own.
const inNamespace = "FTPLAB_TEST_IN_NAMESPACE"

// TestNoConnections has a network namespace with no socket, and then with listeners.
func TestNoConnections(t *testing.T) {
	if os.Getenv(inNamespace) == "" {
		if out := optional.InOwnNetwork(t, "^TestNoConnections$", inNamespace+"=1"); !strings.Contains(out, "--- PASS: TestNoConnections") {
			t.Errorf("got\n%s", out)
		}
		return
	}
	for _, protocol := range []string{"", "tcp4", "tcp6"} {
		if protocol != "" {
			l, err := net.Listen(protocol, ":0")
			if err != nil {
				t.Logf("%v: this machine has no %s", err, protocol)
				continue
			}
			defer l.Close()
		}
		if !network.NoConnections() {
			t.Errorf("after a listener of %q, NoConnections sees a connection", protocol)
		}
	}
}
