package cell

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// testJob is the Spec of these tests' jobs.
type testJob struct {
	Body string
	Args []string
}

// bodies are the bodies of these tests' cells, by the name in their job.
var bodies = map[string]func(ctx context.Context, c *Cell, args []string) error{
	"nothing": func(ctx context.Context, c *Cell, args []string) error { return nil },
	"hello": func(ctx context.Context, c *Cell, args []string) error {
		if err := c.Send("hello"); err != nil {
			return err
		}
		return c.Send(map[string]int{"pid": os.Getpid(), "uid": os.Getuid()})
	},
	"fail": func(ctx context.Context, c *Cell, args []string) error {
		return errors.New("scenario.txtar:3: no such host\nsecond line")
	},
	"names": func(ctx context.Context, c *Cell, args []string) error {
		for i, f := range c.Files {
			fmt.Fprintf(f, "%s is file %d", f.Name(), i)
		}
		return nil
	},
	"listen": listen,
	"obey": func(ctx context.Context, c *Cell, args []string) error {
		c.Send(outerPID())
		<-ctx.Done()
		if slices.Contains(args, "and fail") {
			return fmt.Errorf("stopped: %w", context.Cause(ctx))
		}
		return nil
	},
	"ignore": func(ctx context.Context, c *Cell, args []string) error {
		c.Send(outerPID())
		select {}
	},
	"flush":    flushWhenCancelled,
	"programs": startPrograms,
	"refuse":   runUnderPolicy,
	"place": func(ctx context.Context, c *Cell, args []string) error {
		return c.Send(fmt.Sprintf("in place: %t", c.InPlace))
	},
	"alone":       beAlone,
	"crowd":       crowd,
	"host apart":  hostApart,
	"start apart": startApart,
	"come back":   comeBack,
	"own":         ownIsTheProcess,
	"need IPv6":   needIPv6,
	"maps":        sendMaps,
	"be user":     beUser,
	"leave": func(ctx context.Context, c *Cell, args []string) error {
		os.Exit(0)
		return nil
	},
	"panic": func(ctx context.Context, c *Cell, args []string) error {
		os.Stderr.Close() // keeps the report out of this test's output
		panic("a fault in a body")
	},
}

func init() {
	Init(func(ctx context.Context, c *Cell) error {
		var job testJob
		if err := c.Spec(&job); err != nil {
			return err
		}
		body, ok := bodies[job.Body]
		if !ok {
			return fmt.Errorf("there is no body %q", job.Body)
		}
		return body(ctx, c, job.Args)
	})
	beProgram()
}

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// outerPID is the ID of this process in the parent's PID namespace.
func outerPID() int {
	self, err := os.Readlink("/proc/self") // this /proc is still the parent's
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(self)
	return pid
}

// programVariable makes this test binary a program that runs one job and prints the
// result. Tests kill it, or run it under a policy.
const programVariable = "FTPLAB_CELL_TEST"

// A programJob is that job.
type programJob struct {
	Spec    testJob
	InPlace bool
	AllIDs  bool
	Files   int // inherited
}

func beProgram() {
	text, ok := os.LookupEnv(programVariable)
	if !ok {
		return
	}
	os.Unsetenv(programVariable)
	var p programJob
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		panic(err)
	}
	job := Job{Spec: p.Spec, InPlace: p.InPlace, AllIDs: p.AllIDs}
	job.Message = func(m json.RawMessage) { fmt.Printf("%s\n", m) }
	for i := range p.Files {
		job.Files = append(job.Files, os.NewFile(uintptr(3+i), "inherited"))
	}
	err := Run(context.Background(), job)
	if errors.Is(err, ErrRefused) {
		fmt.Print("refused: ")
	}
	if err != nil {
		fmt.Println(err)
	}
	os.Exit(0)
}

// program returns the command that runs this test binary as such a program.
func program(t interface{ Fatal(...any) }, p programJob) *exec.Cmd {
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), programVariable+"="+string(text))
	return cmd
}

// run runs a body in a cell and returns its messages, as text.
func run(t testing.TB, job Job) (messages []string, err error) {
	t.Helper()
	job.Message = func(m json.RawMessage) { messages = append(messages, string(m)) }
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err = Run(ctx, job)
	return messages, err
}

