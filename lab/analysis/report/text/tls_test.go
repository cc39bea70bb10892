package text

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/internal/forge"
)

const (
	greeting = "220 ready\r\n"
	alert    = "\x15\x03\x03\x00\x02\x02\x32" // fatal decode_error
)

func storyOf(t *testing.T, file []byte) string {
	t.Helper()
	c, err := capture.Read(bytes.NewReader(file), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var b strings.Builder
	if err := Story(&b, "capture", c); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestAlertAlone asks that an alert is not taken for a file in clear, where a client closes the
// data connection before it begins TLS.
func TestAlertAlone(t *testing.T) {
	f := forge.New()
	c, server := f.Dial("198.51.100.100:51200", "192.0.2.21:21")
	say := func(command, reply string) {
		c.Send(command + "\r\n")
		server.Send(reply + "\r\n")
	}
	server.Send(greeting)
	say("PASV", "227 Entering Passive Mode (192,0,2,21,200,1)")
	say("RETR README", "150 here it comes")
	d, peer := f.Dial("198.51.100.100:51201", "192.0.2.21:51201")
	d.FIN()
	peer.Send(alert)
	story := storyOf(t, f.PCAP())
	for _, want := range []string{"there is no handshake", "the server sends the alert fatal decode_error"} {
		if !strings.Contains(story, want) {
			t.Errorf("the story lacks %q", want)
		}
	}
	for _, wrong := range []string{"SHA-256", "is not in the capture\n                    |   packet"} {
		if strings.Contains(story, wrong) {
			t.Errorf("the story has %q", wrong)
		}
	}
	if t.Failed() {
		t.Log(story)
	}
}

// TestReceiverClosesFirst asks that the FIN of the side that receives a file is not called its
// end.
func TestReceiverClosesFirst(t *testing.T) {
	for _, test := range []struct {
		command  string
		byClient bool
		want     string
	}{
		{"RETR README", true, "the client's FIN\n"},
		{"RETR README", false, "the server's FIN: end of file\n"},
		{"STOR README", true, "the client's FIN: end of file\n"},
		{"STOR README", false, "the server's FIN\n"},
	} {
		f := forge.New()
		c, server := f.Dial("198.51.100.100:51200", "192.0.2.21:21")
		server.Send(greeting)
		c.Send("PASV\r\n")
		server.Send("227 Entering Passive Mode (192,0,2,21,200,1)\r\n")
		c.Send(test.command + "\r\n")
		server.Send("150 here it comes\r\n")
		d, peer := f.Dial("198.51.100.100:51201", "192.0.2.21:51201")
		d.Send("some bytes of the client")
		peer.Send("some bytes of the server")
		if test.byClient {
			d.Close()
		} else {
			peer.Close()
		}
		if story := storyOf(t, f.PCAP()); !strings.Contains(story, test.want) {
			t.Errorf("%s: the story lacks %q:\n%s", test.command, test.want, story)
		}
	}
}

// TestLinesOfTLS asks that the line of a packet says which records of TLS begin in it, and does
// not call them FTP, until the dialogue is in clear again.
func TestLinesOfTLS(t *testing.T) {
	const hello = "\x16\x03\x01\x00\x04\x01\x00\x00\x00"
	for _, port := range []string{"21", "2121"} {
		f := forge.New()
		c, server := f.Dial("198.51.100.100:51200", "192.0.2.21:"+port)
		server.Send(greeting)
		c.Send("AUTH TLS\r\n")
		server.Send("234 go on\r\n")
		c.Send(hello)
		server.Send("\x16\x03\x03\x00\x03\x02\n\x00\x14\x03\x03\x00\x01\x01\x17\x03\x03\x00\x08abc")
		server.Send("defgh\x17\x03\x03\x00\x01a")
		c.Send(strings.Repeat("\x17\x03\x03\x00\x01a", 12))
		server.Send("200 in clear again\r\n")
		c.Send("PASV\r\n")
		server.Send("227 Here (192,0,2,21,156,64)\r\n")
		data, sender := f.Dial("198.51.100.100:51201", "192.0.2.21:40000")
		data.Send(hello)
		sender.Send("\x16\x03\x03\x00\x03\x02\n\x00\x17\x03\x03\x00\x08abc")
		sender.Send("defgh")
		var got []string
		file, err := capture.Read(bytes.NewReader(f.PCAP()), capture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		for p := range file.Packets() {
			if _, said, ok := strings.Cut(Line(p, Relative), ", length "); ok && p.TCP.Length > 0 {
				_, said, _ = strings.Cut(said, ": ")
				got = append(got, said)
			}
		}
		const piece = "application data, version 0x0303, length 1; "
		want := []string{
			"FTP: 220 ready", "FTP: AUTH TLS", "FTP: 234 go on",
			"TLS: handshake, version 0x0301, length 4",
			"TLS: handshake, version 0x0303, length 3; change cipher spec, version 0x0303, length 1; application data, version 0x0303, length 8",
			"TLS: part of a record",
			"TLS: " + strings.Repeat(piece, 10) + "and more",
			"FTP: 200 in clear again", "FTP: PASV", "FTP: 227 Here (192,0,2,21,156,64)",
			"TLS: handshake, version 0x0301, length 4",
			"TLS: handshake, version 0x0303, length 3; application data, version 0x0303, length 8",
			"TLS: part of a record",
		}
		if !slices.Equal(got, want) {
			t.Errorf("port %s: got\n%s\nwant\n%s", port, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// TestProtection asks for where a mechanism of RFC 2228 protects the dialogue, for the data connection that is
// announced there, and for where the dialogue is in clear again.
func TestProtection(t *testing.T) {
	f := forge.New()
	c, _ := f.Dial("198.51.100.100:51200", "192.0.2.21:21")
	c.Say("< 220 ready\n> AUTH gssapi\n< 334 go on\n> ADAT YII=\n< 235 done\n> ENC UEFT\n< 632 MjI3\n> ENC UkVU\n< 632 MTUw")
	d, sender := f.Dial("198.51.100.100:51201", "192.0.2.21:51201")
	sender.Send("a file")
	d.Close()
	c.Say("< 632 MjI2\n> CONF Q0ND\n< 633 MjAw\n> NOOP\n< 200 ok")
	story := storyOf(t, f.PCAP())
	for _, want := range []string{
		"235 done\n                    -- from here on the dialogue is protected by GSSAPI (RFC 2228): neither it nor the addresses\n                       that it announces for data can be read\n",
		"1  data, passive  198.51.100.100:51201", "|   what announces it cannot be read; its hosts, its ports and its time\n",
		"-- from here on the dialogue is in clear again\n    24    0.023000  client  NOOP\n",
	} {
		if !strings.Contains(story, want) {
			t.Errorf("the story lacks %q", want)
		}
	}
	if wrong := "(answers no command in the capture)"; strings.Contains(story, wrong) {
		t.Errorf("the story has %q", wrong)
	}
	if t.Failed() {
		t.Log(story)
	}
}
