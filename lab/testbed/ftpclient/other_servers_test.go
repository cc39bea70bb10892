package ftpclient_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/textproto"
	"os"
	"strings"
	"testing"
	"time"

	"ftplab/lab/testbed/ftpclient"
	"ftplab/lab/testbed/network"
	"ftplab/lab/testbed/network/localhost"
)

// A peer plays a server by heart: servers other than the lab's speak in other
// orders, and the client must bear with all of them.
type peer struct {
	*textproto.Conn
	conn network.Conn
	port int // of the client, from its last PORT
}

// play runs a server that takes one client and does what the script says. The
// client is connected to it when play returns.
func play(t *testing.T, config ftpclient.Config, script func(p *peer)) *ftpclient.Scripted {
	t.Helper()
	host := localhost.New("127.0.0.1")
	listener, err := host.ListenTCP(0)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		p := &peer{Conn: textproto.NewConn(conn), conn: conn}
		p.say("220 Hello.")
		script(p)
	}()
	t.Cleanup(func() {
		listener.Close()
		<-ended
	})
	config.Server = listener.Addr().(*net.TCPAddr).AddrPort()
	client, err := ftpclient.Dial(soon(t), host, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(soon(t)) })
	return client
}

func (p *peer) say(lines ...string) {
	for _, line := range lines {
		p.PrintfLine("%s", line)
	}
}

// hear reads a command and remembers the port of a PORT.
func (p *peer) hear() string {
	line, _ := p.ReadLine()
	var octets [6]int
	if n, _ := fmt.Sscanf(line, "PORT %d,%d,%d,%d,%d,%d", &octets[0], &octets[1], &octets[2], &octets[3], &octets[4], &octets[5]); n == 6 {
		p.port = octets[4]<<8 | octets[5]
	}
	return line
}

// call opens an active data connection.
func (p *peer) call() *net.TCPConn {
	conn, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: p.port})
	if err != nil {
		panic(err)
	}
	return conn
}