func TestMessagesAreDelivered(t *testing.T) {
	needCell(t)
	got, err := run(t, Job{Spec: testJob{Body: "hello"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`"hello"`, `{"pid":1,"uid":0}`}
	if !slices.Equal(got, want) {
		t.Errorf("got messages %q, want %q", got, want)
	}
}

func TestTheBodysErrorIsReturned(t *testing.T) {
	needCell(t)
	_, err := run(t, Job{Spec: testJob{Body: "fail"}})
	want := "scenario.txtar:3: no such host\nsecond line"
	if err == nil || err.Error() != want {
		t.Errorf("got error %v, want %q", err, want)
	}
}

func TestFilesAreInherited(t *testing.T) {
	needCell(t)
	var files []*os.File
	for _, name := range []string{"one", "two"} {
		f, err := os.Create(t.TempDir() + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files = append(files, f)
	}
	if _, err := run(t, Job{Spec: testJob{Body: "names"}, Files: files}); err != nil {
		t.Fatal(err)
	}
	for i, f := range files {
		got, err := os.ReadFile(f.Name())
		if want := fmt.Sprintf("%s is file %d", f.Name(), i); err != nil || string(got) != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
}

// listen listens at the port of FTP, and connects to it.
func listen(ctx context.Context, c *Cell, args []string) error {
	for _, address := range []string{"127.0.0.1:21", "[::1]:21"} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		raw, err := l.(*net.TCPListener).SyscallConn()
		if err != nil {
			return err
		}
		raw.Control(func(fd uintptr) {
			protocol, _ := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PROTOCOL)
			c.Send(protocol)
		})
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return err
		}
		conn.Close()
		l.Close()
	}
	return nil
}

func TestTheNetworkIsUpAndPlain(t *testing.T) {
	needCell(t)
	got, err := run(t, Job{Spec: testJob{Body: "listen"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"6", "6"} // TCP, where Multipath TCP is 262
	if !slices.Equal(got, want) {
		t.Errorf("the listeners are of protocols %s, want %s", got, want)
	}
}

func TestCancelReachesTheBody(t *testing.T) {
	needCell(t)
	for _, args := range [][]string{nil, {"and fail"}} {
		ctx, cancel := context.WithCancelCause(context.Background())
		err := Run(ctx, Job{
			Spec:    testJob{"obey", args},
			Message: func(json.RawMessage) { cancel(errors.New("interrupt signal received")) },
		})
		switch {
		case args == nil && err != nil:
			t.Errorf("a body that ended well: got error %v", err)
		case args != nil && (!errors.Is(err, context.Canceled) || err.Error() != "stopped: interrupt signal received"):
			t.Errorf("a body that failed: got error %v, want its own, with the cause, that wraps Canceled", err)
		}
	}
}

func TestCancelledBeforeItBegins(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Run(ctx, Job{Spec: testJob{Body: "hello"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
}

// A cell that does not read its orders, which are longer than a pipe has room for, can be cancelled.
func TestCancelledBeforeItReads(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := &process{orders: w}
	if err := p.send(ctx, order{Files: []string{string(make([]byte, 1<<20))}}); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got error %v, want that it took too long", err)
	}
}

func TestABodyThatDoesNotEndIsKilled(t *testing.T) {
	needCell(t)
	ctx, cancel := context.WithCancel(context.Background())
	err := Run(ctx, Job{
		Spec:    testJob{Body: "ignore"},
		Grace:   50 * time.Millisecond,
		Message: func(json.RawMessage) { cancel() },
	})
	// Parent and cell wait equally long, and either may be first.
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want one that wraps Canceled", err)
	}
}

func TestACellThatIsKilledIsOneError(t *testing.T) {
	needCell(t)
	err := Run(context.Background(), Job{
		Spec: testJob{Body: "ignore"},
		Message: func(m json.RawMessage) {
			pid, _ := strconv.Atoi(string(m))
			syscall.Kill(pid, syscall.SIGKILL)
		},
	})
	want := "cell: ended before its work was done: signal: killed"
	if err == nil || err.Error() != want {
		t.Errorf("got error %v, want %q", err, want)
	}
}

func TestABodyThatPanicsIsOneError(t *testing.T) {
	needCell(t)
	_, err := run(t, Job{Spec: testJob{Body: "panic"}})
	want := "cell: ended before its work was done: exit status 2"
	if err == nil || err.Error() != want {
		t.Errorf("got error %v, want %q", err, want)
	}
}

func TestABodyThatLeavesIsOneError(t *testing.T) {
	needCell(t)
	_, err := run(t, Job{Spec: testJob{Body: "leave"}})
	want := "cell: ended without an outcome"
	if err == nil || err.Error() != want {
		t.Errorf("got error %v, want %q", err, want)
	}
}

// TestCtrlCIsTheParents sends a cell the signals that a terminal or a script may send.
func TestCtrlCIsTheParents(t *testing.T) {
	needCell(t)
	ctx, cancel := context.WithCancel(context.Background())
	err := Run(ctx, Job{
		Spec: testJob{Body: "obey"},
		Message: func(m json.RawMessage) {
			pid, _ := strconv.Atoi(string(m))
			if group, err := syscall.Getpgid(pid); err != nil || group != pid {
				t.Errorf("the cell is in process group %d, %v, want one of its own, %d", group, err, pid)
			}
			if session, err := unix.Getsid(pid); err != nil || session != pid {
				t.Errorf("the cell is in session %d, %v, want one of its own, %d", session, err, pid)
			}
			for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
				syscall.Kill(pid, s)
			}
			cancel()
		},
	})
	if err != nil {
		t.Errorf("got error %v, want the body to end as it likes", err)
	}
}

// flushWhenCancelled writes to the job's first file what it does.
func flushWhenCancelled(ctx context.Context, c *Cell, args []string) error {
	fmt.Fprintln(c.Files[0], "started")
	<-ctx.Done()
	fmt.Fprintln(c.Files[0], "flushed")
	return nil
}

// startPrograms starts a program that starts another one in the background, both
// of which hold the job's first file open, and waits.
func startPrograms(ctx context.Context, c *Cell, args []string) error {
	cmd := exec.Command("sh", "-c", "(trap '' HUP TERM INT; sleep 1000) & sleep 1000")
	cmd.ExtraFiles = c.Files
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	fmt.Fprintln(c.Files[0], "started")
	c.Send(outerPID())
	<-ctx.Done()
	return nil
}

// held returns a pipe. The reader finds the end of the file when every process that
// inherited the writer has ended.
func held(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	r.SetReadDeadline(time.Now().Add(time.Minute)) // so that the test fails and does not hang
	return r, w
}

func TestAParentKilledLetsTheBodyFlush(t *testing.T) {
	needCell(t)
	r, w := held(t)
	parent := program(t, programJob{Spec: testJob{Body: "flush"}, Files: 1})
	parent.ExtraFiles = []*os.File{w}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	started := make([]byte, len("started\n"))
	if _, err := io.ReadFull(r, started); err != nil {
		t.Fatal(err)
	}
	parent.Process.Kill()
	parent.Wait()
	rest, err := io.ReadAll(r)
	if err != nil || string(rest) != "flushed\n" {
		t.Errorf("after its parent was killed the cell wrote %q, %v, want that it flushed, and the end", rest, err)
	}
}

// TestNothingIsLeftOfAParentKilledAtAnyMoment kills a parent at many moments. Each time
// the end of the pipe must be found.
func TestNothingIsLeftOfAParentKilledAtAnyMoment(t *testing.T) {
	for i := range 40 {
		r, w := held(t)
		parent := program(t, programJob{Spec: testJob{Body: "programs"}, Files: 1})
		parent.ExtraFiles = []*os.File{w}
		if err := parent.Start(); err != nil {
			t.Fatal(err)
		}
		w.Close()
		time.Sleep(time.Duration(i) * 500 * time.Microsecond)
		parent.Process.Kill()
		parent.Wait()
		if rest, err := io.ReadAll(r); err != nil {
			t.Fatalf("killed after %d half milliseconds: something is left, that wrote %q: %v", i, rest, err)
		}
	}
}

func TestProgramsEndWithTheCell(t *testing.T) {
	needCell(t)
	for name, end := range map[string]func(pid int, cancel func()){
		"cancelled": func(_ int, cancel func()) { cancel() },
		"killed":    func(pid int, _ func()) { syscall.Kill(pid, syscall.SIGKILL) },
	} {
		t.Run(name, func(t *testing.T) {
			r, w := held(t)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			Run(ctx, Job{
				Spec:  testJob{Body: "programs"},
				Files: []*os.File{w},
				Message: func(m json.RawMessage) {
					pid, _ := strconv.Atoi(string(m))
					end(pid, cancel)
				},
			})
			w.Close()
			if got, err := io.ReadAll(r); err != nil || string(got) != "started\n" {
				t.Errorf("got %q, %v, want one program started, and the end", got, err)
			}
		})
	}
}

func BenchmarkEmptyCell(b *testing.B) {
	for b.Loop() {
		if err := Run(context.Background(), Job{Spec: testJob{Body: "nothing"}}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEmptyCellsOnAllCores(b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := Run(context.Background(), Job{Spec: testJob{Body: "nothing"}}); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "cells/s")
}
