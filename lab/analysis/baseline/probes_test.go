// Probes without TCP, crowds that probe, and what anonymous users do at many servers.

package baseline

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/internal/forge"
)

// ping is a message of ICMP of the given type.
func ping(f *forge.Capture, from, to string, kind byte) {
	f.IP(netip.MustParseAddr(from), netip.MustParseAddr(to), 1, []byte{kind, 0, 0, 0, 0, 7, 0, 1})
}

// claim is a reply of ARP, by which a network card of the given number claims an address.
func claim(f *forge.Capture, card byte, addr string) {
	mac, ip := []byte{2, 0, 0, 0, 0, card}, netip.MustParseAddr(addr).AsSlice()
	all := []byte{255, 255, 255, 255, 255, 255}
	f.Frame(slices.Concat(all, mac, []byte{8, 6, 0, 1, 8, 0, 6, 4, 0, 2}, mac, ip, all, ip))
}

// looksFor asks by ARP for n addresses of a network.
func looksFor(f *forge.Capture, n int, answers bool) {
	for i := range n {
		mac, client, addr := []byte{2, 0, 0, 0, 0, 100}, netip.MustParseAddr(aClient).AsSlice(), fmt.Sprintf("192.0.2.%d", 100+i)
		f.Frame(slices.Concat([]byte{255, 255, 255, 255, 255, 255}, mac, []byte{8, 6, 0, 1, 8, 0, 6, 4, 0, 1}, mac, client, make([]byte, 6), netip.MustParseAddr(addr).AsSlice()))
		if answers {
			card := []byte{2, 0, 0, 0, 1, byte(i)}
			f.Frame(slices.Concat(mac, card, []byte{8, 6, 0, 1, 8, 0, 6, 4, 0, 2}, card, netip.MustParseAddr(addr).AsSlice(), mac, client))
		}
	}
}

// offersTLS asks servers for TLS, goes on in TLS, and leaves.
func offersTLS(f *forge.Capture, servers int, goOn func(*forge.End)) {
	for i := range servers {
		t := dial(f, aClient, fmt.Sprintf("192.0.2.%d:21", 30+i)).Say("< 220 hi\n> AUTH TLS\n< 234 go ahead")
		goOn(t)
		t.Close()
	}
}

// refuseTLS asks many servers for TLS, which they refuse, and perhaps says something then.
func refuseTLS(f *forge.Capture, then string) {
	for i := range 9 {
		dial(f, aClient, fmt.Sprintf("192.0.2.%d:21", 30+i)).Say("< 220 hi\n> AUTH TLS\n< 502 no").Say(then).Close()
	}
}

// asks sends datagrams to n ports of the server, from the given one on. Where it is answered,
// the server sends one back.
func asks(f *forge.Capture, first, n int, answers bool) {
	for i := range n {
		from, to := addrPort(aClient, 40000+i), addrPort(aServer, first+i)
		f.UDP(from, to, []byte("who is there?"))
		if answers {
			f.UDP(to, from, []byte("me"))
		}
	}
}

// afterwards is a connection to port 1024 of the server, which sends FIN from a port to twelve ports of the client that
// are closed.
func afterwards(f *forge.Capture, from int) {
	for i := range 12 {
		server, client := f.Pair(addrPort(aServer, from), addrPort(aClient, 50000+i))
		server.Segment("F.", "")
		client.Segment("R", "")
	}
	dial(f, aClient+":49000", aServer+":1024").Say("> ask\n< tell").Close()
}

// ofProtocols sends packets of so many protocols of IP.
func ofProtocols(f *forge.Capture, n int) {
	for i := range n {
		f.IP(netip.MustParseAddr(aClient), netip.MustParseAddr(aServer), byte(100+i), []byte("0123"))
	}
}

// exchanged is a file that a user stores, and that the same user fetches from other hosts.
func exchanged(f *forge.Capture, user string, fetchers int) {
	login := "< 220 hi\n> USER " + user + "\n< 331 and?\n> PASS a@b\n< 230 in\n> CWD incoming\n< 250 ok"
	t := f.Control().Say(login)
	move(t, 40000, "STOR film.r00", "Rar!")
	move(t, 40001, "RETR film.r00", "Rar!") // to see whether all of it is there
	t.Say(bye).Peer.Close()
	for i := range fetchers {
		t := dial(f, fmt.Sprintf("203.0.113.%d", i+1), aServer+":21").Say(login)
		move(t, 41000+i, "RETR film.r00", "Rar!")
		t.Say(bye).Peer.Close()
	}
}

