package ftpserver_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"ftplab/lab/testbed/ftpserver"
	"ftplab/lab/testbed/network"
	"ftplab/lab/testbed/network/localhost"
)

// With the library alone a stranger who connects first makes the transfer fail
// with 425, keeps its connection, and is sent the next file.
func TestStrangerGetsNothing(t *testing.T) {
	u := login(t, serve(t, v4, ftpserver.Config{Files: readme}))
	port := u.passive()
	stranger := dial(t, "127.0.0.2", netip.AddrPortFrom(netip.MustParseAddr(v4), port))
	if got := all(t, stranger); got != "" {
		t.Errorf("the stranger got %q", got)
	}
	data := u.data(port)
	u.says("RETR README", 150)
	if got := all(t, data); got != "Welcome." {
		t.Errorf("the client got %q", got)
	}
	u.wants("RETR", 226)
	u.says("RETR README", 550) // without PASV: nobody to send it to
}

// A data port takes one connection. Whoever comes later is refused, or reset if
// the port is just being closed.
func TestDataPortTakesOneConnection(t *testing.T) {
	u := login(t, serve(t, v4, ftpserver.Config{Files: readme}))
	port := u.passive()
	data := u.data(port)
	u.says("RETR README", 150)
	if conn, err := net.Dial("tcp", net.JoinHostPort(v4, fmt.Sprint(port))); err == nil {
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		if got, err := io.ReadAll(conn); len(got) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a second connection got %q, %v", got, err)
		}
		conn.Close()
	}
	if got := all(t, data); got != "Welcome." {
		t.Errorf("the client got %q", got)
	}
	u.wants("RETR", 226)
}

// A data connection that is never used ends with a FIN and not with a reset,
// and it ends when the transfer for which it was opened is refused. With the
// library alone it stays until the session ends, and is then reset.
func TestUnusedDataConnectionIsClosedInOrder(t *testing.T) {
	u := login(t, serve(t, v4, ftpserver.Config{}))
	for range 100 { // the server may or may not have accepted it
		for _, next := range []struct {
			command string
			code    int
		}{{"RETR none", 550}, {"LIST none", 450}, {"PASV", 227}, {"PORT 127,0,0,1,12,100", 200}} {
			data := u.data(u.passive())
			u.says(next.command, next.code)
			all(t, data)
			data.Close()
		}
	}
	data := u.data(u.passive())
	u.says("QUIT", 221)
	all(t, data)
}

// A port that cannot be had is the server's trouble, and no listener is left.
func TestPassivePortThatIsTaken(t *testing.T) {
	taken, err := localhost.New(v4).ListenTCP(0)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := uint16(taken.Addr().(*net.TCPAddr).Port)
	host := localhost.New(v4, port, port, port, port)
	server, err := ftpserver.Start(host, ftpserver.Config{Port: host.ControlPort()})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close(soon(t))
	u := login(t, server)
	before := openFiles(t)
	for range 3 {
		u.says("PASV", 421)
	}
	if after := openFiles(t); after > before {
		t.Errorf("%d files are open, %d were before", after, before)
	}
	taken.Close()
	u.passive()
}

// With the library alone each of these leaves a listener open for good.
func TestNoListenerIsLeft(t *testing.T) {
	for name, commands := range map[string]func(u *user){
		"PASV, then PORT": func(u *user) { u.says("PASV", 227); u.says("PORT 127,0,0,1,12,100", 200) },
		"PASV on IPv6":    func(u *user) { u.says("PASV", 502) },
		"PROT P, PASV":    func(u *user) { u.says("PROT P", 502); u.says("PASV", 227) },
		"PASV, PASV":      func(u *user) { u.says("PASV", 227); u.says("PASV", 227) },
		"EPSV, refused":   func(u *user) { u.passive(); u.says("RETR none", 550) },
		"PORT, PORT":      func(u *user) { u.says("PORT 127,0,0,1,12,100", 200); u.says("PORT 127,0,0,1,12,101", 200) },
	} {
		t.Run(name, func(t *testing.T) {
			address := v4
			if strings.Contains(name, "IPv6") {
				address = v6
			}
			server := serve(t, address, ftpserver.Config{})
			login(t, server).says("QUIT", 221) // what is opened once is open now
			if err := server.Wait(soon(t)); err != nil {
				t.Fatal(err)
			}
			before := openFiles(t)
			for range 10 {
				u := login(t, server)
				commands(u)
				u.says("QUIT", 221)
				u.Close()
			}
			if err := server.Wait(soon(t)); err != nil {
				t.Fatal(err)
			}
			if after := openFiles(t); after > before {
				t.Errorf("%d files are open, %d were before", after, before)
			}
		})
	}
}

