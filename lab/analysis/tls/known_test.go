// What is known of a session, with keys and without.

package tls

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"strings"
	"testing"
)

// session records a session that has to work.
func session(t testing.TB, client, server *tls.Config) *capture {
	t.Helper()
	c := new(capture)
	if clientErr, serverErr := talk(t, c, client, server); clientErr != nil || serverErr != nil {
		t.Fatalf("%v, %v", clientErr, serverErr)
	}
	return c
}

// TestWithoutKeys says of each version what its packets show, and hands out no data.
func TestWithoutKeys(t *testing.T) {
	for version, want := range map[uint16]string{
		tls.VersionTLS10: "TLS 1.0 complete, 1 certificates, ALPN ftp; alerts: alert (encrypted), alert (encrypted)",
		tls.VersionTLS12: "TLS 1.2 complete, 1 certificates, ALPN ftp; alerts: alert (encrypted), alert (encrypted)",
		tls.VersionTLS13: "TLS 1.3 encrypted, 0 certificates, ALPN ; alerts: ",
	} {
		client, server := configs(version)
		c := session(t, client, server)
		h := read(c.packets, nil, wholePackets)
		var alerts []string
		for _, a := range h.Alerts {
			alerts = append(alerts, a.String())
		}
		got := fmt.Sprintf("%s %s, %d certificates, ALPN %s; alerts: %s", h.ServerHello.Version, h.Handshake(),
			len(h.Certificates[fromServer]), h.ALPN, strings.Join(alerts, ", "))
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if h.ClientHello.ServerName != "ftp.example.test" || fmt.Sprint(h.ClientHello.ALPN) != "[ftp x]" {
			t.Errorf("%s: got server name %q, ALPN %q", Version(version), h.ClientHello.ServerName, h.ClientHello.ALPN)
		}
		if v := h.ClientHello.Versions; v[0] != Version(version) || len(v) != 1 {
			t.Errorf("%s: got versions %v", Version(version), v)
		}
		if h.data != [2]string{} || h.clear != [2]string{} || h.Keys() != NoKeys || len(h.Problems) > 0 {
			t.Errorf("got %s", h.describe())
		}
		f := h.Flows[fromServer]
		if sent := f.ApplicationData.Bytes; sent < int64(len(answer)) || sent > int64(len(answer))+8000 || f.ApplicationData.Largest < 4000 {
			t.Errorf("%s: got records %+v", Version(version), f)
		}
		if h.Client != fromClient || h.Flows[fromClient].FirstPacket != 1 || f.LastPacket > len(c.packets) {
			t.Errorf("%s: got client %d, flows %+v", Version(version), h.Client, h.Flows)
		}
	}
}

// TestCertificates reads those of both sides.
func TestCertificates(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		client, server := configs(version)
		client.Certificates = []tls.Certificate{certificates().ecdsa}
		server.Certificates = []tls.Certificate{certificates().rsa}
		server.ClientAuth = tls.RequireAndVerifyClientCert
		c := session(t, client, server)
		h := read(c.packets, c.keys(t), 100)
		for dir, want := range [2]tls.Certificate{certificates().ecdsa, certificates().rsa} {
			list := h.Certificates[dir]
			if len(list) != 1 {
				t.Fatalf("%s: got %d certificates from %d", Version(version), len(list), dir)
			}
			got := list[0]
			if sum := fmt.Sprintf("%x", sha256.Sum256(want.Certificate[0])); got.SHA256 != sum || got.Malformed != "" {
				t.Errorf("got %+v, want digest %s", got, sum)
			}
			if got.Issuer != "CN=ftp.example.test,O=Lab" || got.NotBefore.Year() != 2001 || got.NotAfter.Year() != 2101 {
				t.Errorf("got %+v", got)
			}
		}
	}
	list, err := readCertificates([]byte("\x00\x00\x05\x00\x00\x02ab"), TLS12, 1)
	if err != nil || len(list) != 1 || list[0].Malformed == "" || list[0].SHA256 == "" {
		t.Errorf("of a certificate that is none got %+v, %v", list, err)
	}
}

