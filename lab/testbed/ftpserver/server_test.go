package ftpserver_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/textproto"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ftplab/lab/testbed/ftpserver"
	"ftplab/lab/testbed/network/localhost"
)

// The tests run in a time zone of their own, which must not show in a listing.
func TestMain(m *testing.M) {
	time.Local = time.FixedZone("far away", -9*3600)
	goleak.VerifyTestMain(m)
}

const v4, v6 = "127.0.0.1", "::1"

// serve runs a server for one test.
func serve(t testing.TB, address string, config ftpserver.Config) *ftpserver.Server {
	t.Helper()
	host := localhost.New(address)
	config.Port = host.ControlPort()
	server, err := ftpserver.Start(host, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(soon(t)); err != nil {
			t.Error(err)
		}
	})
	return server
}

// soon is a context that ends before a test that hangs is a nuisance.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// A user is somebody at a keyboard with nothing but a connection: these tests
// want to be ruder than package ftpclient can be.
type user struct {
	*textproto.Conn
	t    testing.TB
	conn *net.TCPConn
}

// connect connects and reads the greeting.
func connect(t testing.TB, server *ftpserver.Server) *user {
	t.Helper()
	u := &user{t: t, conn: dial(t, "", server.Addr())}
	u.Conn = textproto.NewConn(u.conn)
	u.wants("the greeting", 220)
	return u
}

func login(t testing.TB, server *ftpserver.Server) *user {
	t.Helper()
	u := connect(t, server)
	u.says("USER anonymous", 331)
	u.says("PASS me@mypc.test", 230)
	u.says("TYPE I", 200)
	return u
}

// says sends a command and wants a reply with that code. It returns the text.
func (u *user) says(command string, code int) string {
	u.t.Helper()
	if err := u.PrintfLine("%s", command); err != nil {
		u.t.Fatalf("%s: %v", command, err)
	}
	return u.wants(command, code)
}

// wants reads a reply.
func (u *user) wants(command string, code int) string {
	u.t.Helper()
	got, text, err := u.ReadResponse(0)
	if err != nil || got != code {
		u.t.Fatalf("%s: got %d %s, %v, want %d", command, got, text, err, code)
	}
	return text
}

// passive sends EPSV and returns the port.
func (u *user) passive() uint16 {
	u.t.Helper()
	var port uint16
	text := u.says("EPSV", 229)
	if _, err := fmt.Sscanf(text[strings.IndexByte(text, '('):], "(|||%d|)", &port); err != nil {
		u.t.Fatalf("%s: %v", text, err)
	}
	return port
}

