package loopback

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"ftplab/lab/labtest/optional"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/cell"
	"ftplab/lab/testbed/cell/celltest"
	"ftplab/lab/testbed/network"
)

// bodies are what the cells of these tests do, by the name in their job.
var bodies = map[string]func(context.Context, *cell.Cell, testJob) error{
	"echo":              echo,
	"transfer":          transfer,
	"transfer and tell": transferAndTell,
	"fill disk":         fillDisk,
	"speak once":        speakOnce,
	"leave open":        leaveOpen,
	"share":             share,
	"dial again":        dialAgain,
	"close early":       closeEarly,
	"without IPv6":      withoutIPv6,
}

// testJob is the Spec of these tests' jobs.
type testJob struct {
	Body     string
	Plan     scenario.Network
	Size     int64
	Recorder string
	Checked  bool
}

func init() {
	cell.Init(func(ctx context.Context, c *cell.Cell) error {
		var job testJob
		if err := c.Spec(&job); err != nil {
			return err
		}
		body, ok := bodies[job.Body]
		if !ok {
			return fmt.Errorf("no body %q", job.Body) // celltest's probe has none
		}
		return body(ctx, c, job)
	})
}

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// plan is two hosts on one address.
func plan(address string) scenario.Network {
	a := netip.MustParseAddr(address)
	return scenario.Network{
		Kind: scenario.Loopback, IPv6: a.Is6(),
		Hosts: []scenario.Host{{Name: "client", Addr: a}, {Name: "server", Addr: a}},
	}
}

// open makes the network of the job, recorded to the job's first file.
func open(c *cell.Cell, job testJob) (*Network, error) {
	w, err := pcapng.NewWriter(c.Files[0], pcapng.PCAPNG, pcapng.Info{
		Application: "ftplab test", Interface: "lo", Remark: Remark,
	})
	if err != nil {
		return nil, err
	}
	return Open(job.Plan, Recording{Writer: w, Shared: c.InPlace})
}

// run runs a body in a cell, and returns its capture's path and its messages.
func run(t testing.TB, job testJob) (path string, messages []string) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: the test makes a network, as those of all scenarios do")
	}
	path = filepath.Join(t.TempDir(), "capture.pcapng")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	err = cell.Run(context.Background(), cell.Job{
		Spec: job, Files: []*os.File{file},
		Message: func(m json.RawMessage) { messages = append(messages, string(m)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return path, messages
}

// echo sends Size bytes from client to server and back, over one connection.
func echo(ctx context.Context, c *cell.Cell, job testJob) error {
	n, err := open(c, job)
	if err != nil {
		return err
	}
	l, err := n.Host("server").ListenTCP(21)
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err == nil {
			_, err = io.Copy(conn, conn)
			conn.Close()
		}
		served <- err
	}()
	conn, err := n.Host("client").DialTCP(ctx, 0, netip.AddrPortFrom(n.Host("server").Addr(), 21))
	if err != nil {
		return err
	}
	go func() {
		io.CopyN(conn, zeros{}, job.Size)
		conn.CloseWrite()
	}()
	got, err := io.Copy(io.Discard, conn)
	if err != nil || got != job.Size {
		return fmt.Errorf("got %d bytes back, want %d: %w", got, job.Size, err)
	}
	conn.Close()
	l.Close()
	if err := <-served; err != nil {
		return err
	}
	if err := n.Close(network.UsualSilence); err != nil {
		return err
	}
	return c.Send(n.Stats())
}

// zeros is an endless file of zeros.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// tshark runs tshark on a capture and returns its lines.
func tshark(t testing.TB, path string, args ...string) []string {
	t.Helper()
	program := optional.Tool(t, "tshark", "apt install tshark")
	cmd := exec.Command(program, append([]string{"-n", "-r", path}, args...)...)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, complaints.String())
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' })
}

func TestCaptureIsWhole(t *testing.T) {
	celltest.Need(t)
	for _, address := range []string{"127.0.0.1", "::1", "127.0.0.2"} {
		t.Run(address, func(t *testing.T) {
			job := testJob{Body: "echo", Plan: plan(address), Size: 1 << 20}
			job.Plan.Volume = 2 * job.Size
			path, messages := run(t, job)
			frames := tshark(t, path, "-T", "fields", "-e", "frame.time_delta", "-e", "_ws.malformed", "-e", "_ws.expert.severity", "-e", "_ws.expert.message")
			for i, frame := range frames {
				fields := strings.Split(frame, "\t")
				if delta := fields[0]; strings.HasPrefix(delta, "-") {
					t.Errorf("frame %d is %s s later than the one before", i+1, delta)
				}
				warns := func(severity string) bool { n, err := strconv.Atoi(severity); return err != nil || n >= 0x600000 }
				if fields[1] != "" || fields[2] != "" && slices.ContainsFunc(strings.Split(fields[2], ","), warns) {
					t.Errorf("tshark complains of frame %d: %q", i+1, fields[1:])
				}
			}
			want := fmt.Sprintf(`{"Received":%d,"Dropped":0}`, len(frames))
			if len(messages) != 1 || messages[0] != want {
				t.Errorf("got counts %s, want %s, as there are that many frames", messages, want)
			}
		})
	}
}
