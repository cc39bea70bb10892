package main

import (
	"bufio"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// BenchmarkMarks runs every command that reads a capture on 400,000 SYNs and on 40,000
// sessions, and on half of each. It fails if, in the best of three runs, a command takes more memory
// than 64 MiB and the size of the file, or check or explain --html takes three
// times as long as explain --json, or baseline check twice as long. It reports how many
// times as long each takes and, as x-double, how much longer derive takes for twice the connections.
func BenchmarkMarks(b *testing.B) {
	command, folder := build(b), b.TempDir()
	scenario := filepath.Join(folder, "s.txtar")
	text := "# A small session\n# x\nopen\nlogin anonymous\nquit\n-- want --\nctl  client.* > server.21\n\nctl  client > server  [S]\nctl  ...\n"
	if err := os.WriteFile(scenario, []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		n       int
		packets []templatePacket
	}{{"400,000 SYNs", 400_000, aSYN}, {"40,000 sessions", 40_000, aSession()}} {
		file, half := filepath.Join(folder, c.name), filepath.Join(folder, "half of "+c.name)
		writeCapture(b, file, c.n, c.packets)
		writeCapture(b, half, c.n/2, c.packets)
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				json := cost(b, command, file, "explain", "--json")
				for _, m := range []struct {
					name string
					most float64 // times as long, 0 for any
					args []string
				}{
					{"story", 0, []string{"explain"}}, {"packets", 0, []string{"explain", "--packets"}},
					{"html", 3, []string{"explain", "--html"}}, {"md", 0, []string{"explain", "--md"}},
					{"baseline", 2, []string{"baseline", "check"}}, {"check", 3, []string{"check", scenario}},
					{"derive", 0, []string{"derive"}},
				} {
					whole := cost(b, command, file, m.args...)
					for range 2 { // on a busy machine, the caches are shared with others
						if m.most > 0 && whole > m.most*json {
							whole = min(whole, cost(b, command, file, m.args...))
						}
					}
					if b.ReportMetric(whole/json, m.name+"/json"); m.most > 0 && whole > m.most*json {
						b.Errorf("%s takes %.1f times as long as explain --json, want %g at most", m.name, whole/json, m.most)
					}
					if m.name == "derive" {
						b.ReportMetric(whole/cost(b, command, half, m.args...), "x-double")
					}
				}
			}
		})
	}
}

// cost runs a command on a capture and returns its seconds of processor time. On a busy machine,
// garbage may be collected late, so only a command that takes too much memory three times fails.
func cost(b *testing.B, command, file string, args ...string) (seconds float64) {
	b.Helper()
	info, err := os.Stat(file)
	if err != nil {
		b.Fatal(err)
	}
	const spare = 64 << 20
	var peak int64
	for range 3 {
		if seconds, peak = usage(b, command, append(args, file)); peak <= info.Size()+spare {
			return seconds
		}
	}
	b.Errorf("%v takes %d MiB for a file of %d, want 64 more at most", args, peak>>20, info.Size()>>20)
	return seconds
}

// usage runs a command and returns its seconds of processor time and its most bytes of memory.
// Exit status 1 is a verdict.
func usage(b *testing.B, command string, args []string) (seconds float64, peak int64) {
	b.Helper()
	c := exec.Command(command, args...)
	if err := c.Run(); err != nil && c.ProcessState.ExitCode() != 1 {
		b.Fatalf("%v: %v", args, err)
	}
	peak = c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	return (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds(), peak
}

// A templatePacket is a TCP packet of a connection that is written for many clients.
type templatePacket struct {
	fromServer             bool
	clientPort, serverPort uint16
	seq, ack               uint32
	flags                  byte
	data                   string
}

const fin, syn, psh, ack = 1, 2, 8, 16

var aSYN = []templatePacket{{clientPort: 3171, serverPort: 21, seq: 7, flags: syn}}

// aSession is a login, a download and the end, each line in a segment of its own that is
// acknowledged.
func aSession() []templatePacket {
	t := &template{}
	t.dial(3171, 21)
	t.say(true, "220 FTP server ready.\r\n")
	for _, x := range [][2]string{
		{"USER anonymous", "331 Guest login ok."}, {"PASS me@mypc.test", "230 Logged in."},
		{"PASV", "227 Entering Passive Mode (192,0,2,21,14,84)."}, {"RETR file", "150 Here it comes."},
	} {
		t.say(false, x[0]+"\r\n")
		t.say(true, x[1]+"\r\n")
	}
	data := &template{}
	data.dial(24626, 3668)
	data.say(true, string(make([]byte, 300)))
	data.end()
	t.packets = append(t.packets, data.packets...)
	t.say(true, "226 Done.\r\n")
	t.say(false, "QUIT\r\n")
	t.say(true, "221 Goodbye.\r\n")
	t.end()
	return t.packets
}

// A template is a connection under construction.
type template struct {
	packets                []templatePacket
	clientPort, serverPort uint16
	next                   [2]uint32 // sequence numbers: the client's, the server's
}

func (t *template) packet(fromServer bool, flags byte, data string) {
	from, to := 0, 1
	if fromServer {
		from, to = 1, 0
	}
	p := templatePacket{fromServer, t.clientPort, t.serverPort, t.next[from], t.next[to], flags, data}
	if flags&(syn|ack) == syn {
		p.ack = 0
	}
	t.packets = append(t.packets, p)
	t.next[from] += uint32(len(data))
	if flags&(syn|fin) != 0 {
		t.next[from]++
	}
}

func (t *template) dial(clientPort, serverPort uint16) {
	t.clientPort, t.serverPort, t.next = clientPort, serverPort, [2]uint32{1000, 2000}
	t.packet(false, syn, "")
	t.packet(true, syn|ack, "")
	t.packet(false, ack, "")
}

func (t *template) say(fromServer bool, text string) {
	t.packet(fromServer, psh|ack, text)
	t.packet(!fromServer, ack, "")
}

func (t *template) end() {
	t.packet(true, fin|ack, "")
	t.packet(false, fin|ack, "")
	t.packet(true, ack, "")
}

// writeCapture writes a pcap file of raw IP with the packets n times, each time of another
// client.
func writeCapture(b *testing.B, name string, n int, packets []templatePacket) {
	b.Helper()
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	le, be := binary.LittleEndian, binary.BigEndian
	header := le.AppendUint32(nil, 0xa1b23c4d) // nanoseconds
	header = le.AppendUint32(header, 2|4<<16)
	w.Write(append(header, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0))
	server, at := []byte{192, 0, 2, 21}, time.Duration(0)
	for i := range n {
		client := be.AppendUint32(nil, 0x0a000000+uint32(i))
		for _, p := range packets {
			at += 12 * time.Microsecond
			size := uint32(40 + len(p.data))
			record := le.AppendUint32(nil, uint32(at/time.Second))
			record = le.AppendUint32(record, uint32(at%time.Second))
			record = le.AppendUint32(le.AppendUint32(record, size), size)
			record = append(record, 0x45, 0, byte(size>>8), byte(size), 0, 0, 0x40, 0, 64, 6, 0, 0)
			if p.fromServer {
				record = append(append(record, server...), client...)
				record = be.AppendUint16(be.AppendUint16(record, p.serverPort), p.clientPort)
			} else {
				record = append(append(record, client...), server...)
				record = be.AppendUint16(be.AppendUint16(record, p.clientPort), p.serverPort)
			}
			record = be.AppendUint32(be.AppendUint32(record, p.seq), p.ack)
			record = append(record, 5<<4, p.flags, 0xfa, 0xf0, 0, 0, 0, 0)
			w.Write(append(record, p.data...))
		}
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
}
