// curl with OpenSSL and lftp with GnuTLS fetch a file over explicit FTPS.

package tls

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ftplab/lab/labtest/optional"
)

// An ftps is a server that knows just enough commands to hand out one file.
type ftps struct {
	config *tls.Config
	wait   sync.WaitGroup

	mu          sync.Mutex
	connections []*capture // each from the first record of TLS on
}

// A serverTap notes what a server reads and writes.
type serverTap struct {
	net.Conn
	c *capture
}

func (s serverTap) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	if n > 0 {
		s.c.add(fromClient, b[:n])
	}
	return n, err
}

func (s serverTap) Write(b []byte) (int, error) {
	s.c.add(fromServer, b)
	return s.Conn.Write(b)
}

// secure begins TLS on a connection, and the capture of it.
func (f *ftps) secure(conn net.Conn) *tls.Conn {
	c := new(capture)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.connections = append(f.connections, c)
	return tls.Server(serverTap{conn, c}, f.config)
}

// listen accepts connections until the test ends.
func (f *ftps) listen(t *testing.T) (address string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			f.wait.Go(func() {
				defer conn.Close()
				conn.SetDeadline(time.Now().Add(time.Minute))
				f.serve(conn)
			})
		}
	}()
	return l.Addr().String()
}

// serve holds a session (RFC 959, RFC 2428, RFC 4217).
func (f *ftps) serve(conn net.Conn) {
	fmt.Fprint(conn, "220 ready\r\n")
	lines := bufio.NewReader(conn)
	var data net.Listener
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		command, _, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		reply := map[string]string{
			"AUTH": "234 go on", "USER": "331 password", "PASS": "230 welcome", "PBSZ": "200 PBSZ=0", "PROT": "200 private",
			"PWD": `257 "/"`, "TYPE": "200 binary", "SIZE": fmt.Sprintf("213 %d", len(answer)), "QUIT": "221 bye", "RETR": "150 here it comes",
		}[command]
		if command == "EPSV" || command == "PASV" {
			if data, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
				return
			}
			defer data.Close()
			port := data.Addr().(*net.TCPAddr).Port
			reply = map[string]string{
				"EPSV": fmt.Sprintf("229 (|||%d|)", port),
				"PASV": fmt.Sprintf("227 (127,0,0,1,%d,%d)", port>>8, port&255),
			}[command]
		}
		if reply == "" {
			reply = "502 unknown here"
		}
		fmt.Fprint(conn, reply+"\r\n")
		switch command {
		case "AUTH":
			secured := f.secure(conn)
			conn, lines = secured, bufio.NewReader(secured)
			defer secured.Close()
		case "RETR":
			if data == nil || !f.send(data) {
				return
			}
			fmt.Fprint(conn, "226 sent\r\n")
		case "QUIT":
			return
		}
	}
}

// send sends the file on a data connection, and waits until the client closes it.
func (f *ftps) send(l net.Listener) bool {
	raw, err := l.Accept()
	if err != nil {
		return false
	}
	defer raw.Close()
	raw.SetDeadline(time.Now().Add(time.Minute))
	conn := f.secure(raw)
	if _, err := io.WriteString(conn, answer); err != nil {
		return false
	}
	conn.CloseWrite()
	io.Copy(io.Discard, conn)
	return true
}

// TestPeers decrypts what real clients of FTPS say, with the key logs that they write.
func TestPeers(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, name := range []string{"curl", "lftp"} {
			t.Run(fmt.Sprintf("%s %s", name, Version(version)), func(t *testing.T) {
				program := optional.Tool(t, name, "apt install "+name)
				_, config := configs(version)
				config.NextProtos = nil
				f := &ftps{config: config}
				address := f.listen(t)
				dir := t.TempDir()
				args := map[string][]string{
					"curl": {"--silent", "--show-error", "--ssl-reqd", "--insecure", "--user", "issle:secret", "--disable-eprt",
						"--output", filepath.Join(dir, "got"), "ftp://" + address + "/file"},
					"lftp": {"--norc", "-u", "issle,secret", "-e", "set ftp:ssl-force true; set ssl:verify-certificate false; " +
						"set ftp:use-feat false; set net:timeout 20; set net:max-retries 1; " +
						"get file -o " + filepath.Join(dir, "got") + "; bye", "ftp://" + address},
				}[name]
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				cmd := exec.CommandContext(ctx, program, args...)
				log := filepath.Join(dir, "keys")
				cmd.Env = append(os.Environ(), "SSLKEYLOGFILE="+log, "HOME="+dir)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				f.wait.Wait()
				// curl takes no tickets up to TLS 1.2, and Go's server has nothing else.
				checkPeer(t, f, log, name == "lftp" || version == tls.VersionTLS13)
			})
		}
	}
}

// checkPeer reads the two connections of a client: the dialogue and the file.
func checkPeer(t *testing.T, f *ftps, log string, resumes bool) {
	t.Helper()
	file, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var keys Keys
	if bad, err := keys.Read(file); err != nil || bad != nil {
		t.Errorf("the key log: %v, %v", bad, err)
	}
	if len(f.connections) != 2 {
		t.Fatalf("got %d connections with TLS, want 2", len(f.connections))
	}
	control := read(f.connections[0].packets, &keys, wholePackets)
	var commands []string
	for line := range strings.Lines(control.data[fromClient]) {
		commands = append(commands, strings.TrimSpace(line))
	}
	for _, want := range []string{"USER issle", "PASS secret", "PROT P", "RETR file", "QUIT"} {
		if !slices.Contains(commands, want) {
			t.Errorf("got commands %q, without %s", commands, want)
		}
	}
	if len(control.Problems) > 0 || !strings.Contains(control.data[fromServer], "226 sent\r\n") {
		t.Errorf("the control connection: got %s", control.describe())
	}
	data := read(f.connections[1].packets, &keys, wholePackets)
	if data.data != [2]string{"", answer} || len(data.Problems) > 0 || data.Handshake() != Complete {
		t.Errorf("the data connection: got %.300s", data.describe())
	}
	issued := slices.ContainsFunc(control.Tickets, func(k Ticket) bool { return k.Fingerprint == data.ResumedTicket })
	if issued != resumes || (data.Resumed != NotResumed) != resumes {
		t.Errorf("got resumed %q %s; the tickets are %v", data.Resumed, data.ResumedTicket, control.Tickets)
	}
}
