package capture_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/internal/forge"
)

// TestPartInClear cuts the first of two segments of a file in clear, on a data connection that
// seems to be in TLS: its client begins TLS and the server does not, or the file begins like a
// record. What is left of the file has no digest.
func TestPartInClear(t *testing.T) {
	const hello = "\x16\x03\x01\x00\x06\x01\x00\x00\x02\x03\x03"
	first, second := strings.Repeat("a", 500), strings.Repeat("b", 100)
	for what, said := range map[string][3]string{
		"the client begins TLS":         {hello, first, second},
		"the file begins like a record": {"", "\x16\x03\x01\x00\x06\x63" + first, second},
	} {
		for _, cut := range []bool{false, true} {
			f := forge.New()
			c, server := f.Dial("198.51.100.100:51200", "192.0.2.21:21")
			server.Send("220 ready\r\n")
			c.Send("PASV\r\n")
			server.Send("227 Entering Passive Mode (192,0,2,21,200,1)\r\n")
			c.Send("RETR README\r\n")
			server.Send("150 here it comes\r\n")
			d, peer := f.Dial("198.51.100.100:51201", "192.0.2.21:51201")
			if said[0] != "" {
				d.Send(said[0])
			}
			if cut {
				f.Snap = 400
			}
			peer.Send(said[1])
			f.Snap = 0
			peer.Send(said[2])
			peer.Close()
			want := ""
			if !cut {
				want = fmt.Sprintf("%x", sha256.Sum256([]byte(said[1]+said[2])))
			}
			data := read(t, f.PCAP()).Connection(1)
			if data.Role != ftp.Data || data.SHA256 != want {
				t.Errorf("%s, cut: %v: got the role %s and SHA-256 %q, want %q", what, cut, data.Role, data.SHA256, want)
			}
		}
	}
}

// TestImplicitTLSWithKeys has a session inside TLS from its first byte, at a port that says nothing of FTP, with the keys in
// a file of their own or behind the packets. Nothing but what is inside shows what it is.
func TestImplicitTLSWithKeys(t *testing.T) {
	f := forge.New()
	keys := implicit(t, f, "220 ready", "USER ada", "331 and?", "PASS x", "230 "+strings.Repeat("welcome ", 600), "QUIT", "221 bye")
	file := f.PCAP()
	embedded := forge.Merge(f.Frames)
	padded := append(keys, make([]byte, -len(keys)&3)...)
	for _, w := range []int{10, len(padded) + 20, 0x544c534b, len(keys)} {
		embedded = binary.LittleEndian.AppendUint32(embedded, uint32(w))
	}
	embedded = binary.LittleEndian.AppendUint32(append(embedded, padded...), uint32(len(padded)+20))
	for name, o := range map[string]capture.Options{
		"keys": {KeyLog: keys}, "keys, tight": capture.Tight(capture.Options{KeyLog: keys}), "keys behind": {}, "none": {NoKeys: true},
	} {
		from, want := file, "user ada; - 220; USER ada 331; PASS x 230; QUIT 221"
		switch name {
		case "keys behind":
			from = embedded
		case "none":
			want = ""
		}
		tr, err := capture.Read(bytes.NewReader(from), o)
		if err != nil {
			t.Fatal(err)
		}
		if got := gist(tr); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// A taped connection writes down what is sent.
type taped struct {
	net.Conn
	end *forge.End
	mu  *sync.Mutex
}

func (c taped) Write(b []byte) (int, error) {
	c.mu.Lock()
	c.end.Send(string(b))
	c.mu.Unlock()
	return c.Conn.Write(b)
}

// implicit speaks lines in turn inside TLS, the server first, and returns the keys.
func implicit(t *testing.T, f *forge.Capture, lines ...string) []byte {
	_, key, _ := ed25519.GenerateKey(nil)
	template := &x509.Certificate{NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	var keys bytes.Buffer
	var mu sync.Mutex
	a, b := net.Pipe()
	client, server := f.Dial(forge.Client, forge.Server+":2990")
	asClient := tls.Client(taped{a, client, &mu}, &tls.Config{InsecureSkipVerify: true, KeyLogWriter: &keys})
	asServer := tls.Server(taped{b, server, &mu}, &tls.Config{SessionTicketsDisabled: true, Certificates: []tls.Certificate{{Certificate: [][]byte{cert}, PrivateKey: key}}})
	for i, line := range lines {
		from, to := asServer, asClient
		if i%2 == 1 {
			from, to = to, from
		}
		go from.Write([]byte(line + "\r\n"))
		if _, err := io.ReadFull(to, make([]byte, len(line)+2)); err != nil {
			t.Fatal(err)
		}
	}
	return keys.Bytes()
}
