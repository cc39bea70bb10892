// Sessions of OpenSSL, which has what Go has not: DHE and CCM, encrypt-then-MAC,
// key updates, renegotiation and 0-RTT data.

package tls

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ftplab/lab/labtest/optional"
)

// An openssl runs one server, and clients that reach it through a relay, which
// captures what they say.
type openssl struct {
	t       *testing.T
	program string
	dir     string // of files
	server  string // address
}

// startOpenSSL starts a server that accepts everything, with more options.
func startOpenSSL(t *testing.T, options ...string) *openssl {
	t.Helper()
	o := &openssl{t: t, program: optional.Tool(t, "openssl", "apt install openssl"), dir: t.TempDir()}
	args := []string{"s_server", "-accept", "127.0.0.1:0", "-cipher", "ALL:@SECLEVEL=0", "-ciphersuites", allSuites13}
	for i, c := range []tls.Certificate{certificates().rsa, certificates().ecdsa} {
		cert, key := writePEM(t, o.dir, fmt.Sprint(i), c)
		args = append(args, []string{"-cert", "-dcert"}[i], cert, []string{"-key", "-dkey"}[i], key)
	}
	cmd := exec.Command(o.program, append(args, options...)...)
	in, err := cmd.StdinPipe() // the server ends with it
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), "ACCEPT "); ok {
			o.server = address
			go io.Copy(io.Discard, out)
			return o
		}
	}
	t.Fatalf("openssl s_server does not say where it listens: %v", lines.Err())
	return nil
}

const allSuites13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256"

// writePEM writes a certificate and its key, and returns the names of the files.
func writePEM(t *testing.T, dir, name string, c tls.Certificate) (cert, key string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")
	for file, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: c.Certificate[0]}, key: {Type: "PRIVATE KEY", Bytes: der},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// relay connects one client to the server and captures what both say, until both have
// closed. It returns the address for the client.
func (c *capture) relay(t *testing.T, server string) (address string, wait func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	both.Go(func() {
		defer l.Close()
		client, err := l.Accept()
		if err != nil {
			return
		}
		upstream, err := net.Dial("tcp", server)
		if err != nil {
			client.Close()
			return
		}
		copyAll := func(dst net.Conn, src net.Conn, dir int) {
			io.Copy(tap{dst, c, dir}, src)
			dst.(*net.TCPConn).CloseWrite()
		}
		both.Go(func() { copyAll(upstream, client, fromClient) })
		copyAll(client, upstream, fromServer)
		client.Close()
		upstream.Close()
	})
	return l.Addr().String(), both.Wait
}

// A step is a line to type into a client, what the client prints then, and the file that
// it makes, if it makes one.
type step struct{ line, printed, file string }

// client runs s_client with options, and types a line when what belongs to the one
// before was printed.
func (o *openssl) client(steps []step, options ...string) *capture {
	o.t.Helper()
	c := new(capture)
	address, wait := c.relay(o.t, o.server)
	log := filepath.Join(o.dir, "keys")
	os.Remove(log)
	args := append([]string{"s_client", "-connect", address, "-servername", "ftp.example.test", "-keylogfile", log}, options...)
	cmd := exec.Command(o.program, args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		o.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		o.t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		o.t.Fatal(err)
	}
	timeout := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
	defer timeout.Stop()
	printed := new(bytes.Buffer)
	reader := bufio.NewReader(io.TeeReader(out, printed))
	for _, s := range steps {
		io.WriteString(in, s.line+"\n")
		for line := ""; !strings.Contains(line, s.printed); {
			if line, err = reader.ReadString('\n'); err != nil {
				o.t.Fatalf("openssl %v: after %q comes no %q:\n%s", args, s.line, s.printed, printed)
			}
		}
		for deadline := time.Now().Add(20 * time.Second); s.file != "" && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
			if _, err := os.Stat(s.file); err == nil {
				break
			}
		}
	}
	in.Close()
	io.Copy(io.Discard, reader)
	cmd.Wait()
	wait()
	keys, err := os.ReadFile(log)
	if err != nil {
		o.t.Fatalf("%v: openssl %v:\n%s", err, args, printed)
	}
	c.keylog.Write(keys)
	return c
}

var hello = []step{{line: "hello", printed: "olleh"}}

