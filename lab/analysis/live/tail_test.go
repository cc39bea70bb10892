// The tests of files that grow run in virtual time: a reader that waits for more takes no time.

package live

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ftplab/lab/internal/forge"
)

// followed follows a file until the test calls end, and passes on what each session is
// named after: the port of its client.
func followed(t *testing.T, path string) (ports chan int, end func() (warnings []string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var warnings []string
	s, err := Follow(ctx, path, func(name string) bool { return strings.Contains(name, ".pcap") }, func(w string) { warnings = append(warnings, w) })
	if err != nil {
		t.Fatal(err)
	}
	ports = make(chan int, 100)
	done := make(chan error, 1)
	go func() {
		done <- Read(s, Options{}, func(s *Session) error {
			if s.Capture.NumSessions() > 0 {
				ports <- int(s.Capture.Connection(s.Control).Client.Port())
			}
			return nil
		})
	}()
	return ports, func() []string {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		close(ports)
		return warnings
	}
}

// expect waits for a session.
func expect(t *testing.T, ports chan int, want int) {
	t.Helper()
	select {
	case got := <-ports:
		if got != want {
			t.Errorf("got the session of port %d, want %d", got, want)
		}
	case <-time.After(30 * time.Second):
		t.Fatalf("the session of port %d is not reported", want)
	}
}

// session is a capture of one session, at a time.
func session(port int) []byte {
	f := forge.New()
	f.Pass(time.Duration(port) * time.Second)
	talk(f, "198.51.100.7", "192.0.2.21", port, "data")
	return f.PCAP()
}

// packetsEnd is where the first n packets of a capture end.
func packetsEnd(capture []byte, n int) int {
	end := 24
	for range n {
		end += 16 + int(capture[end+8]) + int(capture[end+9])<<8
	}
	return end
}

func write(t *testing.T, name string, parts ...[]byte) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range parts {
		if _, err := f.Write(p); err != nil {
			t.Fatal(err)
		}
	}
}

// TestGrowing writes a capture in small pieces.
func TestGrowing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "trace.pcap")
		first, second := session(2000), session(3000)[24:]
		write(t, name, first[:10])
		ports, end := followed(t, name)
		write(t, name, first[10:500])
		write(t, name, first[500:])
		expect(t, ports, 2000)
		write(t, name, second[:len(second)/2])
		if w := end(); len(w) > 0 {
			t.Errorf("got warnings %q", w)
		}
		expect(t, ports, 3000) // which goes on when the reading ends
	})
}

// TestRotation follows a recorder from file to file.
func TestRotation(t *testing.T) {
	for name, rotate := range map[string]func(t *testing.T, file string, n int, data []byte){
		"tcpdump -C": func(t *testing.T, file string, n int, data []byte) { write(t, fmt.Sprintf("%s%d", file, n), data) },
		"renamed": func(t *testing.T, file string, n int, data []byte) {
			if err := os.Rename(file, fmt.Sprintf("%s.%d", file, n)); err != nil {
				t.Fatal(err)
			}
			write(t, file, data)
		},
		"a ring of two": func(t *testing.T, file string, n int, data []byte) {
			other := file
			if n%2 == 1 {
				other = file + "1"
			}
			os.Truncate(other, 0)
			write(t, other, data)
		},
		"copied and cut": func(t *testing.T, file string, n int, data []byte) {
			if err := os.Truncate(file, 0); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * poll) // else nobody can see that it was cut
			write(t, file, data)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "trace.pcap")
				write(t, file, session(2000))
				ports, end := followed(t, file)
				expect(t, ports, 2000)
				for n := 1; n < 4; n++ {
					rotate(t, file, n, session(2000+100*n))
					expect(t, ports, 2000+100*n)
				}
				if w := end(); len(w) > 0 {
					t.Errorf("got warnings %q", w)
				}
				for p := range ports {
					t.Errorf("the session of port %d is reported twice", p)
				}
			})
		})
	}
}

// TestWrittenOver puts another capture in the place of the file, whatever its size and its time.
func TestWrittenOver(t *testing.T) {
	small, large := session(2100), append(session(2100), session(2200)[24:]...)
	alike := append(session(2000)[:packetsEnd(session(2000), 5)], large[24:]...)
	over := func(t *testing.T, file string, data []byte) {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	renamed := func(t *testing.T, file string, data []byte) {
		write(t, file+".new", data)
		if err := os.Chtimes(file+".new", time.Time{}, time.Now().Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	removed := func(t *testing.T, file string, data []byte) {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		write(t, file, data)
	}
	for _, test := range []struct {
		name    string
		replace func(t *testing.T, file string, data []byte)
		data    []byte
		port    int // of its session
		warning string
	}{
		{"by one of the same size", over, small, 2100, "was written over"},
		{"by a larger one", over, large, 2100, "was written over"},
		{"by one that begins alike", over, alike, 2100, "was written over"},
		{"by an older file", renamed, small, 2100, "was replaced by another file"},
		{"by the same bytes in another file", removed, session(2000), 2000, "was replaced by another file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "trace.pcap")
				write(t, file, session(2000))
				ports, end := followed(t, file)
				expect(t, ports, 2000)
				synctest.Wait() // until it waits for more, so that it does not see a file that is half written
				test.replace(t, file, test.data)
				expect(t, ports, test.port)
				if w := end(); len(w) != 1 || !strings.Contains(w[0], "trace.pcap "+test.warning) {
					t.Errorf("got warnings %q, want one: %s", w, test.warning)
				}
			})
		})
	}
}

// TestAcrossFiles asks for a session that begins in one file and ends in the next one.
func TestAcrossFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "trace.pcap")
		whole := session(2000)
		cut := packetsEnd(whole, 9)
		write(t, file, whole[:cut])
		ports, end := followed(t, file)
		write(t, file+"1", whole[:24], whole[cut:])
		expect(t, ports, 2000)
		end()
	})
}

// TestFolder follows all captures in a folder, and says what it cannot read.
func TestFolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "notes.txt"), []byte("no capture"))
		ports, end := followed(t, dir)
		write(t, filepath.Join(dir, "a.pcap"), session(2000))
		expect(t, ports, 2000)
		write(t, filepath.Join(dir, "b.pcap"), []byte("this is not a capture at all"))
		write(t, filepath.Join(dir, "c.pcap"), session(2100))
		expect(t, ports, 2100)
		if w := end(); len(w) != 1 || !strings.Contains(w[0], "b.pcap: not a capture") {
			t.Errorf("got warnings %q", w)
		}
	})
}
