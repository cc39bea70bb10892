package labtest_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/jlaffaye/ftp"
	"github.com/secsy/goftp"
	"goftp.io/server/v2"
	"goftp.io/server/v2/driver/file"

	"ftplab/lab/labtest"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/cell/celltest"
)

// parse parses a scenario.
func parse(t *testing.T, lines ...string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse("code.txtar", []byte("# x\n# y\n"+strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// files are those that a server has, and a client.
const files = "network wire tcp=linux\nfile pub/picture.bin 40000 seed=3\nlocal report.bin 4000\n"

// goftpServer serves the scenario's files by goftp.io/server.
func goftpServer(ctx context.Context, l net.Listener) error {
	driver, err := file.NewDriver(l.(labtest.Dialer).Files())
	if err != nil {
		return err
	}
	s, err := server.NewServer(&server.Options{
		Driver: driver, Auth: &server.SimpleAuth{Name: "alice", Password: "secret"}, Perm: server.NewSimplePerm("alice", "users"), Logger: new(server.DiscardLogger),
	})
	if err != nil {
		return err
	}
	return s.Serve(l)
}

// TestServer has a server of this test answer the scenario's steps. It is a library
// that opens its data connections by itself, which are on the server's host. After an
// upload it says 226 and keeps its end of the data connection open.
func TestServer(t *testing.T) {
	for name, steps := range map[string]string{
		"scripted": "open\nlogin alice secret\ntype i\nget pub/picture.bin\nput report.bin\nactive\nls\nquit\n",
		"jlaffaye": "client jlaffaye\ndeadline 20s\nopen\nlogin alice secret\nget pub/picture.bin\nput report.bin\nquit\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			labtest.Scenario(t, parse(t, files+steps), labtest.Server(goftpServer))
		})
	}
}

// TestClient has clients of this test download and upload a file.
func TestClient(t *testing.T) {
	const text = "network wire %s\nuser alice secret\nfile pub/picture.bin 40000 seed=3\n-- local/report.txt --\nAll is well.\n"
	for name, client := range map[string]func(context.Context, labtest.Dialer) error{"jlaffaye": useJlaffaye, "goftp": useGoftp} {
		for _, tcp := range []string{"linux", "gvisor"} {
			if name == "goftp" && tcp == "gvisor" {
				continue // it cannot be given connections
			}
			t.Run(name+" on "+tcp, func(t *testing.T) {
				result := labtest.Scenario(t, parse(t, fmt.Sprintf(text, "tcp="+tcp)), labtest.Client(client))
				if result.Frames < 40 {
					t.Errorf("got %d packets, want a session", result.Frames)
				}
			})
		}
	}
}

// useJlaffaye is a client whose library takes connections from its caller.
func useJlaffaye(ctx context.Context, d labtest.Dialer) error {
	c, err := ftp.Dial("server:21", ftp.DialWithContext(ctx), ftp.DialWithDialFunc(d.Dial))
	if err != nil {
		return err
	}
	if err := c.Login("alice", "secret"); err != nil {
		return err
	}
	response, err := c.Retr("pub/picture.bin")
	if err != nil {
		return err
	}
	got, err := io.ReadAll(response)
	if err != nil || len(got) != 40000 {
		return fmt.Errorf("downloaded %d bytes, error %v, want 40000", len(got), err)
	}
	if err := response.Close(); err != nil {
		return err
	}
	report, err := os.Open(filepath.Join(d.Files(), "report.txt"))
	if err != nil {
		return err
	}
	defer report.Close()
	return errors.Join(c.Stor("report.txt", report), c.Quit())
}

// useGoftp is a client whose library opens its connections by itself.
func useGoftp(_ context.Context, d labtest.Dialer) error {
	c, err := goftp.DialConfig(goftp.Config{User: "alice", Password: "secret"}, d.Server())
	if err != nil {
		return err
	}
	defer c.Close()
	var got bytes.Buffer
	if err := c.Retrieve("pub/picture.bin", &got); err != nil || got.Len() != 40000 {
		return fmt.Errorf("downloaded %d bytes, error %v, want 40000", got.Len(), err)
	}
	return c.Store("report.txt", strings.NewReader("All is well.\n"))
}

// TestServerAndClient has both be of this test, on both TCPs.
func TestServerAndClient(t *testing.T) {
	for _, tcp := range []string{"linux", "gvisor"} {
		t.Run(tcp, func(t *testing.T) {
			s := parse(t, "network wire tcp="+tcp, "-- files/README --", "Welcome.", "-- want --",
				"ctl client.* > server.21", "data client.* > server.*", "ctl ...", `ctl server > client "220 A small server."`, "ctl ...", "data ...")
			labtest.Scenario(t, s, labtest.Server(serveSmall), labtest.Client(func(ctx context.Context, d labtest.Dialer) error {
				c, err := ftp.Dial(d.Server(), ftp.DialWithDialFunc(d.Dial), ftp.DialWithDisabledEPSV(true))
				if err != nil {
					return err
				}
				response, err := c.Retr("README")
				if err != nil {
					return err
				}
				got, err := io.ReadAll(response)
				if string(got) != "Welcome.\n" {
					err = fmt.Errorf("got %q, error %v", got, err)
				}
				return errors.Join(err, response.Close(), c.Quit())
			}))
		})
	}
}

// serveSmall is a server with a few commands, whose data connections are those of the
// Dialer that it is given.
func serveSmall(ctx context.Context, l net.Listener) error {
	conn, err := l.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	var data net.Listener
	say := func(format string, args ...any) { fmt.Fprintf(conn, format+"\r\n", args...) }
	say("220 A small server.")
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		switch verb, argument, _ := strings.Cut(lines.Text(), " "); verb {
		case "PASV":
			if data, err = l.(labtest.Dialer).Listen("tcp", ":0"); err != nil {
				return err
			}
			addr := data.Addr().(*net.TCPAddr)
			say("227 Here: (%s,%d,%d).", strings.ReplaceAll(addr.IP.String(), ".", ","), addr.Port>>8, addr.Port&255)
		case "RETR":
			text, err := os.ReadFile(filepath.Join(l.(labtest.Dialer).Files(), argument))
			if err != nil {
				return err
			}
			say("150 Here it comes.")
			to, err := data.Accept()
			if err != nil {
				return err
			}
			to.Write(text)
			to.Close()
			say("226 Done.")
		case "QUIT":
			say("221 Goodbye.")
			conn.Close()
			<-ctx.Done()
			return nil
		default:
			say("502 No.")
		}
	}
	return errors.New("the client did not say QUIT")
}