// TestOpenSSLSuites decrypts a session of every suite that is known here and to
// OpenSSL, in every version that has it, with encrypt-then-MAC and without.
func TestOpenSSLSuites(t *testing.T) {
	o := startOpenSSL(t, "-rev")
	list, err := exec.Command(o.program, "ciphers", "-V", "-s", "ALL:@SECLEVEL=0").Output()
	if err != nil {
		t.Fatal(err)
	}
	tested := 0
	for line := range strings.Lines(string(list)) {
		// 0xC0,0x2C - ECDHE-ECDSA-AES256-GCM-SHA384 TLSv1.2 Kx=ECDH ...
		f := strings.Fields(line)
		var high, low uint16
		if _, err := fmt.Sscanf(f[0], "0x%X,0x%X", &high, &low); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		id := CipherSuite(high<<8 | low)
		if _, ok := suiteNames[id]; !ok {
			continue
		}
		for version, option := range map[Version]string{TLS10: "-tls1", TLS11: "-tls1_1", TLS12: "-tls1_2", TLS13: "-tls1_3"} {
			if !id.hasVersion(version) {
				continue
			}
			choose := []string{option, "-cipher", f[2] + ":@SECLEVEL=0"}
			if version == TLS13 {
				choose = []string{option, "-ciphersuites", f[2]}
			}
			variants := [][]string{choose}
			if s, _ := id.suite(); s.isCBC() {
				variants = append(variants, append(choose[:len(choose):len(choose)], "-no_etm"))
			}
			for _, options := range variants {
				tested++
				c := o.client(hello, options...)
				h := read(c.packets, c.keys(t), 100)
				if h.ServerHello == nil || h.ServerHello.CipherSuite != id || h.ServerHello.Version != version {
					t.Errorf("%s %v: got %s", id, options, h.describe())
				}
				etm := len(variants) == 2 && len(options) == len(choose)
				if h.data != [2]string{"hello\n", "olleh\n"} || h.Handshake() != Complete || len(h.Problems) > 0 || h.halves[0].params.etm != etm {
					t.Errorf("%s %v: encrypt-then-MAC %t, got %s", id, options, etm, h.describe())
				}
			}
		}
	}
	if tested < 60 {
		t.Errorf("only %d sessions of OpenSSL were tested", tested)
	}
}

// TestKeyUpdate changes the keys of TLS 1.3 once in one direction and once in both (RFC
// 8446, section 4.6.3).
func TestKeyUpdate(t *testing.T) {
	o := startOpenSSL(t, "-rev")
	c := o.client([]step{
		{line: "hello", printed: "olleh"},
		{line: "k", printed: "KEYUPDATE"}, {line: "again", printed: "niaga"},
		{line: "K", printed: "KEYUPDATE"}, {line: "last", printed: "tsal"},
	}, "-tls1_3")
	h := read(c.packets, c.keys(t), 100)
	want := [2]string{"hello\nagain\nlast\n", "olleh\nniaga\ntsal\n"}
	if h.data != want || len(h.Problems) > 0 || h.Flows[fromClient].KeyUpdates != 2 || h.Flows[fromServer].KeyUpdates != 1 {
		t.Errorf("got %s, %+v", h.describe(), h.Flows)
	}
	// A record that cannot be read loses one line at most, also if it is a KeyUpdate.
	flipped := 0
	for i, p := range c.packets {
		if p.dir != fromClient || p.data[0] != typeApplicationData {
			continue
		}
		flipped++
		c.packets[i].data = bytes.Clone(p.data)
		c.packets[i].data[len(p.data)-1] ^= 1
		h := read(c.packets, c.keys(t), wholePackets)
		got := strings.ReplaceAll(h.data[fromClient], "[gap]", "")
		lost := strings.NewReplacer("hello\n", "", "again\n", "", "last\n", "").Replace(got) == "" && strings.Count(got, "\n") >= 2
		if !lost || len(h.Problems) != 1 {
			t.Errorf("with a damaged packet %d got %s", i+1, h.describe())
		}
		c.packets[i].data = p.data
	}
	if flipped < 3 {
		t.Errorf("only %d packets of the client were damaged", flipped)
	}
}

// TestRenegotiation begins a second handshake inside the first session (RFC 5246,
// section 7.4.1.1).
func TestRenegotiation(t *testing.T) {
	o := startOpenSSL(t, "-rev", "-client_renegotiation")
	for _, options := range [][]string{{"-tls1_2"}, {"-tls1", "-cipher", "AES128-SHA:@SECLEVEL=0"}} {
		c := o.client([]step{
			{line: "hello", printed: "olleh"}, {line: "R", printed: "RENEGOTIATING"}, {line: "again", printed: "niaga"},
		}, options...)
		h := read(c.packets, c.keys(t), 100)
		if h.data != [2]string{"hello\nagain\n", "olleh\nniaga\n"} || len(h.Problems) > 0 || h.Renegotiations != 1 {
			t.Errorf("%v: got %d renegotiations, %s", options, h.Renegotiations, h.describe())
		}
		blind := read(c.packets, nil, 100)
		if blind.data != [2]string{} || blind.Renegotiations != 0 || len(blind.Problems) > 0 {
			t.Errorf("%v without keys: got %s", options, blind.describe())
		}
	}
}

