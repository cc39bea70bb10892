package report

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
)

// dns is a packet of DNS between two addresses.
func dns(from, to string, response bool) *Packet {
	return &Packet{Packet: &capture.Packet{Packet: packet.Packet{
		IP:  &packet.IP{Src: netip.MustParseAddr(from), Dst: netip.MustParseAddr(to)},
		UDP: &packet.UDP{DNS: &packet.DNS{Response: response}},
	}}}
}

// between is a connection of FTP between two addresses.
func between(client, server string) *ftp.Connection {
	return &ftp.Connection{OpenedBy: ftp.Client, Identity: ftp.Identity{
		Client: netip.MustParseAddrPort(client + ":40000"), Server: netip.MustParseAddrPort(server + ":21"),
		Purpose: ftp.Purpose{Role: ftp.Control}}}
}

// Only hosts of FTP and the name servers that they ask have a lane: no group that
// mDNS asks, and no name server of somebody else.
func TestLanes(t *testing.T) {
	packets := []*Packet{
		dns("10.0.0.8", "224.0.0.251", false), dns("fe80::8", "ff02::fb", false), dns("10.0.0.9", "10.0.0.10", false),
		dns("127.0.0.1", "127.0.0.53", false), dns("10.0.0.8", "10.0.0.1", false), dns("10.0.0.1", "10.0.0.8", true),
	}
	h := newHostSurvey(packets)
	h.add(between("10.0.0.8", "10.0.0.21"))
	var got []string
	for _, l := range findLanes(&h, packets, nil, nil) {
		got = append(got, l.Name+" "+l.Address())
	}
	if got, want := strings.Join(got, ", "), "name server 10.0.0.1, client 10.0.0.8, server 10.0.0.21"; got != want {
		t.Errorf("got the lanes %s, want %s", got, want)
	}
}

// Without a scenario, a host has the name that the capture gives it, if that fits.
func TestNamesOfTheCapture(t *testing.T) {
	h := newHostSurvey(nil)
	h.add(between("198.51.100.100", "192.0.2.21"))
	h.add(between("203.0.113.9", "192.0.2.21"))
	oneHost := newHostSurvey(nil)
	oneHost.add(between("127.0.0.1", "127.0.0.1"))
	name := func(addr, name string) pcapng.Name { return pcapng.Name{Addr: netip.MustParseAddr(addr), Name: name} }
	for _, test := range []struct {
		h     *hostSurvey
		names []pcapng.Name
		want  string
	}{
		{&h, []pcapng.Name{name("198.51.100.100", "client"), name("192.0.2.21", "server"), name("203.0.113.9", "laptop")}, "client server laptop"},
		{&h, []pcapng.Name{name("198.51.100.100", "server"), name("192.0.2.21", "ftp.example.test"), name("203.0.113.9", "x\n")}, "client 1 server client 2"},
		{&oneHost, []pcapng.Name{name("127.0.0.1", "server"), name("127.0.0.1", "client")}, "client server"},
	} {
		var got []string
		for _, l := range findLanes(test.h, nil, nil, test.names) {
			got = append(got, l.Name)
		}
		if got := strings.Join(got, " "); got != test.want {
			t.Errorf("%v: got %s, want %s", test.names, got, test.want)
		}
	}
}