// TestResumption resumes a session twice, and finds the ticket of the first in the
// second. Go does not log the keys of resumed sessions up to TLS 1.2: they are those of
// the first.
func TestResumption(t *testing.T) {
	for version, want := range map[uint16]Resumption{tls.VersionTLS10: ByTicket, tls.VersionTLS12: ByTicket, tls.VersionTLS13: ByPSK} {
		client, server := configs(version)
		client.ClientSessionCache = tls.NewLRUClientSessionCache(10)
		var tickets []Ticket
		var keys Keys
		for i := range 3 {
			c := session(t, client, server)
			if _, err := keys.Read(bytes.NewReader(c.keylog.Bytes())); err != nil {
				t.Fatal(err)
			}
			keyed, blind := read(c.packets, &keys, wholePackets), read(c.packets, nil, wholePackets)
			if keyed.data != [2]string{"RETR file\r\n", answer} || len(keyed.Problems) > 0 {
				t.Errorf("%s, session %d: got %.300s", Version(version), i, keyed.describe())
			}
			if i == 0 {
				if keyed.Resumed != NotResumed || len(keyed.Tickets) == 0 {
					t.Errorf("%s: got tickets %v, offer %q, resumed %q", Version(version), keyed.Tickets, keyed.ClientHello.Offer, keyed.Resumed)
				}
				tickets = keyed.Tickets
				continue
			}
			for _, h := range []*heard{keyed, blind} {
				if h.Resumed != want || h.ClientHello.Offer != want || h.Handshake() == Cut {
					t.Errorf("%s, session %d: got %q of the offer %q, handshake %s", Version(version), i, h.Resumed, h.ClientHello.Offer, h.Handshake())
				}
				if i == 1 && (len(tickets) == 0 || h.ResumedTicket != tickets[0].Fingerprint) {
					t.Errorf("%s: got ticket %s, want %v", Version(version), h.ResumedTicket, tickets)
				}
			}
		}
	}
}

// TestRefusedHandshakes are cut by alerts in clear.
func TestRefusedHandshakes(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(client, server *tls.Config)
		want   string
	}{
		{"no common version", func(client, server *tls.Config) {
			server.MinVersion, server.MaxVersion = tls.VersionTLS13, tls.VersionTLS13
		},
			"[fatal protocol_version]"},
		{"untrusted", func(client, server *tls.Config) { client.RootCAs = nil }, "[fatal bad_certificate]"},
		{"no common protocol", func(client, server *tls.Config) { client.NextProtos = []string{"h2"} }, "[fatal no_application_protocol]"},
	} {
		client, server := configs(tls.VersionTLS12)
		test.change(client, server)
		var c capture
		if clientErr, serverErr := talk(t, &c, client, server); clientErr == nil && serverErr == nil {
			t.Fatalf("%s: the session was not refused", test.name)
		}
		h := read(c.packets, nil, wholePackets)
		if got := fmt.Sprint(h.Alerts); got != test.want || h.Handshake() != Cut {
			t.Errorf("%s: got %s, handshake %s; want %s, cut", test.name, got, h.Handshake(), test.want)
		}
	}
}

// TestRetriedHello has a server that wants another key share (RFC 8446, section 4.1.4).
func TestRetriedHello(t *testing.T) {
	client, server := configs(tls.VersionTLS13)
	server.CurvePreferences = []tls.CurveID{tls.CurveP521}
	c := session(t, client, server)
	h := read(c.packets, c.keys(t), wholePackets)
	if h.data != [2]string{"RETR file\r\n", answer} || h.Handshake() != Complete || len(h.Problems) > 0 || !h.handshake.retry {
		t.Errorf("got %.300s", h.describe())
	}
}

// TestWrongKeys: a key log of another session whose lines name this one.
func TestWrongKeys(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS12, tls.VersionTLS13} {
		client, server := configs(version)
		c := session(t, client, server)
		var log bytes.Buffer
		for line := range strings.Lines(c.keylog.String()) {
			f := strings.Fields(line)
			fmt.Fprintln(&log, f[0], f[1], strings.Repeat("5a", len(f[2])/2))
		}
		var wrong Keys
		if bad, _ := wrong.Read(&log); bad != nil {
			t.Fatal(bad)
		}
		h := read(c.packets, &wrong, wholePackets)
		if h.data != [2]string{} || h.clear != [2]string{} || h.Keys() != KeysDoNotFit || len(h.Problems) != 2 {
			t.Errorf("%s: got %.600s", Version(version), h.describe())
		}
		for _, p := range h.Problems {
			if !strings.Contains(p.Reason, "the keys do not fit: none of") {
				t.Errorf("%s: got problem %s", Version(version), p)
			}
		}
		if other := read(c.packets, session(t, client, server).keys(t), wholePackets); other.Keys() != NoKeys || len(other.Problems) > 0 {
			t.Errorf("%s, with another session's key log: got %.600s", Version(version), other.describe())
		}
	}
}