// TestCodeFails has functions fail in each way there is.
func TestCodeFails(t *testing.T) {
	serve := func(context.Context, net.Listener) error { return errors.New("out of order") }
	early := func(context.Context, net.Listener) error { return nil }
	hang := func(ctx context.Context, _ labtest.Dialer) error { select {} }
	fail := func(context.Context, labtest.Dialer) error { return errors.New("no such thing") }
	end := func(context.Context, labtest.Dialer) error { runtime.Goexit(); return nil }
	endServing := func(context.Context, net.Listener) error { runtime.Goexit(); return nil }
	exit := func(context.Context, labtest.Dialer) error { os.Exit(0); return nil }
	for _, tcp := range []string{"linux", "gvisor"} {
		for _, test := range []struct {
			name     string
			option   labtest.Option
			deadline string
			want     string
		}{
			{"client ends its process", labtest.Client(exit), "20s", "unexpected call to os.Exit(0) during test"},
			{"client returns an error", labtest.Client(fail), "20s", "no such thing"},
			{"client hangs", labtest.Client(hang), "500ms", "labtest.Client: it has not ended; its deadline was 500ms"},
			{"server returns", labtest.Server(serve), "20s", "out of order"},
			{"server returns nil", labtest.Server(early), "20s", "the function returned before the listener was closed"},
			{"client ends its goroutine", labtest.Client(end), "20s", "it did not return, but called t.Fatal, t.Skip or the like"},
			{"server ends its goroutine", labtest.Server(endServing), "20s", "it did not return, but called t.Fatal, t.Skip or the like"},
		} {
			if test.name == "client ends its process" && tcp == "gvisor" {
				continue // it is the process of this test
			}
			t.Run(test.name+" on "+tcp, func(t *testing.T) {
				t.Parallel()
				if tcp == "linux" {
					celltest.Need(t)
				}
				report := labtest.Report(t, parse(t, "network wire tcp="+tcp, "deadline "+test.deadline, "open"), test.option)
				if !strings.Contains(report, test.want) {
					t.Errorf("got %q, want %q in it", report, test.want)
				}
			})
		}
	}
}

// TestRefusalComesFirst has a server refuse the user, and return when the client has left.
func TestRefusalComesFirst(t *testing.T) {
	celltest.Need(t)
	refuse := func(_ context.Context, l net.Listener) error {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		defer conn.Close()
		fmt.Fprint(conn, "220 A small server.\r\n331 And?\r\n530 No.\r\n")
		io.Copy(io.Discard, conn)
		return nil
	}
	report := labtest.Report(t, parse(t, "network wire tcp=linux", "open", "login alice secret"), labtest.Server(refuse))
	first, second, _ := strings.Cut(report, "\n")
	if want := `code.txtar:5: login alice secret: the server refused: "530 No."`; first != want {
		t.Errorf("got the first line %q, want %q", first, want)
	}
	if want := "the server, labtest.Server, did not serve to the end: it has ended: exit status 1; its log, server.log: the function returned before the listener was closed"; !strings.Contains(second, want) {
		t.Errorf("got %q after the first line, want %q in it", second, want)
	}
}

