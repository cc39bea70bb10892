package byhand

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network/localhost"
)

// small is a scenario with a wording and a user of its own.
const small = `# Small
# x
user issle secret
open
quit
-- replies --
220 Good morning.
-- files/README --
Welcome.
`

func parse(t *testing.T, text string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse("small.txtar", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestServe connects to a server while it runs, and after it has stopped. In the scenario's network the server has a
// second address.
func TestServe(t *testing.T) {
	address := netip.MustParseAddr("127.0.0.1")
	port := localhost.New("127.0.0.1").ControlPort()
	ctx, stop := context.WithCancel(t.Context())
	ready, ended := make(chan netip.AddrPort, 1), make(chan error, 1)
	go func() {
		ended <- Serve(ctx, parse(t, strings.Replace(small, "user", "network wire\nhost server6 2001:db8:2::21 of=server\nuser", 1)), address, port, func(at netip.AddrPort) { ready <- at })
	}()
	at := <-ready
	if at != netip.AddrPortFrom(address, port) {
		t.Errorf("got a server at %v, want port %d", at, port)
	}
	soon, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := Greet(soon, at); err != nil {
		t.Errorf("while it serves: got error %v, want none", err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("stopped: got error %v, want none", err)
	}
	if err := Greet(soon, at); err == nil {
		t.Error("after it stopped: got no error, want connection refused")
	}
}

// TestGreetUnready connects to a server whose greeting says that it is not
// ready.
func TestGreetUnready(t *testing.T) {
	l, err := localhost.New("127.0.0.1").ListenTCP(0)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if conn, err := l.Accept(); err == nil {
			conn.Write([]byte("421 Too many users.\r\n"))
			conn.Close()
		}
	}()
	at := l.Addr().(interface{ AddrPort() netip.AddrPort }).AddrPort()
	if err := Greet(t.Context(), at); err == nil || !strings.Contains(err.Error(), "421") {
		t.Errorf("got error %v, want one with the server's 421", err)
	}
}

// TestServeWhereOneMayNot serves on an address that is not one of this
// machine's.
func TestServeWhereOneMayNot(t *testing.T) {
	never := func(netip.AddrPort) { t.Error("got a server, want an error") }
	if err := Serve(t.Context(), parse(t, small), netip.MustParseAddr("192.0.2.77"), 2121, never); err == nil {
		t.Error("got no error, want that the address cannot be had")
	}
}

func TestWelcome(t *testing.T) {
	for text, want := range map[string][]string{
		small: {"network of small: loopback", "ftp server\t", "127.0.0.1",
			"log in as issle with password secret, or anonymous with any password"},
		"# T\n# x\nnetwork wire\nserver port=2121\nopen\nquit\n": {"host client, 198.51.100.100", "ftp server 2121\t", "192.0.2.21"},
		"# T\n# x\nuser anonymous sesame\nopen\nquit\n":          {"log in as anonymous with password sesame\n"},
		"# T\n# x\nprogram srv\nuser alice sesame\nopen\nquit\n": {"log in as alice with password sesame\n"},
		"# T\n# x\nprogram srv\nopen\nquit\n":                    {"its FTP server, 127.0.0.1\n"},
	} {
		got := welcome(parse(t, text))
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("got\n%s\nwant %q in it", got, w)
			}
		}
	}
}

func TestHosts(t *testing.T) {
	got := hosts(parse(t, "# T\n# x\nnetwork wire\nname ftp.example.test 192.0.2.21\nopen ftp.example.test\nquit\n"))
	for _, want := range []string{"198.51.100.100\tclient\n", "192.0.2.21\tserver\n", "192.0.2.21\tftp.example.test\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant %q in it", got, want)
		}
	}
}