// Where there are several clients, or the only one is not the host client, a sentence names the host.
func TestPartyName(t *testing.T) {
	host := func(name, addr string) scenario.Host {
		return scenario.Host{Name: name, Addr: netip.MustParseAddr(addr)}
	}
	s := &scenario.Scenario{Network: scenario.Network{Kind: scenario.Wire, Hosts: []scenario.Host{
		host("client", "198.51.100.100"), host("server", "192.0.2.21"), host("laptop", "203.0.113.9")}}}
	first, second := between("198.51.100.100", "192.0.2.21"), between("203.0.113.9", "192.0.2.21")
	alone, both, many := newHostSurvey(nil), newHostSurvey(nil), newHostSurvey(nil)
	alone.add(second)
	both.add(first)
	both.add(second)
	third := between("203.0.113.66", "192.0.2.21")
	third.Role, third.OtherHosts = ftp.Data, []ftp.Side{ftp.Client}
	joined := newHostSurvey(nil)
	joined.add(first)
	joined.add(third)
	oneHost, besides := newHostSurvey(nil), between("127.0.0.1", "127.0.0.1")
	oneHost.add(between("127.0.0.1", "127.0.0.1"))
	besides.Role = ftp.Other
	for i := range 2 * maxHosts {
		s.Network.Hosts = append(s.Network.Hosts, host(fmt.Sprintf("c%d", i), fmt.Sprintf("198.18.0.%d", i)))
		many.add(between(fmt.Sprintf("198.18.0.%d", i), "192.0.2.21"))
	}
	for _, test := range []struct {
		name string
		h    *hostSurvey
		s    *scenario.Scenario
		c    *ftp.Connection
		want string
	}{
		{"the first", &both, s, first, "The client opens x: from its port 40000 to port 21 of the server."},
		{"the second", &both, s, second, "Laptop opens x: from its port 40000 to port 21 of the server."},
		{"without a scenario", &both, nil, second, "Client 2 opens x: from its port 40000 to port 21 of the server."},
		{"one that is not drawn", &many, s, between("198.18.0.7", "192.0.2.21"), "C7 opens x: from its port 40000 to port 21 of the server."},
		{"one of too many", &many, s, between("198.18.0.33", "192.0.2.21"), "198.18.0.33 opens x: from its port 40000 to port 21 of the server."},
		{"another host than the client", &joined, nil, third, "203.0.113.66 opens x: from its port 40000 to port 21 of the server."},
		{"the client beside it", &joined, nil, first, "The client opens x: from its port 40000 to port 21 of the server."},
		{"not of FTP, on loopback", &oneHost, nil, besides, "The client opens x: from its port 40000 to port 21 of the server."},
		{"the only one, which is not the client", &alone, s, second, "Laptop opens x: from its port 40000 to port 21 of the server."},
		{"the only one", &alone, nil, second, "The client opens x: from its port 40000 to port 21 of the server."},
	} {
		ls := findLanes(test.h, nil, test.s, nil)
		if got := ls.opens(test.c, "x"); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
		if first, _, _ := strings.Cut(test.want, " opens"); test.c == second && !strings.HasPrefix(ls.dialogueStory(&ftp.Session{Control: second}), first+" 203.0.113.9 talks") {
			t.Errorf("%s: got %q, want that %s talks", test.name, ls.dialogueStory(&ftp.Session{Control: second}), first)
		}
		if n := len(ls.drawn()); n > maxLanes {
			t.Errorf("%s: got %d hosts side by side, want %d or fewer", test.name, n, maxLanes)
		}
	}
}

// The sentence counts the ends that the table of conversations has, also those of connections that are not FTP.
func TestEndsOfOthers(t *testing.T) {
	with := func(role ftp.Role, set func(*ftp.Connection)) *ftp.Connection {
		c := between("10.0.0.8", "10.0.0.21")
		c.Role, c.History = role, "ShADadFf"
		c.ClientFlow, c.ServerFlow = tcp.Flow{Packets: 5, SYN: 1, FIN: 9}, tcp.Flow{Packets: 4, SYN: 2, FIN: 8}
		set(c)
		return c
	}
	closed := func(role ftp.Role) *ftp.Connection { return with(role, func(*ftp.Connection) {}) }
	reset := func(role ftp.Role) *ftp.Connection {
		return with(role, func(c *ftp.Connection) { c.ResetBy = ftp.Client })
	}
	open := func(role ftp.Role) *ftp.Connection {
		return with(role, func(c *ftp.Connection) { c.ServerFlow.FIN = 0 })
	}
	endless := func(role ftp.Role) *ftp.Connection {
		return with(role, func(c *ftp.Connection) { c.ServerFlow.FIN, c.ServerFlow.Unseen = 0, 7 })
	}
	unanswered := func(role ftp.Role) *ftp.Connection {
		return with(role, func(c *ftp.Connection) {
			c.History, c.ClientFlow, c.ServerFlow = "S", tcp.Flow{Packets: 3, SYN: 1}, tcp.Flow{}
		})
	}
	oneSided := func(role ftp.Role) *ftp.Connection {
		return with(role, func(c *ftp.Connection) { c.History, c.ServerFlow = "SADF", tcp.Flow{} })
	}
	for _, test := range []struct {
		all  []*ftp.Connection
		want string
	}{
		{[]*ftp.Connection{reset(ftp.Data)}, "1 connection ended with a reset."},
		{[]*ftp.Connection{reset(ftp.Data), reset(ftp.Other)}, "1 connection of FTP and 1 of others ended with a reset."},
		{[]*ftp.Connection{reset(ftp.Other)}, "1 connection other than FTP ended with a reset."},
		{[]*ftp.Connection{closed(ftp.Control), closed(ftp.Other)}, "Every connection was closed from both sides."},
		{[]*ftp.Connection{closed(ftp.Control), unanswered(ftp.Other)}, "No SYN-ACK answered the SYN of 1 connection."},
		{[]*ftp.Connection{unanswered(ftp.Data), unanswered(ftp.Other), open(ftp.Other)},
			"No SYN-ACK answered the SYN of 2 connections; 1 connection other than FTP did not end before the capture did."},
		{[]*ftp.Connection{closed(ftp.Control), oneSided(ftp.Data)}, "1 connection did not end before the capture did."},
		{[]*ftp.Connection{open(ftp.Control), endless(ftp.Control), endless(ftp.Other)},
			"1 connection did not end before the capture did; the capture lacks the end of 1 connection of FTP and 1 of others; 6 bytes that were sent are not in the capture."},
	} {
		x := newTransferSurvey()
		for _, c := range test.all {
			x.add(c)
		}
		if got := x.endStory(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