// dial connects from an address of this machine, any if it is "".
func dial(t testing.TB, from string, to netip.AddrPort) *net.TCPConn {
	t.Helper()
	var dialer net.Dialer
	if from != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	conn, err := dialer.DialContext(soon(t), "tcp", to.String())
	if err != nil {
		t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	t.Cleanup(func() { conn.Close() })
	return conn.(*net.TCPConn)
}

// data connects to a data port of the server.
func (u *user) data(port uint16) *net.TCPConn {
	u.t.Helper()
	addr := u.conn.RemoteAddr().(*net.TCPAddr).AddrPort().Addr()
	return dial(u.t, "", netip.AddrPortFrom(addr, port))
}

// all reads a connection to its end.
func all(t testing.TB, conn net.Conn) string {
	t.Helper()
	data, err := io.ReadAll(conn)
	if err != nil {
		t.Error(err)
	}
	return string(data)
}

var readme = []ftpserver.File{{Path: "README", Content: []byte("Welcome.")}}

// TestMechanisms asks for TLS by names that RFC 4217 does not have, as curl does, and then by
// its own.
func TestMechanisms(t *testing.T) {
	u := connect(t, serve(t, v4, ftpserver.Config{Files: readme, TLS: ftpserver.TLS{Config: &tls.Config{}}}))
	for _, mechanism := range []string{"SSL", "TLS-P", "GSSAPI"} {
		u.says("AUTH "+mechanism, 504)
	}
	u.says("AUTH tls", 234)
}

func TestTLSIsRefusedAndTheClientGoesOn(t *testing.T) {
	u := connect(t, serve(t, v4, ftpserver.Config{Files: readme}))
	u.says("AUTH TLS", 550)
	u.says("AUTH SSL", 550)
	u.says("USER anonymous", 331)
	u.says("PASS x", 230)
	u.says("PBSZ 0", 502)
	u.says("PROT P", 502)
	data := u.data(u.passive())
	u.says("RETR README", 150)
	if got := all(t, data); got != "Welcome." {
		t.Errorf("got %q", got)
	}
	u.wants("RETR", 226)
	u.says("QUIT", 221)
}

func TestUsers(t *testing.T) {
	config := ftpserver.Config{Users: []ftpserver.User{{Name: "issle", Password: "secret"}}}
	for _, test := range []struct {
		name, password string
		want           int
	}{
		{"issle", "secret", 230}, {"issle", "Secret", 530}, {"issle", "", 530},
		{"root", "secret", 530}, {"anonymous", "whatever", 230}, {"Anonymous", "whatever", 530},
	} {
		u := connect(t, serve(t, v4, config))
		u.says("USER "+test.name, 331)
		u.says("PASS "+test.password, test.want)
		u.says("QUIT", 221)
	}
	config.Users = append(config.Users, ftpserver.User{Name: "anonymous", Password: "guest"})
	u := connect(t, serve(t, v4, config))
	u.says("USER anonymous", 331)
	u.says("PASS whatever", 530)
	u.says("USER anonymous", 331)
	u.says("PASS guest", 230)
}

// The library closes the connection after a 530; the client's QUIT would meet
// a reset.
func TestRefusedLoginKeepsTheConnection(t *testing.T) {
	server := serve(t, v4, ftpserver.Config{})
	for range 3 {
		u := connect(t, server)
		u.says("PWD", 530)
		u.says("USER root", 331)
		u.says("PASS root", 530)
		u.says("PWD", 530)
		u.says("QUIT", 221)
		if got := all(t, u.conn); got != "" {
			t.Errorf("after 221 the server said %q", got)
		}
		u = connect(t, server)
		u.says("USER root", 331)
		u.says("PASS root", 530)
		u.Close()
	}
	if err := server.Wait(soon(t)); err != nil {
		t.Error(err)
	}
}

func TestThirdPartiesAreRefused(t *testing.T) {
	for _, test := range []struct{ address, command string }{
		{v4, "PORT 127,0,0,2,12,100"},
		{v4, "PORT 192,0,2,1,0,80"},
		{v4, "EPRT |1|127.0.0.2|3172|"},
		{v6, "EPRT |2|2001:db8::1|3172|"},
		{v6, "PORT 127,0,0,1,12,100"},
	} {
		u := login(t, serve(t, test.address, ftpserver.Config{Files: readme}))
		if text := u.says(test.command, 501); !strings.Contains(text, "security") {
			t.Errorf("%s: got %q", test.command, text)
		}
		u.says("LIST", 550) // nobody to send it to
	}
}

func TestMalformedPortsAreRefused(t *testing.T) {
	u := login(t, serve(t, v4, ftpserver.Config{}))
	for _, command := range []string{
		"PORT", "PORT 127,0,0,1", "PORT 127,0,0,1,12,100,0", "PORT 127,0,0,1,256,1", "PORT 127,0,0,1,12,-1",
		"PORT 127,0,0,1,0,0", "PORT localhost", "EPRT", "EPRT |1|127.0.0.1|", "EPRT |1|127.0.0.1|65536|",
		"EPRT |1|127.0.0.1|0|", "EPRT |1|::1|3172|", "EPRT |1|nowhere|3172|", "EPRT |1|127.0.0.1|3172|x",
	} {
		u.says(command, 501)
	}
	u.says("LIST", 550)
}

// TestCommandsOfTheRFCs asks for what the library under the server lacks.
func TestCommandsOfTheRFCs(t *testing.T) {
	u := login(t, serve(t, v4, ftpserver.Config{Files: readme}))
	for _, test := range []struct {
		command string
		code    int
	}{
		{"HELP", 214}, {"STRU F", 200}, {"STRU R", 504}, {"USER", 501},
		{"EPRT |2|::1|3172|", 522}, {"EPRT |3|127.0.0.1|3172|", 522}, {"EPSV 2", 522}, {"EPSV 1", 229}, {"OPTS NONSENSE", 501}, {"OPTS UTF8 ON", 200},
		{"PASV", 227}, {"EPSV ALL", 200}, {"PASV", 503}, {"PORT 127,0,0,1,12,100", 503}, {"EPSV", 229},
	} {
		u.says(test.command, test.code)
	}
	for _, telnet := range []string{"\xff\xf2", "\xff\xf4\xff\xf2", "\xff\xf1", "\xff\xf4\xff\xfc\x01"} { // DM, IP and DM, NOP, IP and WONT ECHO
		u.says(telnet+"NOOP", 200)
		u.says(telnet+"PWD", 257)
	}
	u.says("NO\xff\xf1OP", 200)
	u.says("NOOP\xff\xf1", 200)
	for _, unknown := range []string{"NOOPQUIT", "XABOR", "FOOSTAT", "xquit", "\x80QUIT"} {
		u.says(unknown, 500)
	}
	u.says("\xff\xf4\xff\xf2STAT", 211)
	u.PrintfLine("\xff\xfd\x01\xff\xfb\x03NOOP") // DO ECHO, WILL SUPPRESS-GO-AHEAD
	if got, err := u.ReadLine(); err != nil || got != "\xff\xfc\x01\xff\xfe\x03200 OK" {
		t.Errorf("got %q, %v, want WONT ECHO, DONT SUPPRESS-GO-AHEAD and 200", got, err)
	}
}

func TestNothingOutsideTheTree(t *testing.T) {
	u := login(t, serve(t, v4, ftpserver.Config{Files: readme}))
	u.says("CWD ../../..", 250)
	if got := u.says("PWD", 257); !strings.HasPrefix(got, `"/" `) {
		t.Errorf("above the root is %s", got)
	}
	for _, command := range []string{"SIZE /etc/passwd", "SIZE ../../etc/passwd", "CWD /etc", "MDTM /proc/self/environ", "DELE /etc/hostname"} {
		u.says(command, 550)
	}
	u.passive()
	u.says("RETR ../../../etc/passwd", 550)
	u.says("SITE SYMLINK /etc/passwd x", 500)
	u.says("SITE CHMOD 777 README", 500)
}

func TestReadOnlyRefusesEveryChange(t *testing.T) {
	u := login(t, serve(t, v4, ftpserver.Config{Files: readme, Dirs: []string{"empty"}, ReadOnly: true}))
	for _, command := range []string{
		"STOR new", "STOR README", "APPE README", "DELE README", "MKD new", "RMD empty", "MFMT 20200101000000 README",
	} {
		u.says(command, 550)
	}
	u.says("RNFR README", 350)
	u.says("RNTO new", 550)
	u.says("SIZE README", 213)
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	host := localhost.New(v4)
	for _, test := range []struct {
		config ftpserver.Config
		want   string
	}{
		{ftpserver.Config{Files: append(readme, readme...)}, "file /README: there are two of that name"},
		{ftpserver.Config{Files: readme, Dirs: []string{"README"}}, "file /README: there are two of that name"},
		{ftpserver.Config{Files: append(readme, ftpserver.File{Path: "README/x"})}, "directory /README: there is a file of that name"},
		{ftpserver.Config{Files: []ftpserver.File{{Path: "x", Size: -1}}}, "file /x: size -1"},
		{ftpserver.Config{Files: []ftpserver.File{{Path: ""}}}, "file /: there are two of that name"},
		{ftpserver.Config{Replies: []ftpserver.Reply{{Code: 22, Text: "x"}}}, "reply 22 \"x\": a reply code is 100 to 599"},
		{ftpserver.Config{Replies: []ftpserver.Reply{{Code: 227, Text: "Here."}}}, "the address of the data port is missing: {hostport}"},
		{ftpserver.Config{Replies: []ftpserver.Reply{{Code: 229, Text: "Here."}}}, "the data port is missing: (|||{port}|)"},
		{ftpserver.Config{Replies: []ftpserver.Reply{{Code: 220, Text: "a\rb"}}}, "cannot contain CR"},
	} {
		test.config.Port = host.ControlPort()
		server, err := ftpserver.Start(host, test.config)
		if err == nil {
			server.Close(soon(t))
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
	server := serve(t, v4, ftpserver.Config{})
	_, err := ftpserver.Start(host, ftpserver.Config{Port: server.Addr().Port()})
	if want := fmt.Sprintf("the server cannot listen on port %d: ", server.Addr().Port()); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s...", err, want)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	for name, prepare := range map[string]func(u *user) *net.TCPConn{
		"at the prompt":     func(u *user) *net.TCPConn { return u.conn },
		"after EPSV":        func(u *user) *net.TCPConn { u.passive(); return u.conn },
		"connected to EPSV": func(u *user) *net.TCPConn { return u.data(u.passive()) },
		"waiting for a data connection": func(u *user) *net.TCPConn {
			u.passive()
			u.PrintfLine("RETR huge")
			return u.conn
		},
		"in the middle of a transfer": func(u *user) *net.TCPConn {
			data := u.data(u.passive())
			u.says("RETR huge", 150)
			io.CopyN(io.Discard, data, 1000)
			return data
		},
	} {
		t.Run(name, func(t *testing.T) {
			host := localhost.New(v4)
			server, err := ftpserver.Start(host, ftpserver.Config{
				Port: host.ControlPort(), AwaitFIN: true, Files: []ftpserver.File{{Path: "huge", Size: 1 << 40}},
			})
			if err != nil {
				t.Fatal(err)
			}
			u := login(t, server)
			conn := prepare(u)
			ended := make(chan error, 1)
			go func() {
				_, err := io.Copy(io.Discard, conn)
				ended <- err
			}()
			if err := server.Close(soon(t)); err != nil {
				t.Fatal(err)
			}
			<-ended
			if _, err := net.Dial("tcp", server.Addr().String()); err == nil {
				t.Error("the server is still there")
			}
		})
	}
}

func TestWaitSaysHowManyAreLeft(t *testing.T) {
	server := serve(t, v4, ftpserver.Config{})
	u := login(t, server)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	want := "ftpserver: waited for the clients to leave, 1 connections are open: context deadline exceeded"
	if err := server.Wait(ctx); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	u.says("QUIT", 221)
	if err := server.Wait(soon(t)); err != nil {
		t.Error(err)
	}
}

func TestIdleClientIsClosed(t *testing.T) {
	const idle = 50 * time.Millisecond
	server := serve(t, v4, ftpserver.Config{Idle: idle})
	begun := time.Now()
	u := connect(t, server)
	if got, want := u.wants("silence", 421), "No command for 50ms: closing control connection."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if waited := time.Since(begun); waited < idle {
		t.Errorf("closed after %v, want %v", waited, idle)
	}
	if got := all(t, u.conn); got != "" {
		t.Errorf("after 421 the server said %q", got)
	}
	if err := server.Wait(soon(t)); err != nil {
		t.Error(err)
	}
}

func TestStatOfADirectory(t *testing.T) {
	u := login(t, serve(t, v4, ftpserver.Config{Files: readme}))
	want := "STAT /\n -rw-r--r-- 1 ftp ftp            8 Oct  1  1985 README\nEnd"
	if got := u.says("STAT /", 212); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A listing is the same on every machine, at any time, whatever its time zone.
func TestListingIsAlwaysTheSame(t *testing.T) {
	u := login(t, serve(t, v4, ftpserver.Config{
		Files: readme, ModTime: time.Date(2001, time.March, 2, 1, 2, 3, 0, time.FixedZone("near", 2*3600)), Dirs: []string{"pub"},
	}))
	data := u.data(u.passive())
	u.says("LIST", 150)
	want := "-rw-r--r-- 1 ftp ftp            8 Mar  1  2001 README\r\n" +
		"drwxr-xr-x 1 ftp ftp         4096 Mar  1  2001 pub\r\n"
	if got := all(t, data); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	u.wants("LIST", 226)
	if got := u.says("MLST /", 250); !strings.Contains(got, "Type=dir;Size=4096;Modify=20010301230203; /") {
		t.Errorf("MLST: got %q", got)
	}
	u.says("MFMT 20200102030405 README", 213)
	if got := u.says("MDTM README", 213); got != "20200102030405" {
		t.Errorf("MDTM after MFMT: got %s", got)
	}
}

// openFiles returns how many files this process has open.
func openFiles(t testing.TB) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skipf("cannot count open files: %v", err)
	}
	return len(entries)
}

// TestLongLines has lines that are longer than the library reads. They get 500, and the
// session goes on (RFC 959, 4.2.1: "command line too long"). Of a line that does not end at
// all, the server closes the connection.
func TestLongLines(t *testing.T) {
	u := login(t, serve(t, v4, ftpserver.Config{}))
	u.says("CWD "+strings.Repeat("A", 4090), 550) // 4096 bytes with the CR LF
	for _, length := range []int{4091, 5000, 60_000} {
		u.says("CWD "+strings.Repeat("A", length), 500)
		u.says("NOOP", 200)
	}
	u.conn.Write([]byte(strings.Repeat("A", 200_000)))
	if line, err := u.ReadLine(); err == nil {
		t.Errorf("got %q after 200,000 bytes without an end of line, want the end of the connection", line)
	}
}