// TestEarlyData reads 0-RTT data that the server takes, and says nothing of what it
// refuses because the ticket was used before (RFC 8446, section 8.1).
func TestEarlyData(t *testing.T) {
	o := startOpenSSL(t, "-early_data", "-naccept", "4")
	ticket, early := filepath.Join(o.dir, "ticket"), filepath.Join(o.dir, "early")
	if err := os.WriteFile(early, []byte("early words\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	first := o.client([]step{{line: "hello", printed: "Early data was not sent", file: ticket}}, "-tls1_3", "-sess_out", ticket)
	h := read(first.packets, first.keys(t), wholePackets)
	if len(h.Tickets) == 0 || h.EarlyData || h.ClientHello.EarlyData {
		t.Fatalf("got tickets %v, early data %t", h.Tickets, h.EarlyData)
	}
	for _, test := range []struct {
		accepted bool
		printed  string
		want     string
	}{{true, "Early data was accepted", "early words\nhello\n"}, {false, "Early data was rejected", "hello\n"}} {
		c := o.client([]step{{line: "hello", printed: test.printed}}, "-tls1_3", "-sess_in", ticket, "-early_data", early)
		h := read(c.packets, c.keys(t), wholePackets)
		if h.data[fromClient] != test.want || h.EarlyData != test.accepted || len(h.Problems) > 0 || !h.ClientHello.EarlyData {
			t.Errorf("accepted %t: got early data %t, %s", test.accepted, h.EarlyData, h.describe())
		}
		if test.accepted && h.Resumed != ByPSK {
			t.Errorf("got resumed %q", h.Resumed)
		}
		blind := read(c.packets, nil, wholePackets)
		if blind.data != [2]string{} || blind.EarlyData || len(blind.Problems) > 0 {
			t.Errorf("without keys got %s", blind.describe())
		}
	}
}

// TestSessionID resumes sessions of TLS 1.2 without tickets, by their IDs (RFC 5246, section
// 7.3), and Wireshark says that they are resumed, too. A server that does not know the ID begins
// a new session.
func TestSessionID(t *testing.T) {
	o := startOpenSSL(t, "-rev", "-no_ticket", "-tls1_2")
	other := startOpenSSL(t, "-rev", "-no_ticket", "-tls1_2")
	saved := filepath.Join(o.dir, "session")
	var captures []*capture
	for _, test := range []struct {
		server  *openssl
		option  string
		resumed Resumption
		offered Resumption
	}{
		{o, "-sess_out", NotResumed, NotResumed},
		{o, "-sess_in", BySessionID, BySessionID},
		{other, "-sess_in", NotResumed, BySessionID},
	} {
		c := test.server.client(hello, "-tls1_2", "-no_ticket", test.option, saved)
		captures = append(captures, c)
		for what, keys := range map[string]*Keys{"with keys": c.keys(t), "without keys": nil} {
			h := read(c.packets, keys, wholePackets)
			if h.Resumed != test.resumed || h.ClientHello.Offer != test.offered {
				t.Errorf("%s %s: got resumed %q, offered %q: %s", test.option, what, h.Resumed, h.ClientHello.Offer, h.describe())
			}
			if certificates := len(h.Certificates[fromServer]); (certificates == 0) != (test.resumed == BySessionID) {
				t.Errorf("%s %s: got %d certificates", test.option, what, certificates)
			}
			if test.resumed == BySessionID && h.ResumedTicket != read(captures[0].packets, keys, wholePackets).Tickets[0].Fingerprint {
				t.Errorf("%s %s: got the session %s", test.option, what, h.ResumedTicket)
			}
			if keys != nil && h.data != [2]string{"hello\n", "olleh\n"} {
				t.Errorf("%s: got %s", test.option, h.describe())
			}
		}
	}
	sharkd := optional.StartSharkd(t)
	sharkd.Load(inPackets(t, captures))
	if got := sharkd.Frames("tls.resumed", "tcp.stream"); len(got) != 1 || got[0].String() != "1" {
		t.Errorf("Wireshark finds the streams %v resumed, want 1", got)
	}
}
