// Sessions of Go's crypto/tls in this process, and what a capture of them has.

package tls

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"ftplab/lab/analysis/tcp"
)

// The directions of all tests.
const (
	fromClient = 0
	fromServer = 1
)

// A capture is what both directions carried, each write in a packet of its own.
type capture struct {
	mu      sync.Mutex
	packets []packet
	keylog  bytes.Buffer
}

// A packet is a piece of a direction.
type packet struct {
	dir  int
	data []byte
}

// A tap is a connection that notes what is written to it.
type tap struct {
	net.Conn
	c   *capture
	dir int
}

func (t tap) Write(b []byte) (int, error) {
	t.c.add(t.dir, b)
	return t.Conn.Write(b)
}

func (c *capture) add(dir int, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.packets = append(c.packets, packet{dir, bytes.Clone(b)})
}

// Write takes a key log, as [tls.Config] writes it.
func (c *capture) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.keylog.Write(b)
}

// keys reads the key log.
func (c *capture) keys(t testing.TB) *Keys {
	t.Helper()
	k := new(Keys)
	if bad, err := k.Read(bytes.NewReader(c.keylog.Bytes())); err != nil || bad != nil {
		t.Fatalf("the key log: %v, %v", bad, err)
	}
	return k
}

// A heard is what a Session handed out: the data of each direction, and the bytes in
// clear.
type heard struct {
	*Session
	data, clear [2]string
	chunks      [2][]tcp.Chunk // of data

	dataSoFar, clearSoFar [2]strings.Builder
}

func newHeard(keys *Keys) *heard {
	h := &heard{Session: NewSession(keys)}
	h.Data = func(dir int, c tcp.Chunk) {
		h.data[dir] = join(&h.dataSoFar[dir], c)
		c.Data = nil
		h.chunks[dir] = append(h.chunks[dir], c)
	}
	h.Clear = func(dir int, c tcp.Chunk) {
		h.clear[dir] = join(&h.clearSoFar[dir], c)
	}
	return h
}

// join adds a chunk to those before it and returns all, without a copy of them.
func join(soFar *strings.Builder, c tcp.Chunk) string {
	if c.AfterGap {
		soFar.WriteString("[gap]")
	}
	soFar.Write(c.Data)
	return soFar.String()
}

// read reads a capture's packets in chunks of at most size bytes.
func read(packets []packet, keys *Keys, size int) *heard {
	h := newHeard(keys)
	seq := [2]int64{1, 1}
	for i, p := range packets {
		for data := p.data; len(data) > 0; {
			n := min(size, len(data))
			scratch := bytes.Clone(data[:n])
			h.Add(p.dir, tcp.Chunk{Seq: seq[p.dir], Data: scratch, Packet: i + 1, Time: int64(i+1) * 1000})
			clear(scratch) // the caller may use it again
			seq[p.dir] += int64(n)
			data = data[n:]
		}
	}
	h.Close()
	return h
}

const wholePackets = 1 << 20

// describe says all that a test compares of a session.
func (h *heard) describe() string {
	var b strings.Builder
	fmt.Fprintf(&b, "client %d, handshake %s, keys: %s, resumed %q, alpn %q\n", h.Client, h.Handshake(), h.Keys(), h.Resumed, h.ALPN)
	if h.ServerHello != nil {
		fmt.Fprintf(&b, "%s %s\n", h.ServerHello.Version, h.ServerHello.CipherSuite)
	}
	for _, a := range h.Alerts {
		fmt.Fprintf(&b, "%d: %s\n", a.Dir, a)
	}
	for _, p := range h.Problems {
		fmt.Fprintf(&b, "%d: %s\n", p.Dir, p)
	}
	for dir := range h.Flows {
		fmt.Fprintf(&b, "%d: data %q clear %q\n", dir, h.data[dir], h.clear[dir])
	}
	return b.String()
}

// certificates are made once: a key of each kind signs itself.
var certificates = sync.OnceValue(func() (c struct{ rsa, ecdsa tls.Certificate }) {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	sign := func(name string, public, private any) tls.Certificate {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name, Organization: []string{"Lab"}},
			NotBefore: time.Date(2001, 10, 4, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2101, 10, 4, 0, 0, 0, 0, time.UTC),
			DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true,
			KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign | x509.KeyUsageKeyEncipherment,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
		if err != nil {
			panic(err)
		}
		return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}
	}
	c.rsa = sign("ftp.example.test", &r.PublicKey, r)
	c.ecdsa = sign("ftp.example.test", &e.PublicKey, e)
	return c
})

// configs are the two sides of a session in a version of TLS; 0 is any.
func configs(version uint16, suites ...uint16) (client, server *tls.Config) {
	pool := x509.NewCertPool()
	for _, c := range []tls.Certificate{certificates().rsa, certificates().ecdsa} {
		leaf, err := x509.ParseCertificate(c.Certificate[0])
		if err != nil {
			panic(err)
		}
		pool.AddCert(leaf)
	}
	base := tls.Config{MinVersion: max(version, tls.VersionTLS10), MaxVersion: version, CipherSuites: suites}
	client, server = base.Clone(), base.Clone()
	client.ServerName, client.RootCAs, client.NextProtos = "ftp.example.test", pool, []string{"ftp", "x"}
	server.Certificates = []tls.Certificate{certificates().rsa, certificates().ecdsa}
	server.NextProtos, server.ClientCAs = []string{"ftp"}, pool
	server.SetSessionTicketKeys([][32]byte{{1}}) // as clones have to agree
	return client, server
}

// talk runs a session: the client says a line, the server answers with several
// records, and both close.
func talk(t testing.TB, c *capture, client, server *tls.Config) (clientErr, serverErr error) {
	t.Helper()
	client, server = client.Clone(), server.Clone()
	client.KeyLogWriter = c
	return converse(c, client, server, func(conn *tls.Conn) error {
		if _, err := io.WriteString(conn, "RETR file\r\n"); err != nil {
			return err
		}
		_, err := io.ReadAll(conn)
		return err
	}, func(conn *tls.Conn) error {
		if _, err := io.ReadFull(conn, make([]byte, 11)); err != nil {
			return err
		}
		_, err := io.WriteString(conn, answer)
		return err
	})
}

// answer is longer than a record.
var answer = strings.Repeat("0123456789abcdef", 2000)

// converse runs both sides of a session over the loopback interface.
func converse(c *capture, client, server *tls.Config, asClient, asServer func(*tls.Conn) error) (clientErr, serverErr error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err, err
	}
	defer l.Close()
	a, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return err, err
	}
	b, err := l.Accept()
	if err != nil {
		return err, err
	}
	side := func(conn *tls.Conn, raw net.Conn, run func(*tls.Conn) error) error {
		defer raw.Close()
		raw.SetDeadline(time.Now().Add(time.Minute))
		if err := conn.Handshake(); err != nil {
			return err
		}
		if err := run(conn); err != nil {
			return err
		}
		if err := conn.CloseWrite(); err != nil {
			return err
		}
		_, err := io.Copy(io.Discard, conn) // until the other side closes, too
		return err
	}
	done := make(chan error)
	go func() { done <- side(tls.Server(tap{b, c, fromServer}, server), b, asServer) }()
	clientErr = side(tls.Client(tap{a, c, fromClient}, client), a, asClient)
	return clientErr, <-done
}
