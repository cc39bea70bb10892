package optional

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Sharkd runs Wireshark's sharkd, one process that reads many captures one after
// another. To start tshark takes about as long as to read a hundred small captures, so
// tests with many captures use sharkd.
//
// A Sharkd must not be used by several goroutines at once.
type Sharkd struct {
	t       testing.TB
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Scanner
	loads   int
}

// manufacturer is the only line of Sharkd's table of vendors. Wireshark recognizes Ethernet
// in MPLS by an address whose vendor it knows.
const manufacturer = "00:1B:21\tIntel\n"

// StartSharkd starts sharkd for a test, and stops it when the test ends. Its tables of
// manufacturers and services are nearly empty: it would read all of them again for each
// capture, which takes several times as long as to read a small one.
func StartSharkd(t testing.TB) *Sharkd {
	t.Helper()
	path := Tool(t, "sharkd", "apt install tshark")
	tables := t.TempDir()
	if err := os.WriteFile(filepath.Join(tables, "manuf"), []byte(manufacturer), 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := startSharkd(t, path, tables, ordinary())
	if err != nil { // this system has no user namespaces
		s, err = startSharkd(t, path, tables, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.in.Close()
		s.command.Wait()
	})
	return s
}

func startSharkd(t testing.TB, path, tables string, as *syscall.SysProcAttr) (*Sharkd, error) {
	s := &Sharkd{t: t, command: exec.Command(path, "-")}
	s.command.Env = append(os.Environ(), "WIRESHARK_DATA_DIR="+tables)
	s.command.SysProcAttr = as
	var err error
	if s.in, err = s.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.out = bufio.NewScanner(out)
	s.out.Buffer(nil, 64<<20)
	return s, s.command.Start()
}

// Set sets a preference of Wireshark, such as tcp.check_checksum, to a value. It
// applies to captures that are loaded later.
func (s *Sharkd) Set(preference, value string) {
	s.t.Helper()
	s.call("setconf", map[string]any{"name": preference, "value": value}, nil)
}

// Load reads a capture. It replaces the one before.
func (s *Sharkd) Load(file string) {
	s.t.Helper()
	s.loads++
	s.call("load", map[string]any{"file": file}, nil)
}

// A SharkdFrame is a frame and the values of the requested fields.
type SharkdFrame struct {
	Number int      `json:"num"` // as frame.number
	Fields []string `json:"c"`
}

// String prints the frame in one line.
func (f SharkdFrame) String() string { return strings.Join(f.Fields, " ") }

// Frames returns the frames that a display filter matches, with the named fields or,
// without names, with Wireshark's usual columns. A field has its first value in the
// frame. With ":0" after its name it has all its values, separated by commas.
func (s *Sharkd) Frames(filter string, fields ...string) []SharkdFrame {
	s.t.Helper()
	// sharkd remembers which frames a filter matched, even after it has loaded another
	// capture. So Frames never uses the same filter twice.
	const impossible = 1 << 31
	params := map[string]any{"filter": fmt.Sprintf("(%s) || frame.number == %d", filter, impossible+s.loads)}
	for i, f := range fields {
		if !strings.Contains(f, ":") {
			f += ":1" // its first occurrence
		}
		params[fmt.Sprintf("column%d", i)] = f
	}
	var frames []SharkdFrame
	s.call("frames", params, &frames)
	return frames
}

// Values returns the values of a field in a frame. They are numbers where Frames
// returns names.
func (s *Sharkd) Values(frame int, field string) []string {
	s.t.Helper()
	type node struct {
		Filter string `json:"f"` // such as: ftp.response.code == 220
		Nodes  []node `json:"n"`
	}
	var result struct {
		Tree []node
	}
	s.call("frame", map[string]any{"frame": frame, "proto": true}, &result)
	var values []string
	var walk func([]node)
	walk = func(nodes []node) {
		for _, n := range nodes {
			if value, ok := strings.CutPrefix(n.Filter, field+" == "); ok {
				values = append(values, value)
			}
			walk(n.Nodes)
		}
	}
	walk(result.Tree)
	return values
}

// Follow returns the contents of a stream as Wireshark's "Follow" shows it. The stream
// is "TCP" or, decrypted, "TLS", and the display filter selects the connection, such as
// "tcp.stream eq 0". Wireshark chooses one end of the connection: from is what this end
// sent, port its TCP port, and to what it received.
func (s *Sharkd) Follow(stream, filter string) (from []byte, port string, to []byte) {
	s.t.Helper()
	var result struct {
		Port     string `json:"cport"`
		Payloads []struct {
			Data     []byte `json:"d"`
			Opposite int    `json:"s"`
		}
	}
	s.call("follow", map[string]any{"follow": stream, "filter": filter}, &result)
	for _, p := range result.Payloads {
		if p.Opposite != 0 {
			to = append(to, p.Data...)
		} else {
			from = append(from, p.Data...)
		}
	}
	return from, result.Port, to
}

// call calls a method of sharkd by JSON-RPC 2.0. Each call and each answer is one line.
func (s *Sharkd) call(method string, params map[string]any, result any) {
	s.t.Helper()
	request, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(s.in, "%s\n", request); err != nil {
		s.t.Fatalf("sharkd: %s: %v", method, err)
	}
	if !s.out.Scan() {
		s.t.Fatalf("sharkd: %s %v: no answer: %v", method, params, s.out.Err())
	}
	var answer struct {
		Result json.RawMessage
		Error  *struct{ Message string }
	}
	if err := json.Unmarshal(s.out.Bytes(), &answer); err != nil {
		s.t.Fatalf("sharkd: %s: %v in %s", method, err, s.out.Bytes())
	}
	if answer.Error != nil {
		s.t.Fatalf("sharkd: %s %v: %s", method, params, answer.Error.Message)
	}
	if result == nil {
		return
	}
	if err := json.Unmarshal(answer.Result, result); err != nil {
		s.t.Fatalf("sharkd: %s: %v in %s", method, err, answer.Result)
	}
}