// With the library alone a data port is open on every address of the machine,
// or, from a range, on every address of IPv4 only.
func TestListensOnItsOwnAddressOnly(t *testing.T) {
	for _, address := range []string{v4, v6} {
		before := listening(t)
		server := serve(t, address, ftpserver.Config{})
		u := login(t, server)
		port := u.passive()
		want := map[netip.AddrPort]bool{server.Addr(): true, netip.AddrPortFrom(server.Addr().Addr(), port): true}
		for addr := range listening(t) {
			if !want[addr] && !before[addr] {
				t.Errorf("listens on %s, want %v only", addr, want)
			}
			delete(want, addr)
		}
		if len(want) > 0 {
			t.Errorf("does not listen on %v", want)
		}
	}
}

// listening returns the TCP addresses on which this process listens.
func listening(t testing.TB) map[netip.AddrPort]bool {
	t.Helper()
	mine := make(map[string]bool)
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skipf("cannot see what listens: %v", err)
	}
	for _, entry := range entries {
		target, _ := os.Readlink("/proc/self/fd/" + entry.Name())
		mine[target] = true
	}
	addrs := make(map[netip.AddrPort]bool)
	for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		file, err := os.Open(table)
		if err != nil {
			continue
		}
		for lines := bufio.NewScanner(file); lines.Scan(); {
			fields := strings.Fields(lines.Text())
			if fields[3] == "0A" && mine["socket:["+fields[9]+"]"] {
				addrs[parseProc(t, fields[1])] = true
			}
		}
		file.Close()
	}
	return addrs
}

