package redact

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/internal/forge"
)

// A recordedConn records what is written to it.
type recordedConn struct {
	net.Conn
	write func([]byte)
}

func (c recordedConn) Write(b []byte) (int, error) {
	c.write(b)
	return c.Conn.Write(b)
}

// tlsSession is a session in explicit FTPS with TLS 1.2, whose certificate is in clear, and a
// data connection in TLS.
func tlsSession() []byte {
	f := forge.New()
	c, cPeer := f.Dial("198.51.100.100:51200", "192.0.2.21:21")
	cPeer.Send("220 ready\r\n")
	c.Send("AUTH TLS\r\n")
	cPeer.Send("234 go on\r\n")
	converse(c)
	d, _ := f.Dial("192.0.2.21:20", "198.51.100.100:51201")
	converse(d)
	d.Close()
	c.Close()
	return f.PCAP()
}

// converse speaks TLS on a connection, the side that opened it as the client.
func converse(c *forge.End) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	name := pkix.Name{CommonName: "secrethost.example", Organization: []string{"Secretcompany"}}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: name, NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"secrethost.example"}, IPAddresses: []net.IP{{192, 0, 2, 21}}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	a, b := net.Pipe()
	var mu sync.Mutex
	record := func(side *forge.End) func([]byte) {
		return func(data []byte) {
			mu.Lock()
			defer mu.Unlock()
			for len(data) > 0 {
				n := min(len(data), 300) // a certificate is in several segments
				side.Send(string(data[:n]))
				data = data[n:]
			}
		}
	}
	go func() {
		server := tls.Server(recordedConn{b, record(c.Peer)}, &tls.Config{MaxVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{cert}, PrivateKey: key}}})
		io.Copy(server, server) // which ends with the pipe
	}()
	client := tls.Client(recordedConn{a, record(c)}, &tls.Config{InsecureSkipVerify: true, ServerName: "secrethost.example"})
	message := []byte("USER alicesecret\r\n")
	if _, err := client.Write(message); err != nil {
		panic(err)
	}
	if _, err := io.ReadFull(client, message); err != nil {
		panic(err)
	}
	a.Close()
	mu.Lock()
	defer mu.Unlock()
}

// TestTLS asks that names in the handshake go, that what is encrypted stays, and that the
// session is still read as TLS.
func TestTLS(t *testing.T) {
	file := tlsSession()
	out := redacted(t, file, "key")
	for _, secret := range []string{"secrethost", "Secretcompany", "alicesecret", "\xc0\x00\x02\x15"} {
		if !bytes.Contains(file, []byte(secret)) && secret != "alicesecret" {
			t.Errorf("%q is not in the original", secret)
		}
		if bytes.Contains(out, []byte(secret)) {
			t.Errorf("%q is in the redacted capture", secret)
		}
	}
	x, y := open(t, file), open(t, out)
	var before, after []string
	for i, c := range []interface {
		Connection(int) *ftp.Connection
		Session(int) *ftp.Session
	}{x, y} {
		s, d := c.Session(0), c.Connection(1)
		if s == nil || s.Layer == nil || d.TLS == nil || d.TLS.ClientHello == nil {
			t.Fatalf("TLS is not read: %d", i)
		}
		for _, l := range []*ftp.TLSLayer{s.Layer, d.TLS} {
			name := l.ClientHello.ServerName
			for _, cert := range append(l.Certificates[0], l.Certificates[1]...) {
				if cert.Malformed != "" {
					t.Errorf("a certificate is malformed: %s", cert.Malformed)
				}
				name += " " + cert.Subject
			}
			if i == 0 {
				before = append(before, name)
			} else {
				after = append(after, name)
			}
			flow := l.Flows
			if flow[0].Encrypted+flow[1].Encrypted < 4 || len(l.Problems) > 0 {
				t.Errorf("got %d encrypted records and the problems %v", flow[0].Encrypted+flow[1].Encrypted, l.Problems)
			}
		}
	}
	for i := range before {
		if len(before[i]) != len(after[i]) || before[i] == after[i] {
			t.Errorf("%q became %q", before[i], after[i])
		}
	}
}

// TestSecondHello asks that the server's name goes from the second ClientHello, too, which
// follows a HelloRetryRequest and may follow a ChangeCipherSpec (RFC 8446, 4.1.4 and D.4).
func TestSecondHello(t *testing.T) {
	var hello []byte
	client, server := net.Pipe()
	server.Close() // so that the client sends its ClientHello and stops
	config := &tls.Config{InsecureSkipVerify: true, ServerName: "secrethost.example"}
	tls.Client(recordedConn{client, func(data []byte) { hello = bytes.Clone(data) }}, config).Handshake()
	if !bytes.Contains(hello, []byte("secrethost")) {
		t.Fatalf("got the ClientHello %q", hello)
	}
	changeCipher := []byte{recordChangeCipherSpec, 3, 3, 0, 1, 1}
	earlyData := append([]byte{recordApplicationData, 3, 3, 0, 20}, make([]byte, 20)...)
	for _, between := range [][]byte{nil, changeCipher, earlyData} {
		stream := bytes.Join([][]byte{hello, between, hello}, nil)
		edits := records(NewKey("key"), run{data: stream})
		if len(edits) != 1 || len(edits[0].text) != len(stream) {
			t.Fatalf("got %d edits of %d bytes", len(edits), len(stream))
		}
		if n := bytes.Count(edits[0].text, []byte("secrethost")); n > 0 {
			t.Errorf("with %d bytes between the hellos the name is still there %d times", len(between), n)
		}
	}
}

// TestTLSAlone asks the same of a connection in TLS that nothing shows to be FTP.
func TestTLSAlone(t *testing.T) {
	f := forge.New()
	d, _ := f.Dial("198.51.100.100:51201", "192.0.2.21:51201")
	converse(d)
	d.Close()
	out := redacted(t, f.PCAP(), "key")
	if bytes.Contains(out, []byte("secrethost")) {
		t.Error("the name of the server is in the redacted capture")
	}
	before, after := open(t, f.PCAP()).Connection(0).TLS, open(t, out).Connection(0).TLS
	if before == nil || after == nil || after.ClientHello == nil || after.Flows != before.Flows {
		t.Errorf("got TLS %+v, want the records of %+v", after, before)
	}
}
