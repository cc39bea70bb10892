package baseline

import (
	"fmt"
	"strings"
	"testing"

	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/internal/forge"
)

// The addresses of a client with IPv4 and IPv6.
const (
	dualClient4, dualClient6 = "198.51.100.100", "2001:db8:1::100"
	dualServer4, dualServer6 = "192.0.2.21", "2001:db8:2::21"
)

// bounced is a session on IPv6 whose client announces an IPv4 address, to which the server
// connects. The client's frames come from one network card, and are then changed.
func bounced(change func(*forge.Frame)) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := dial(f, dualClient6, dualServer6+":21").Say(hello).Say("> EPRT |1|" + dualClient4 + "|3170|\n< 200 ok")
		download(f, dualServer4+":20", dualClient4+":3170", opener, 100)
		t.Say("> RETR a\n< 150 here\n< 226 done").Say(bye).Peer.Close()
		for i := range f.Frames {
			if data := f.Frames[i].Data; data[11] == 100 || data[11] == 0 {
				copy(data[6:], []byte{2, 0, 0, 0, 0, 100})
				change(&f.Frames[i])
			}
		}
	}
}

// TestOneCard judges an IPv4 address that a client announces on IPv6.
func TestOneCard(t *testing.T) {
	isIPv4 := func(f *forge.Frame) bool { return f.Data[12] == 8 }
	for _, test := range []struct {
		name   string
		change func(*forge.Frame)
		want   rules.Severity
	}{
		{"one card", func(*forge.Frame) {}, rules.Odd},
		{"another card", func(f *forge.Frame) {
			if isIPv4(f) {
				f.Data[11]++
			}
		}, rules.Violation},
		{"a router's card", func(f *forge.Frame) {
			if !isIPv4(f) {
				f.Data[21] = 63
			}
		}, rules.Violation},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := forgedEvidence(t, bounced(test.change))
			a, err := e.Check(profile.Normal())
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range a.Findings {
				if f.Rule == "own-address" {
					if f.Severity != test.want {
						t.Errorf("got %v, want %v: %s", f.Severity, test.want, f.Observed)
					}
					return
				}
			}
			t.Error("own-address has no finding")
		})
	}
}

// secondAddress is a session whose client announces another address of its network, to which the
// server connects. The frames from both come from one network card, and are then changed.
func secondAddress(port int, reply string, change func(*forge.Frame)) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello).Say(fmt.Sprintf("> PORT 198,51,100,101,%d,%d\n< 200 ok\n> RETR a\n< 150 here", port>>8, port&255))
		download(f, aServer+":20", addrPort("198.51.100.101", port), opener, 100)
		t.Say("< " + reply).Say(bye).Peer.Close()
		for i := range f.Frames {
			if data := f.Frames[i].Data; data[11] == 100 || data[11] == 101 {
				data[11] = 100
				change(&f.Frames[i])
			}
		}
	}
}

// TestSecondAddress judges an address in the client's network that is not the one of its control
// connection.
func TestSecondAddress(t *testing.T) {
	const lastOctet = 29 // of the source
	from := func(host string, at int, by byte) func(*forge.Frame) {
		return func(f *forge.Frame) {
			if strings.Contains(host, fmt.Sprint(f.Data[lastOctet])) {
				f.Data[at] += by
			}
		}
	}
	same := func(*forge.Frame) {}
	for _, test := range []struct {
		name string
		play func(*forge.Capture)
		want Verdict
	}{
		{"a client with two addresses", secondAddress(40000, "226 done", same), IsUnusual},
		{"another card", secondAddress(40000, "226 done", from("101", 11, 1)), NotNormal},
		{"another distance", secondAddress(40000, "226 done", from("101", 22, 64)), NotNormal},
		{"behind a router", secondAddress(40000, "226 done", from("100 101", 22, 0xff)), NotNormal},
		{"a service", secondAddress(8080, "226 done", same), NotNormal},
		{"a transfer that failed", secondAddress(40000, "426 no", same), NotNormal},
	} {
		if a := forged(t, test.play); a.Verdict != test.want {
			t.Errorf("%s: got %v, want %v", test.name, a, test.want)
		}
	}
}