// listen opens a passive port and answers PASV with it.
func (p *peer) listen(format string) *net.TCPListener {
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		panic(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	p.say(fmt.Sprintf(format, port>>8, port&0xff))
	return listener
}

const passiveReply = "227 Entering Passive Mode (127,0,0,1,%d,%d)"

func TestOrdersOfOtherServers(t *testing.T) {
	for _, test := range otherServers {
		t.Run(test.name, func(t *testing.T) {
			client := play(t, ftpclient.Config{Mode: test.mode}, test.script)
			var got bytes.Buffer
			ctx := soon(t)
			transfer, err := client.Download(ctx, ftpclient.Download{Verb: "RETR", Argument: "file", To: &got})
			if err = errors.Join(err, ctx.Err()); err != nil {
				t.Fatal(err)
			}
			if got := codes(transfer.Replies); fmt.Sprint(got) != fmt.Sprint(test.codes) {
				t.Errorf("got replies %v, want %v", got, test.codes)
			}
			if got.String() != test.want {
				t.Errorf("got %q, want %q", got.String(), test.want)
			}
		})
	}
}

var otherServers = []struct {
	name   string
	mode   ftpclient.Mode
	want   string // what is downloaded
	codes  []int
	script func(p *peer)
}{
	{"150, then the call; 226, then the FIN", ftpclient.PORT, "data", []int{200, 150, 226}, func(p *peer) {
		p.hear()
		p.say("200 PORT")
		p.hear()
		p.say("150 Wait.")
		conn := p.call()
		io.WriteString(conn, "data")
		p.say("226 Done.")
		conn.Close()
	}},
	{"the call, data and FIN, then 125 and 250", ftpclient.PORT, "data", []int{200, 125, 250}, func(p *peer) {
		p.hear()
		p.say("200 PORT")
		p.hear()
		conn := p.call()
		io.WriteString(conn, "data")
		conn.Close()
		p.say("125 Look.", "250 Done.")
	}},
	{"150, then no call: 425", ftpclient.PORT, "", []int{200, 150, 425}, func(p *peer) {
		p.hear()
		p.say("200 PORT")
		p.hear()
		p.say("150 Wait.", "425 Sorry.")
	}},
	{"passive, all replies before the data", ftpclient.PASV, "data", []int{227, 150, 226}, func(p *peer) {
		p.hear()
		listener := p.listen(passiveReply)
		defer listener.Close()
		p.hear()
		p.say("150 Wait.", "226 Done.")
		conn, _ := listener.Accept()
		io.WriteString(conn, "data")
		conn.Close()
	}},
	{"an address without parentheses", ftpclient.PASV, "data", []int{227, 150, 226}, func(p *peer) {
		p.hear()
		listener := p.listen("227 Passive mode =127,0,0,1,%d,%d")
		defer listener.Close()
		p.hear()
		conn, _ := listener.Accept()
		p.say("150 Wait.")
		io.WriteString(conn, "data")
		conn.Close()
		p.say("226 Done.")
	}},
	{"the server gives up: 426 and a reset", ftpclient.PASV, "half", []int{227, 150, 426}, func(p *peer) {
		p.hear()
		listener := p.listen(passiveReply)
		defer listener.Close()
		p.hear()
		p.say("150 Wait.")
		conn, _ := listener.AcceptTCP()
		io.WriteString(conn, "half")
		conn.SetLinger(0)
		conn.Close()
		p.say("426 Sorry.")
	}},
	{"PASV refused", ftpclient.PASV, "", []int{502}, func(p *peer) { p.hear(); p.say("502 No.") }},
	{"PORT refused", ftpclient.PORT, "", []int{500}, func(p *peer) { p.hear(); p.say("500 No.") }},
	{"421 instead", ftpclient.PASV, "", []int{421}, func(p *peer) { p.hear(); p.say("421 Closing.") }},
	{"a reply of several lines", ftpclient.PASV, "", []int{227, 550}, func(p *peer) {
		p.hear()
		defer p.listen(passiveReply).Close()
		p.hear()
		p.say("550-No", "551 such", " 550 file", "550 here.")
	}},
}

func TestAnswersThatAreWrong(t *testing.T) {
	for _, test := range []struct {
		name, want string
		mode       ftpclient.Mode
		replies    []string
	}{
		{"another address", "which is not the server", ftpclient.PASV, []string{"227 (192,0,2,1,4,1)"}},
		{"too few numbers", "want 227 and h1,h2,h3,h4,p1,p2", ftpclient.PASV, []string{"227 (127,0,0,1,4)"}},
		{"a number too large", "want 227 and h1,h2,h3,h4,p1,p2", ftpclient.PASV, []string{"227 (127,0,0,1,256,1)"}},
		{"no numbers", "want 227 and h1,h2,h3,h4,p1,p2", ftpclient.PASV, []string{"227 Yes."}},
		{"no port", "want 229 and (|||port|)", ftpclient.EPSV, []string{"229 Yes."}},
		{"a port too large", "want 229 and (|||port|)", ftpclient.EPSV, []string{"229 (|||65536|)"}},
		{"another 2xx", "want 229 and (|||port|)", ftpclient.EPSV, []string{"200 (|||1024|)"}},
		{"no reply", `EPSV: the reply is unreadable: "hm" does not begin with a reply code of three digits`, ftpclient.EPSV, []string{"hm"}},
		{"no code", `"PAM: your password expires" does not begin with a reply code`, ftpclient.EPSV, []string{"PAM: your password expires"}},
		{"letters for a code", `"abc def" does not begin with a reply code`, ftpclient.EPSV, []string{"abc def"}},
		{"a long line", `xxx… (5000 bytes)" does not begin with a reply code`, ftpclient.EPSV, []string{strings.Repeat("x", 5000)}},
		{"bytes that are not text", `\x80\x80… (300 bytes)" does not begin`, ftpclient.EPSV, []string{strings.Repeat("\x80", 300)}},
		{"a long reply", "yyy… (5004 bytes): want 229", ftpclient.EPSV, []string{"229 " + strings.Repeat("y", 5000)}},
		{"the end", "for the reply: the server closed the connection", ftpclient.EPSV, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := play(t, ftpclient.Config{Mode: test.mode}, func(p *peer) {
				p.hear()
				p.say(test.replies...)
			})
			_, err := client.Download(soon(t), ftpclient.Download{Verb: "LIST"})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// A transfer that does not begin says for which replies the client waited.
func TestNoAnnouncement(t *testing.T) {
	ctx, giveUp := context.WithCancel(soon(t))
	client := play(t, ftpclient.Config{Mode: ftpclient.PORT}, func(p *peer) {
		p.hear()
		p.say("200 PORT")
		p.hear()
		giveUp()
	})
	_, err := client.Download(ctx, ftpclient.Download{Verb: "RETR", Argument: "file"})
	if want := " for 125 or 150: "; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

// The client closes the control connection when the server has: the FIN that
// ends a session is the server's.
func TestQuitWaitsForTheServer(t *testing.T) {
	early := make(chan bool, 1)
	client := play(t, ftpclient.Config{}, func(p *peer) {
		p.hear()
		p.say("221 Goodbye.")
		p.conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		_, err := p.conn.Read(make([]byte, 1))
		early <- !errors.Is(err, os.ErrDeadlineExceeded)
	})
	quit(t, client)
	if <-early {
		t.Error("the client closed the connection first")
	}
}

func TestServerThatAcceptsTLS(t *testing.T) {
	client := play(t, ftpclient.Config{}, func(p *peer) { p.hear(); p.say("234 Go ahead.") })
	if _, err := client.Command(soon(t), "AUTH", "TLS"); err == nil {
		t.Error("the client goes on in clear after 234")
	}
}

func TestServerThatSaysGoodbyeFirst(t *testing.T) {
	client := play(t, ftpclient.Config{}, func(p *peer) { p.say("421 Time is up.") })
	if reply, err := client.Await(soon(t)); err != nil || reply.Code != 421 {
		t.Errorf("got %v, %v, want 421", reply, err)
	}
	if _, err := client.Command(soon(t), "NOOP", ""); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a command after 421: got %v, want %v", err, net.ErrClosed)
	}
	if err := client.Close(soon(t)); err != nil {
		t.Error(err)
	}
}

// A stranger at the client's port does not become the data connection.
func TestStrangerAtTheClientsPort(t *testing.T) {
	client := play(t, ftpclient.Config{Mode: ftpclient.PORT}, func(p *peer) {
		p.hear()
		p.say("200 PORT")
		p.hear()
		stranger, err := localhost.New("127.0.0.2").DialTCP(t.Context(), 0, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(p.port)))
		if err != nil {
			panic(err)
		}
		defer stranger.Close()
		io.WriteString(stranger, "forged")
		p.say("150 Wait.")
		conn := p.call()
		io.WriteString(conn, "genuine")
		conn.Close()
		p.say("226 Done.")
	})
	if got, _ := get(t, client, ftpclient.Download{Verb: "RETR", Argument: "file"}, 150, 226); got != "genuine" {
		t.Errorf("got %q", got)
	}
}
