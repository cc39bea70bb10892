package network_test

import (
	"net"
	"net/netip"
	"testing"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
	"ftplab/lab/testbed/network/localhost"
)

func TestNextPort(t *testing.T) {
	plan := scenario.Host{Ports: []scenario.PortRange{{First: 3170, Last: 3171}, {First: 65535, Last: 65535}}}
	first, second := network.NewMachine(plan), network.NewMachine(plan)
	for _, want := range []uint16{3170, 3171, 65535, 0, 0} {
		if got := first.NextPort(); got != want {
			t.Errorf("got port %d, want %d", got, want)
		}
	}
	if got := second.NextPort(); got != 3170 {
		t.Errorf("another machine of the plan: got port %d, want 3170", got)
	}
}

// TestDialAgain dials from a port that an earlier connection, which this side
// has closed first, keeps in TIME-WAIT: to another port, as active transfers do.
func TestDialAgain(t *testing.T) {
	m := network.NewMachine(scenario.Host{Name: "server", Addr: netip.MustParseAddr("127.0.0.1")})
	if m.Name() != "server" || m.Addr() != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("got %s at %s, want server at 127.0.0.1", m.Name(), m.Addr())
	}
	local := localhost.New("127.0.0.1").ControlPort()
	for range 2 {
		l, err := m.ListenTCP(0)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		dialled, err := m.DialTCP(t.Context(), local, l.Addr().(*net.TCPAddr).AddrPort())
		if err != nil {
			t.Fatalf("from port %d: %v", local, err)
		}
		accepted, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		got := dialled.LocalAddr().(*net.TCPAddr).AddrPort()
		if got != netip.AddrPortFrom(m.Addr(), local) {
			t.Errorf("dialled from %s, want %s and port %d", got, m.Addr(), local)
		}
		dialled.Close()
		accepted.Read(make([]byte, 1)) // until the end
		accepted.Close()
	}
}