// TestServerFailsAtTheEnd has servers serve the session well, and fail nevertheless. A
// t.Error of a function on gVisor's TCP is one of this test, which it would fail.
func TestServerFailsAtTheEnd(t *testing.T) {
	type serve = func(*testing.T, context.Context, net.Listener) error
	for _, test := range []struct {
		name  string
		serve serve
		tcp   string // the only one; "" is both
		want  string
	}{
		{"returns an error", func(_ *testing.T, ctx context.Context, l net.Listener) error {
			serveSmall(ctx, l)
			return errors.New("my error after serving")
		}, "", "my error after serving"},
		{"joins an error and that of Accept", func(_ *testing.T, ctx context.Context, l net.Listener) error {
			serveSmall(ctx, l)
			_, err := l.Accept()
			return errors.Join(errors.New("out of paper"), err)
		}, "", "out of paper"},
		{"does not return", func(_ *testing.T, ctx context.Context, l net.Listener) error {
			serveSmall(ctx, l)
			select {}
		}, "", "the server, labtest.Server, did not return when its context and its listener had ended"},
		{"ends its goroutine", func(_ *testing.T, ctx context.Context, l net.Listener) error {
			serveSmall(ctx, l)
			runtime.Goexit()
			return nil
		}, "", "it did not return, but called t.Fatal, t.Skip or the like"},
		{"calls t.Error before serving", func(t *testing.T, ctx context.Context, l net.Listener) error {
			t.Error("not my day")
			return serveSmall(ctx, l)
		}, "linux", "not my day"},
		{"calls t.Error in a goroutine", func(t *testing.T, ctx context.Context, l net.Listener) error {
			var handler sync.WaitGroup
			handler.Go(func() { t.Error("a handler is unhappy") })
			defer handler.Wait()
			return serveSmall(ctx, l)
		}, "linux", "a handler is unhappy"},
		{"calls t.Error after serving", func(t *testing.T, ctx context.Context, l net.Listener) error {
			defer t.Error("too few clients")
			return serveSmall(ctx, l)
		}, "linux", "too few clients"},
		{"ends its process", func(_ *testing.T, ctx context.Context, l net.Listener) error {
			serveSmall(ctx, l)
			os.Exit(0)
			return nil
		}, "linux", "unexpected call to os.Exit(0) during test"},
		{"calls t.Skip", func(t *testing.T, ctx context.Context, l net.Listener) error {
			serveSmall(ctx, l)
			t.Skip("enough")
			return nil
		}, "linux", "enough"},
		{"panics", func(_ *testing.T, ctx context.Context, l net.Listener) error {
			serveSmall(ctx, l)
			panic("no more")
		}, "linux", "its log, server.log: panic: no more"},
	} {
		for _, tcp := range []string{"linux", "gvisor"} {
			if test.tcp != "" && test.tcp != tcp {
				continue
			}
			t.Run(test.name+" on "+tcp, func(t *testing.T) {
				if testing.Short() && tcp == "linux" && test.name == "does not return" {
					t.Skip("-short: the lab waits three seconds for the server")
				}
				t.Parallel()
				if tcp == "linux" {
					celltest.Need(t)
				}
				s := parse(t, "network wire tcp="+tcp, "deadline 20s", "open", "quit")
				report := labtest.Report(t, s, labtest.Server(func(ctx context.Context, l net.Listener) error { return test.serve(t, ctx, l) }))
				if !strings.Contains(report, test.want) {
					t.Errorf("got %q, want %q in it", report, test.want)
				}
			})
		}
	}
}

// TestServerEnds has a server return the errors that its end brings.
func TestServerEnds(t *testing.T) {
	for _, tcp := range []string{"linux", "gvisor"} {
		t.Run(tcp, func(t *testing.T) {
			s := parse(t, "network wire tcp="+tcp, "deadline 20s", "open", "quit")
			labtest.Scenario(t, s, labtest.Server(func(ctx context.Context, l net.Listener) error {
				serveSmall(ctx, l)
				_, err := l.Accept()
				if err == nil {
					err = errors.New("there was another client")
				}
				return errors.Join(fmt.Errorf("accepting: %w", err), ctx.Err())
			}))
		})
	}
}

// TestNilFunction runs this test again, which gives no function there, or two: it fails with the reason.
func TestNilFunction(t *testing.T) {
	const variable = "FTPLAB_LABTEST_NIL"
	server := labtest.Server(func(context.Context, net.Listener) error { return nil })
	client := labtest.Client(func(context.Context, labtest.Dialer) error { return nil })
	options := map[string][]labtest.Option{
		"Server: the function is nil": {labtest.Server(nil)}, "Client: the function is nil": {labtest.Client(nil)},
		"Server is given twice": {server, client, server}, "Client is given twice": {client, server, client},
	}
	if mistake, again := options[os.Getenv(variable)]; again {
		labtest.Scenario(t, parse(t, "network wire tcp=gvisor", "open"), mistake...)
		return
	}
	for name := range options {
		again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNilFunction$")
		again.Env = append(os.Environ(), variable+"="+name)
		out, err := again.CombinedOutput()
		if want := "labtest." + name; err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: got error %v, want %s in\n%s", name, err, want, out)
		}
	}
}