// anonymously visits servers of one network, says something, and leaves.
func anonymously(f *forge.Capture, user string, servers int, say func(*forge.End)) {
	for i := range servers {
		t := dial(f, aClient, fmt.Sprintf("192.0.2.%d:21", 30+i)).Say("< 220 hi\n> USER " + user + "\n< 331 and?\n> PASS a@b\n< 230 in")
		say(t)
		t.Say(bye).Peer.Close()
		f.Pass(time.Minute)
	}
}

// asksName asks a name server for the address of a name, with the given ID.
func asksName(f *forge.Capture, id byte) {
	f.UDP(aClient+":50000", "192.0.2.53:53", slices.Concat([]byte{0, id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, ftpName))
}

// ftpName is the question for the address of ftp.test.
var ftpName = []byte("\x03ftp\x04test\x00\x00\x01\x00\x01")

// tellsName answers it.
func tellsName(f *forge.Capture, id byte, addrs ...string) {
	m := slices.Concat([]byte{0, id, 0x81, 0x80, 0, 1, 0, byte(len(addrs)), 0, 0, 0, 0}, ftpName)
	for _, a := range addrs {
		m = slices.Concat(m, []byte{0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4}, netip.MustParseAddr(a).AsSlice())
	}
	f.UDP("192.0.2.53:53", aClient+":50000", m)
}

// refusals connects to closed ports of n hosts.
func refusals(f *forge.Capture, n int, ports ...int) {
	for i := range n {
		for _, port := range ports {
			refuse(f, aClient, addrPort(fmt.Sprintf("192.0.2.%d", 40+20*i), port))
			f.Pass(20 * time.Second)
		}
	}
}

// farAndWide connects to a port of so many hosts in different networks that refuse it, and of some that answer.
func farAndWide(f *forge.Capture, refused, answer, port int) {
	for i := range refused {
		refuse(f, aClient, addrPort(fmt.Sprintf("10.%d.7.9", i+1), port))
		f.Pass(time.Second)
	}
	for i := range answer {
		dial(f, aClient, addrPort(fmt.Sprintf("10.%d.7.10", i+1), port)).Say("> EHLO me\n< 250 you").Close()
	}
}

func TestProbes(t *testing.T) {
	const rule = "no-scans"
	nothing := func(*forge.End) {}
	for _, test := range []struct {
		name string
		want Verdict
		play func(*forge.Capture)
	}{
		{"a scan of UDP", NotNormal, func(f *forge.Capture) { asks(f, 60, 12, false) }},
		{"a few services of UDP that are down", IsNormal, func(f *forge.Capture) { asks(f, 60, 9, false) }},
		{"many services of UDP", IsNormal, func(f *forge.Capture) { asks(f, 60, 12, true) }},
		{"a scan of the ports above", NotNormal, func(f *forge.Capture) { asks(f, 1025, 200, false) }},
		{"a scan of a few of them", IsUnusual, func(f *forge.Capture) { asks(f, 1900, 20, false) }},
		{"a game that tries some ports", IsNormal, func(f *forge.Capture) { asks(f, 27000, 12, false) }},
		{"connections of which one direction was recorded", IsNormal, func(f *forge.Capture) {
			for range 30 {
				asks(f, 16384, 20, false)
			}
		}},
		{"answers of a name server, of which only these were recorded", IsNormal, func(f *forge.Capture) {
			for i := range 200 {
				f.UDP("192.0.2.53:53", addrPort(aClient, 50000+i), []byte("it is there"))
			}
		}},
		{"a device that answers broadcasts by broadcasts", IsNormal, func(f *forge.Capture) {
			for i := range 200 {
				from, to := addrPort(aClient, 50000+i), addrPort(aServer, 5560)
				f.UDP(from, "255.255.255.255:5560", []byte("who is there?"))
				f.UDP(to, addrPort("255.255.255.255", 50000+i), []byte("me"))
			}
		}},
		{"a scan by broadcasts", NotNormal, func(f *forge.Capture) {
			for i := range 200 {
				f.UDP(aClient+":5560", addrPort("255.255.255.255", 1025+i), []byte("who is there?"))
			}
		}},
		{"the ends of older connections to a service", IsNormal, func(f *forge.Capture) { afterwards(f, 1024) }},
		{"a scan with FIN and ACK", NotNormal, func(f *forge.Capture) { afterwards(f, 1025) }},
		{"a scan of protocols", NotNormal, func(f *forge.Capture) { ofProtocols(f, 20) }},
		{"a router's protocols", IsNormal, func(f *forge.Capture) { ofProtocols(f, 3) }},
		{"a trace of the way", IsNormal, func(f *forge.Capture) { asks(f, 33434, 30, false) }},
		{"a sweep of a network with echo requests", IsUnusual, func(f *forge.Capture) {
			for i := range 20 {
				ping(f, aClient, fmt.Sprintf("192.0.2.%d", 100+i), 8)
			}
		}},
		{"a monitor whose echo requests are answered", IsNormal, func(f *forge.Capture) {
			for i := range 20 {
				host := fmt.Sprintf("192.0.2.%d", 100+i)
				ping(f, aClient, host, 8)
				ping(f, host, aClient, 0)
			}
		}},
		{"seven ports around that of the server", NotNormal, func(f *forge.Capture) { refusals(f, 1, 20, 22, 23, 24, 25, 26, 27) }},
		{"a few services that are down", IsNormal, func(f *forge.Capture) { refusals(f, 1, 22, 25, 80, 110, 143, 443, 990) }},
		{"nine ports of two hosts", NotNormal, func(f *forge.Capture) { refusals(f, 2, 990, 2021, 2100, 2121, 2221, 8021, 10021, 21000, 50021) }},
		{"three services of many hosts", IsNormal, func(f *forge.Capture) { refusals(f, 7, 22, 443, 2121) }},
		{"a search in many networks", NotNormal, func(f *forge.Capture) { farAndWide(f, 30, 0, 23) }},
		{"a search in many networks for a port above", NotNormal, func(f *forge.Capture) { farAndWide(f, 60, 0, 2323) }},
		{"servers in many networks that are down", IsNormal, func(f *forge.Capture) { farAndWide(f, 29, 0, 25) }},
		{"mail for many servers, of which some are down", IsNormal, func(f *forge.Capture) { farAndWide(f, 40, 5, 25) }},
		{"peers at many ports, of which most are gone", IsNormal, func(f *forge.Capture) {
			farAndWide(f, 70, 0, 6881)
			for i := range 80 {
				refuse(f, aClient, addrPort(fmt.Sprintf("10.9.8.%d", i+1), 7000+i))
			}
		}},
		{"a scan from many addresses", IsUnusual, func(f *forge.Capture) {
			for i := range 40 {
				refuse(f, fmt.Sprintf("203.0.113.%d", 1+i), addrPort(aServer, 40+i))
			}
		}},
		{"connections of a crowd to a few closed ports", IsNormal, func(f *forge.Capture) {
			for i := range 60 {
				refuse(f, fmt.Sprintf("203.0.113.%d", 1+i), addrPort(aServer, 130+i%20))
			}
		}},
		{"connections of a crowd to closed data ports", IsNormal, func(f *forge.Capture) {
			for i := range 40 {
				refuse(f, fmt.Sprintf("203.0.113.%d", 1+i), addrPort(aServer, 40000+i))
			}
		}},
		{"a search by ARP, and of the servers that it found", NotNormal, func(f *forge.Capture) {
			looksFor(f, 40, false)
			refusals(f, 3, 21)
		}},
		{"a search with echo requests, and of the servers that it found", NotNormal, func(f *forge.Capture) {
			for i := range 40 {
				ping(f, aClient, fmt.Sprintf("192.0.2.%d", 100+i), 8)
			}
			refusals(f, 3, 21)
		}},
		{"a search by ARP, and of one server", IsNormal, func(f *forge.Capture) {
			looksFor(f, 40, false)
			refusals(f, 1, 21)
		}},
		{"a monitor that looks for hosts which exist, of which some have no server", IsNormal, func(f *forge.Capture) {
			looksFor(f, 40, true)
			refusals(f, 3, 21)
		}},
		{"a search for servers with TLS", NotNormal, func(f *forge.Capture) { offersTLS(f, 9, func(t *forge.End) { t.Segment("P.", clientHello) }) }},
		{"a search for servers with TLS, which have none", NotNormal, func(f *forge.Capture) { refuseTLS(f, "") }},
		{"a monitor of servers without TLS", IsNormal, func(f *forge.Capture) { refuseTLS(f, bye) }},
		{"a look at a few servers with TLS", IsNormal, func(f *forge.Capture) { offersTLS(f, 7, func(t *forge.End) { t.Segment("P.", clientHello) }) }},
		{"sessions in TLS with many servers", IsNormal, func(f *forge.Capture) { offersTLS(f, 9, func(t *forge.End) { inTLS(t) }) }},
		{"sessions with many servers, of which only these were recorded", IsNormal, func(f *forge.Capture) {
			offersTLS(f, 9, func(t *forge.End) { inTLS(t) })
			f.Frames = slices.DeleteFunc(f.Frames, fromClient)
		}},
		{"anonymous logins at one server after another", IsUnusual, func(f *forge.Capture) { anonymously(f, "anonymous", 12, nothing) }},
		{"a monitor with an account", IsNormal, func(f *forge.Capture) { anonymously(f, "monitor", 12, nothing) }},
		{"a crawler that lists", IsNormal, func(f *forge.Capture) {
			anonymously(f, "anonymous", 12, func(t *forge.End) { t.Say("> EPSV\n< 229 (|||25600|)\n> LIST\n< 550 no") })
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := forged(t, func(f *forge.Capture) {
				test.play(f)
				session1("")(f)
			})
			if found := count(got, rule, rules.Violation) + count(got, rule, rules.Odd); got.Verdict != test.want || (found > 0) != (test.want != IsNormal) {
				t.Errorf("got %v\nwant %s by %s", got, test.want, rule)
			}
		})
	}
}

// TestSwappedNames gives a name another address each time. That is a note, and one for the name.
func TestSwappedNames(t *testing.T) {
	got := forged(t, func(f *forge.Capture) {
		for i := range byte(4) {
			asksName(f, i)
			tellsName(f, i, []string{aServer, "203.0.113.66"}[i%2])
		}
		session1("")(f)
	})
	if n := count(got, "no-detours", rules.Note); n != 1 || got.Verdict != IsNormal {
		t.Errorf("got %v\nwant one note", got)
	}
}

// TestDetours lets a host claim the addresses of others, once or more often.
func TestDetours(t *testing.T) {
	for name, test := range map[string]struct {
		want Verdict
		play func(*forge.Capture)
	}{
		"a server that takes the place of another": {IsUnusual, func(f *forge.Capture) { claim(f, 21, aServer); claim(f, 22, aServer) }},
		"two that claim an address in turn": {NotNormal, func(f *forge.Capture) {
			for range 3 {
				claim(f, 21, aServer)
				claim(f, 66, aServer)
			}
		}},
		"a host that claims both addresses": {IsUnusual, func(f *forge.Capture) { claim(f, 66, aServer); claim(f, 66, aClient) }},
		"two answers to one question": {IsUnusual, func(f *forge.Capture) {
			asksName(f, 7)
			tellsName(f, 7, aServer)
			tellsName(f, 7, "203.0.113.66")
		}},
		"two answers to one question, one of them damaged": {IsNormal, func(f *forge.Capture) {
			asksName(f, 7)
			tellsName(f, 7, "203.0.113.66")
			f.Last(0).Data[40] = 1 // a checksum, and a wrong one
			tellsName(f, 7, aServer)
		}},
		"two answers to one question, from two places": {NotNormal, func(f *forge.Capture) {
			asksName(f, 7)
			tellsName(f, 7, "203.0.113.66")
			hops(f, 0, 117)
			tellsName(f, 7, aServer)
		}},
		"two answers to one question, from two places, of which one was recorded before it": {NotNormal, func(f *forge.Capture) {
			tellsName(f, 7, "203.0.113.66")
			hops(f, 0, 117)
			asksName(f, 7)
			tellsName(f, 7, aServer)
		}},
		"two answers to one question, from two places, which were recorded before it": {NotNormal, func(f *forge.Capture) {
			tellsName(f, 7, aServer)
			tellsName(f, 7, "203.0.113.66")
			hops(f, 0, 117)
			asksName(f, 7)
		}},
		"an answer, and much later the same question again, with another answer": {IsNormal, func(f *forge.Capture) {
			tellsName(f, 7, "203.0.113.66")
			f.Pass(5 * time.Second)
			asksName(f, 7)
			tellsName(f, 7, aServer)
		}},
		"two answers, of which no question was recorded": {IsNormal, func(f *forge.Capture) {
			tellsName(f, 7, "203.0.113.66")
			tellsName(f, 7, aServer)
		}},
		"a question that was asked again, and has several answers": {IsNormal, func(f *forge.Capture) {
			asksName(f, 7)
			asksName(f, 7)
			tellsName(f, 7, aServer, "192.0.2.22")
			tellsName(f, 7, "192.0.2.22", aServer)
			tellsName(f, 7, "192.0.2.22", aServer) // recorded twice
		}},
		"two answers about others": {IsNormal, func(f *forge.Capture) {
			asksName(f, 7)
			tellsName(f, 7, "203.0.113.65")
			tellsName(f, 7, "203.0.113.66")
		}},
		"a redirect": {IsUnusual, func(f *forge.Capture) { ping(f, "198.51.100.1", aClient, 5) }},
		"a request of a host that has no address": {IsNormal, func(f *forge.Capture) { claim(f, 66, "0.0.0.0"); claim(f, 67, "0.0.0.0") }},
	} {
		got := forged(t, func(f *forge.Capture) {
			test.play(f)
			session1("")(f)
		})
		if found := count(got, "no-detours", rules.Violation) + count(got, "no-detours", rules.Odd); got.Verdict != test.want || found > 0 && found != 1 || (found > 0) != (test.want != IsNormal) {
			t.Errorf("%s: got %v\nwant %s by one finding", name, got, test.want)
		}
	}
}
