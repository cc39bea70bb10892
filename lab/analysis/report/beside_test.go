package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ftplab/lab/internal/forge"
)

// backdoor is a session whose user name opens a shell at port 6200, between two calls to it.
func backdoor(f *forge.Capture) {
	call := func(port string) {
		client, server := f.Pair("198.51.100.100:"+port, "192.0.2.21:6200")
		client.Segment("S", "")
		server.Segment("R.", "")
	}
	call("4000")
	client, server := open(f, "198.51.100.100:3171", "192.0.2.21:21")
	server.Send("220 (vsFTPd 2.3.4)\r\n")
	client.Send("USER x:)\r\n")
	server.Send("331 Please specify the password.\r\n")
	client.Send("PASS x\r\n")
	shell, root := open(f, "198.51.100.100:4001", "192.0.2.21:6200")
	shell.Send("id\n")
	root.Send("uid=0(root)\n")
	shell.Close()
	back, listener := open(f, "192.0.2.21:4002", "198.51.100.100:4444")
	back.Send("$ ")
	listener.Send("id\n")
	listener.Close()
	client.Send("QUIT\r\n")
	server.Close()
	open(f, "203.0.113.9:5000", "203.0.113.10:80") // of others
	f.Pass(2 * time.Minute)
	call("4003")
}

// Connections between the hosts of a session are drawn, in both directions, with what is known
// of them; those of other hosts and of another time are not.
func TestBesideFTP(t *testing.T) {
	r := read(t, backdoor)
	page := string(html(t, r))
	for _, want := range []string{
		"There is no data connection. Besides FTP there are 3 connections, to port 6200 of 192.0.2.21 and port 4444 of 198.51.100.100: 20 bytes passed there.",
		"Other connection 1 is refused: nobody listens at port 6200 of the server, or a firewall answers in its name.",
		"The client opens other connection 2: from its port 4001 to port 6200 of the server. No command announced it, so it is not part of FTP. At this port a vsftpd 2.3.4",
		"Other connection 2 is closed. It carried 15 bytes.",
		"The server opens other connection 3: from its port 4002 to port 4444 of the client. No command announced it",
		"Other connection 3, opened by the server, not of FTP: 5 bytes",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if strings.Contains(page, "Nothing is transferred") {
		t.Error("the page says that nothing is transferred")
	}
	for _, w := range r.draw().Rows {
		if w.Packet != nil && w.Packet.TCP != nil && (w.Packet.TCP.SrcPort == 80 || w.Packet.TCP.SrcPort == 4003) {
			t.Errorf("packet %d is drawn, which is not beside the session", w.Packet.Number)
		}
	}
	if n := len(r.lanes); n != 2 {
		t.Errorf("got %d hosts, want 2", n)
	}
	if got := r.Comments()[1]; !strings.HasPrefix(got, "The client opens other connection 1.") {
		t.Errorf("the capture's comment on packet 1 is %q", got)
	}
}

// If the capture lacks the beginning of the session, it may lack the command that announced a connection.
func TestPerhapsAnnounced(t *testing.T) {
	page := string(html(t, read(t, func(f *forge.Capture) {
		client, server := f.Pair("198.51.100.100:3171", "192.0.2.21:21")
		client.Send("NOOP\r\n")
		server.Send("200 OK\r\n")
		one, other := open(f, "198.51.100.100:4001", "192.0.2.21:6000")
		one.Send("a")
		other.Send("b")
		client.Send("QUIT\r\n")
		server.Send("221 Goodbye.\r\n")
	})))
	for _, want := range []string{
		"No command in the capture announces a data connection. Besides the dialogue there is 1 connection, to port 6000 of 192.0.2.21: 2 bytes passed there.",
		"to port 6000 of the server. No command in the capture announced it; one that the capture lacks may have.",
		"Other connection, opened by the client: 2 bytes",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
}

// Of very many connections besides FTP some are drawn, and the page says how many are not.
func TestManyBesideFTP(t *testing.T) {
	r := read(t, func(f *forge.Capture) {
		client, server := open(f, "198.51.100.100:3171", "192.0.2.21:21")
		server.Send("220 ready\r\n")
		for i := range 100 {
			c, s := f.Pair(fmt.Sprintf("198.51.100.100:%d", 5000+i), fmt.Sprintf("192.0.2.21:%d", 1000+i))
			c.Segment("S", "")
			s.Segment("R.", "")
		}
		client.Close()
	})
	page := string(html(t, r))
	if got, want := strings.Count(page, "is refused: nobody listens"), maxBeside; got != want {
		t.Errorf("got %d refused connections on the page, want %d", got, want)
	}
	if want := "Not drawn: 160 packets not of FTP."; !strings.Contains(page, want) {
		t.Errorf("the page has no %q", want)
	}
}