// parseProc parses an address of /proc/net/tcp: words of the host's byte
// order, which is little-endian wherever this has run, and a port.
func parseProc(t testing.TB, text string) netip.AddrPort {
	t.Helper()
	hex, portHex, _ := strings.Cut(text, ":")
	port, err := strconv.ParseUint(portHex, 16, 16)
	if err != nil {
		t.Fatal(err)
	}
	var octets []byte
	for ; hex != ""; hex = hex[8:] {
		word, err := strconv.ParseUint(hex[:8], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		octets = append(octets, byte(word), byte(word>>8), byte(word>>16), byte(word>>24))
	}
	addr, _ := netip.AddrFromSlice(octets)
	return netip.AddrPortFrom(addr, uint16(port))
}

func TestPassivePortsAreThoseOfTheHost(t *testing.T) {
	control := localhost.New(v4)
	first, second := control.ControlPort(), control.ControlPort()
	host := localhost.New(v4, first, second)
	server, err := ftpserver.Start(host, ftpserver.Config{Port: control.ControlPort()})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close(soon(t))
	u := login(t, server)
	if got := u.passive(); got != first {
		t.Errorf("got port %d, want %d", got, first)
	}
	want := fmt.Sprintf("(127,0,0,1,%d,%d)", second>>8, second&0xff)
	if got := u.says("PASV", 227); !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

// active announces a listener of the client and returns it.
func (u *user) active() network.Listener {
	u.t.Helper()
	listener, err := localhost.New(v4).ListenTCP(0)
	if err != nil {
		u.t.Fatal(err)
	}
	u.t.Cleanup(func() { listener.Close() })
	port := listener.Addr().(*net.TCPAddr).Port
	u.says(fmt.Sprintf("PORT 127,0,0,1,%d,%d", port>>8, port&0xff), 200)
	return listener
}

// open sends LIST and returns its data connection.
func (u *user) open(mode string) network.Conn {
	u.t.Helper()
	if mode == "passive" {
		data := u.data(u.passive())
		u.says("LIST", 150)
		return data
	}
	listener := u.active()
	u.says("LIST", 150)
	data, err := listener.Accept()
	if err != nil {
		u.t.Fatal(err)
	}
	u.t.Cleanup(func() { data.Close() })
	return data
}

func TestActiveDataComesFromThePortBeforeTheControlPort(t *testing.T) {
	server := serve(t, v4, ftpserver.Config{Files: readme})
	u := login(t, server)
	listener := u.active()
	u.says("RETR README", 150)
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	want := netip.AddrPortFrom(server.Addr().Addr(), server.Addr().Port()-1)
	if got := conn.RemoteAddr().(*net.TCPAddr).AddrPort(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := all(t, conn); got != "Welcome." {
		t.Errorf("got %q", got)
	}
	u.wants("RETR", 226)
}

func TestActiveClientThatDoesNotListen(t *testing.T) {
	for _, first := range []bool{false, true} {
		u := login(t, serve(t, v4, ftpserver.Config{Files: readme, ReplyFirst: first}))
		u.active().Close()
		text := ""
		if first {
			u.says("RETR README", 150)
			text = u.wants("RETR README", 425)
		} else {
			text = u.says("RETR README", 425)
		}
		if want := "Can't open data connection: 127.0.0.1:"; !strings.HasPrefix(text, want) || !strings.HasSuffix(text, ": connection refused") {
			t.Errorf("got %q, want %s...: connection refused", text, want)
		}
		u.says("NOOP", 200)
	}
}

// ReplyFirst sends 150, once, before the connection: here nobody accepts it.
func TestReplyFirst(t *testing.T) {
	u := login(t, serve(t, v4, ftpserver.Config{
		Files: readme, ReplyFirst: true,
		Replies: []ftpserver.Reply{{Code: 150, Text: "First."}, {Code: 150, Text: "Second."}},
	}))
	for _, want := range []string{"First.", "Second."} {
		listener := u.active()
		if got := u.says("RETR README", 150); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		conn, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		all(t, conn)
		conn.Close()
		u.wants("RETR README", 226)
	}
}

func TestAwaitFIN(t *testing.T) {
	u := login(t, serve(t, v4, ftpserver.Config{Files: readme, AwaitFIN: true}))
	data := u.data(u.passive())
	u.says("RETR README", 150)
	if got := all(t, data); got != "Welcome." { // and the server's FIN
		t.Errorf("got %q", got)
	}
	u.conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if line, err := u.R.Peek(4); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%s came before the client closed", line)
	}
	u.conn.SetReadDeadline(time.Time{})
	data.Close()
	u.wants("RETR", 226)
}

// A client that aborts may want to hear of it before it closes.
func TestAwaitFINDoesNotHoldUpAbort(t *testing.T) {
	u := login(t, serve(t, v4, ftpserver.Config{
		AwaitFIN: true, Files: []ftpserver.File{{Path: "huge", Size: 1 << 40}},
	}))
	u.data(u.passive())
	u.says("RETR huge", 150)
	u.says("ABOR", 426)
	u.wants("ABOR", 226)
}

func TestControlConnectionThatEndsTakesItsTransferAlong(t *testing.T) {
	server := serve(t, v4, ftpserver.Config{Files: []ftpserver.File{{Path: "huge", Size: 1 << 40}}})
	u := login(t, server)
	data := u.data(u.passive())
	u.says("RETR huge", 150)
	u.Close()
	if _, err := io.Copy(io.Discard, data); err != nil {
		t.Error(err)
	}
	u = login(t, server)
	u.passive()
	u.PrintfLine("RETR huge") // and the server waits for its data connection
	u.Close()
	if err := server.Wait(soon(t)); err != nil {
		t.Error(err)
	}
}

func TestLargeUploadIsNotKept(t *testing.T) {
	server := serve(t, v4, ftpserver.Config{})
	u := login(t, server)
	data := u.data(u.passive())
	u.says("STOR large", 150)
	piece := bytes.Repeat([]byte("x"), 1<<20)
	for range 17 {
		data.Write(piece)
	}
	data.Close()
	u.wants("STOR", 226)
	if got, want := u.says("SIZE large", 213), strconv.Itoa(17<<20); got != want {
		t.Errorf("SIZE: got %s, want %s", got, want)
	}
	uploads := server.Uploads()
	if len(uploads) != 1 || uploads[0].Content.Size != 17<<20 || uploads[0].Err != nil {
		t.Errorf("got %+v", uploads)
	}
	u.passive()
	if got := u.says("RETR large", 550); !strings.Contains(got, "not kept") {
		t.Errorf("RETR: got %q", got)
	}
	if _, err := server.Open("large"); err == nil {
		t.Error("Open gives what was not kept")
	}
	u.says("DELE large", 250)
}

func TestUploadThatIsCutShortSaysSo(t *testing.T) {
	server := serve(t, v4, ftpserver.Config{})
	u := login(t, server)
	data := u.data(u.passive())
	u.says("STOR part", 150)
	data.Write([]byte("half"))
	data.SetLinger(0) // a reset
	data.Close()
	u.wants("STOR", 426)
	if uploads := server.Uploads(); len(uploads) != 1 || uploads[0].Err == nil {
		t.Errorf("got %+v, want an error", uploads)
	}
}

// TestBrokenTransfer has a client reset data connections, and close one before the end of
// the file. The reply is that of RFC 959, 5.4, and has nothing of the system's error.
func TestBrokenTransfer(t *testing.T) {
	u := login(t, serve(t, v4, ftpserver.Config{Files: []ftpserver.File{{Path: "huge", Size: 1 << 40}}}))
	for i, command := range []string{"STOR part", "RETR huge", "RETR huge"} {
		data := u.data(u.passive())
		u.says(command, 150)
		if command == "STOR part" {
			data.Write([]byte("half"))
		} else {
			io.CopyN(io.Discard, data, 100_000)
		}
		if i < 2 {
			data.SetLinger(0) // a reset
		}
		data.Close()
		if got := u.wants(command, 426); got != "Connection closed; transfer aborted" {
			t.Errorf("%s: got %q", command, got)
		}
	}
	u.says("NOOP", 200)
}