// TestClearAfterTLS is CCC: both sides end TLS, or only one says so, and the dialogue
// goes on in clear (RFC 4217, section 5).
func TestClearAfterTLS(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		client, server := configs(version)
		c := session(t, client, server)
		c.add(fromClient, []byte("PORT 127,0,0,1,12,100\r\n"))
		c.add(fromServer, []byte("200 PORT command successful.\r\n"))
		c.add(fromClient, []byte("\xff\xf4\xff\xf2ABOR\r\n"))
		want := [2]string{"PORT 127,0,0,1,12,100\r\n\xff\xf4\xff\xf2ABOR\r\n", "200 PORT command successful.\r\n"}
		for _, size := range []int{wholePackets, 1000, 1} {
			h := read(c.packets, c.keys(t), size)
			if h.clear != want || h.data != [2]string{"RETR file\r\n", answer} || len(h.Problems) > 0 {
				t.Errorf("%s, chunks of %d: got %.300s", Version(version), size, h.describe())
			}
			if got, want := h.Flows[fromClient].ClearFrom, len(c.packets)-2; got != want {
				t.Errorf("%s: got clear from packet %d, want %d", Version(version), got, want)
			}
		}
		blind := read(c.packets, nil, wholePackets)
		if got, want := blind.clear, [2]string{"[gap]" + want[0], "[gap]" + want[1]}; got != want {
			t.Errorf("%s without keys: got %q, want %q", Version(version), got, want)
		}
		// A packet may be missing between TLS and what is in clear.
		var end [2]int64
		for _, p := range c.packets[:len(c.packets)-3] {
			end[p.dir] += int64(len(p.data))
		}
		const port = int64(len("PORT 127,0,0,1,12,100\r\n"))
		for _, lost := range []struct {
			dir      int
			from, to int64
			clear    string
		}{
			{fromClient, end[fromClient], end[fromClient] + port, "[gap]\xff\xf4\xff\xf2ABOR\r\n"},
			{fromServer, end[fromServer] - 20, end[fromServer], "[gap]" + want[fromServer]},
		} {
			want := want
			want[lost.dir] = lost.clear
			if h := withoutRange(c, c.keys(t), lost.dir, lost.from, lost.to); h.clear != want {
				t.Errorf("%s, without %d to %d: got %q in clear, want %q", Version(version), lost.from, lost.to, h.clear, want)
			}
		}
	}
}

// TestNoTLS hands back what never was TLS, in the chunks that came.
func TestNoTLS(t *testing.T) {
	packets := []packet{
		{fromServer, []byte("220 ready\r\n")}, {fromClient, []byte("USER a\r\n")}, {fromServer, []byte("\x16")},
		{fromServer, []byte("\x16\x03\x01\x00\x05hello")},
	}
	h := read(packets, nil, wholePackets)
	if want := [2]string{"USER a\r\n", "220 ready\r\n\x16\x16\x03\x01\x00\x05hello"}; h.clear != want || len(h.Problems) > 0 || h.Handshake() != NotSeen {
		t.Errorf("got %s", h.describe())
	}
	for _, begun := range []string{"\x16", "\x16\x03\x01", "\x16\x03\x01\x00"} {
		h := read([]packet{{fromClient, []byte(begun)}}, nil, 1)
		if h.clear[fromClient] != begun {
			t.Errorf("of %q got %q", begun, h.clear)
		}
	}
}

// TestPlaces: data comes with the packet that completed its record.
func TestPlaces(t *testing.T) {
	client, server := configs(tls.VersionTLS13)
	c := session(t, client, server)
	h := read(c.packets, c.keys(t), 100)
	var seq int64
	for _, chunk := range h.chunks[fromServer] {
		if chunk.Seq <= seq || chunk.Time != int64(chunk.Packet)*1000 {
			t.Errorf("got place %d after %d, packet %d at %d", chunk.Seq, seq, chunk.Packet, chunk.Time)
		}
		seq = chunk.Seq
		end, packet := int64(1), 0
		for i, p := range c.packets {
			if p.dir == fromServer && end <= seq {
				packet, end = i+1, end+int64(len(p.data))
			}
		}
		if chunk.Packet != packet {
			t.Errorf("at place %d got packet %d, want %d", seq, chunk.Packet, packet)
		}
	}
	if len(h.chunks[fromServer]) < 3 {
		t.Errorf("got %d chunks", len(h.chunks[fromServer]))
	}
}
