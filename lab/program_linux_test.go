package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"ftplab/lab/labtest/examples"
	"ftplab/lab/labtest/optional"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/byhand"
	"ftplab/lab/testbed/cell"
	"ftplab/lab/testbed/cell/celltest"
	"ftplab/lab/testbed/network/localhost"
)

// needCells skips a test of a program where the system refused its run: programs
// need Linux's TCP.
func needCells(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, cell.ErrRefused) {
		optional.Missing(t, err)
	}
}

// TestOtherServer has a server that is not the lab's answer a session, and
// judges it as any other.
func TestOtherServer(t *testing.T) {
	t.Parallel()
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import pyftpdlib").Run(); err != nil {
		optional.Missing(t, "pyftpdlib is not installed: apt install python3-pyftpdlib")
	}
	s := parse(t,
		"# Another server\n# Whose habits are its own.\n",
		"network wire", "host server 192.0.2.21 rtt=10ms",
		"program "+python+" -m pyftpdlib -p 21 -w",
		"file pub/picture.bin 40000 seed=3", "local report.bin 40000 seed=5",
		"open", "login anonymous me@mypc.test", "type i", "active",
		"get pub/picture.bin", "passive", "put report.bin", "append report.bin", "! get missing", "quit",
		"-- files/README --", "Welcome.",
		"-- want --",
		"ctl client.* > server.21", "a server.* > client.*", "b client.* > server.*", "c client.* > server.*", "d client.* > server.*",
		"ctl ...", `ctl server > client "220 pyftpdlib * ready."`, "ctl ...", "a ...", "b ...", "c ...", "d ...",
	)
	folder := t.TempDir()
	result, err := Run(t.Context(), s, Options{Results: folder})
	needCells(t, err)
	if err != nil {
		t.Fatal(err)
	}
	if want := "as a program uses the kernel's sockets"; result.TCP != scenario.LinuxTCP || result.Why != want {
		t.Errorf("got %s TCP, %s; want Linux's, %s", result.TCP, result.Why, want)
	}
	if result.Outcome == Failed {
		t.Errorf("the run failed:\n%s", result.Report)
	}
	stored, err := os.Stat(filepath.Join(folder, "other", "files", "report.bin"))
	if err != nil || stored.Size() != 80000 {
		t.Errorf("the server's folder: got %v, error %v, want report.bin of 80000 bytes", stored, err)
	}
}

// vsftpdConf is a configuration of vsftpd that lets alice in and anonymous users.
const vsftpdConf = "listen=YES\nlisten_port=$PORT\nanonymous_enable=YES\nlocal_enable=YES\nwrite_enable=YES\npam_service_name=vsftpd\n"

// needServer skips a test where a server of Debian's is not installed.
func needServer(t *testing.T, path string) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: the test starts " + path)
	}
	if _, err := os.Stat(path); err != nil {
		optional.Missing(t, fmt.Sprintf("%s is not installed; .ci/ftp-servers has how to install Debian's FTP servers beside each other", path))
	}
}

// TestManualScenarios runs the whole scenarios in the manual.
func TestManualScenarios(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: the manual's scenarios are parsed, but do not run")
	}
	uses := regexp.MustCompile(`(?m)^(?:program|run) (\w+)`)
	for i, text := range examples.Scenarios(scenario.Manual()) {
		title, _, _ := strings.Cut(strings.TrimPrefix(text, "# "), "\n")
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			for _, m := range uses.FindAllStringSubmatch(text, -1) {
				optional.Tool(t, m[1], "apt install "+m[1])
			}
			s, err := scenario.Parse(fmt.Sprintf("example%d.txtar", i+1), []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			result, err := Run(t.Context(), s, Options{Results: t.TempDir()})
			needCells(t, err)
			if err != nil {
				t.Fatal(err)
			}
			if result.Outcome == Failed {
				t.Errorf("the run failed:\n%s\n%s", result.Report, text)
			}
		})
	}
}

// TestNoServer starts programs that are not servers, or do not listen where they
// should. Each makes one error, with the program's last words.
func TestNoServer(t *testing.T) {
	needServer(t, "/usr/sbin/vsftpd")
	for _, test := range []struct{ name, program, want string }{
		{"a variable almost right", "program ./server --root $FILE", ":4: there is no $FILE; did you mean $FILES?"},
		{"not there", "program /no/such/server", ":4: program /no/such/server: no program of this name was found; looked at /no/such/server"},
		{"a folder", "program /etc/", ":4: program /etc/: /etc/ is a folder; a program was expected"},
		{"nowhere", "program no-such-server", ", $PATH, /usr/local/sbin, /usr/sbin, /sbin"},
		{"ends at once", "program /bin/false", ":4: the server, /bin/false, does not listen on 127.0.0.1:21: it has ended: exit status 1; it printed nothing"},
		{"says why", `program /bin/sh -c "echo no licence; exit 3"`, "server.log: no licence"},
		{"says it to its standard input", "program vsftpd no.conf", "server.log: 500 OOPS: cannot read config file: no.conf"},
		{"never listens", "deadline 50ms\nprogram /bin/sleep 60", ":5: the server, /bin/sleep, does not listen on 127.0.0.1:21: it had 50ms, the setting deadline"},
		{"goes to the background and ends", "program sh -c \"sleep 0.1 &\"", ":4: the server, sh, does not listen on 127.0.0.1:21: it has ended: exit status 0"},
		{"goes to the background and never listens", "deadline 200ms\nprogram sh -c \"setsid sleep 60 &\"", ":5: the server, sh, does not listen on 127.0.0.1:21: it had 200ms, the setting deadline"},
		{"another port", "program vsftpd $CONFIG -olisten_port=2121", "does not listen on 127.0.0.1:21: it listens on 0.0.0.0:2121; if that is its control port, add the setting `server port=2121`"},
		{"IPv4 only", "network loopback ipv6\nprogram vsftpd $CONFIG", "does not listen on [::1]:21: it listens on 0.0.0.0:21"},
		{"IPv6 only", "program vsftpd $CONFIG -olisten=NO -olisten_ipv6=YES -olisten_address6=::1", "does not listen on 127.0.0.1:21: it listens on [::1]:21"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := parse(t, "# x\n# y\n", test.program, "open", "quit", "-- files/README --", "Welcome.", "-- config --", vsftpdConf)
			_, err := Run(t.Context(), s, Options{Results: t.TempDir()})
			needCells(t, err)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one that says %q", err, test.want)
			}
		})
	}
}

// TestServerFaults has servers that listen, and then fail or leave something behind.
func TestServerFaults(t *testing.T) {
	needServer(t, "/usr/sbin/vsftpd")
	optional.Tool(t, "curl", "apt install curl")
	optional.Tool(t, "python3", "apt install python3")
	for _, test := range []struct{ name, program, steps, want string }{
		{"dies in the middle", `program sh -c "vsftpd $CONFIG & p=$!; while ! test -e $FILES/now; do sleep 0.05; done; echo out of memory; kill -9 $p; exit 7"`,
			"open\nlogin alice secret\nput now\npause 500ms", ":6: the server, sh, did not serve to the end: it has ended: exit status 7; its log, server.log: out of memory\n"},
		{"crashes while a client waits", `program python3 -c "import socket, time; c = socket.create_server(('', 21)).accept()[0]; c.send(b'220 Hello.' + bytes([13, 10])); c.recv(9); c.close(); time.sleep(.05); exit('boom')"`, "open\nnoop",
			"other.txtar:6: the server, python3, did not serve to the end: it has ended: exit status 1; its log, server.log: boom\n"},
		{"closes a session and says why, to a client", `program python3 -u -c "import socket; l = socket.create_server(('', 21)); c = l.accept()[0]; c.send(b'220 Hello.' + bytes([13, 10])); c.recv(9); print('first'); print('boom'); c.close(); l.accept()"`, "open\nnoop",
			"; the server's log, server.log: boom\n\tbefore it:\n\t  first\n"},
		{"closes a session and says why, to a program", `program python3 -u -c "import socket; l = socket.create_server(('', 21)); c = l.accept()[0]; print('boom'); c.close(); l.accept()"`,
			"run sh -c 'echo one; echo two; curl -s ftp://$SERVER; exit 7'", "two\n\tbefore it:\n\t  one\n\tthe server's log, server.log: boom\n"},
		{"brings what the server has not", "program vsftpd $CONFIG", "open\nquit\nrun true brings nope", "other.txtar:10: run true brings nope: brings nope: nope is not among the server's files, "},
		{"renames what a client downloads", "program vsftpd $CONFIG", `run curl -sSO ftp://$USER:$PASSWORD@$SERVER/README -Q "-RNFR README" -Q "-RNTO old" brings README`, ""},
		{"inetd, an exception", `program inetd sh -c "echo 220 Hello.; read x; echo boom >&2; exit 1"`, "open\nnoop", "; the server's log, server.log: boom\n"},
		{"inetd, a signal while a client waits", `program inetd sh -c "echo 220 Hello.; echo panic: boom >&2; kill -9 $$"`, "open\nnoop",
			"other.txtar:6: the server, sh, did not serve connection 1 to the end: signal: killed; its log, server.log: panic: boom\n"},
		{"forks and forgets", `program sh -c "setsid sleep 60 & exec vsftpd $CONFIG"`, "open\nquit", ""},
		{"does not end when asked", `program sh -c "trap : TERM; vsftpd $CONFIG"`, "open\nquit", ""},
		{"goes to the background", "program vsftpd $CONFIG -obackground=YES", "open\nlogin alice secret\nls\nquit", ""},
		{"IPv6, for both", "program vsftpd $CONFIG -olisten=NO -olisten_ipv6=YES", "open\nquit", ""},
		{"inetd", "program inetd vsftpd $CONFIG -olisten=NO", "open\nlogin alice secret\nls\nquit\nrun curl -sSO ftp://$USER:$PASSWORD@$SERVER/README brings README", ""},
		{"inetd, a signal", `program inetd sh -c "echo 220 Hello.; echo bad luck >&2; kill -9 $$"`, "open\nhangup", ":6: the server, sh, did not serve connection 1 to the end: signal: killed; its log, server.log: bad luck\n"},
		{"inetd, no program", "program inetd ./no-program", "expect closed: open", ":6: the server, ./no-program, cannot be started for connection 1: "},
		{"floods its log", `program sh -c "yes | head -c 20000000; exec vsftpd $CONFIG"`, "open\nquit", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := parse(t, "# x\n# y\n", "deadline 20s", "user alice secret", test.program, "local now 1", test.steps, "-- files/README --", "Welcome.", "-- config --", vsftpdConf)
			folder := filepath.Dir(s.File)
			if err := os.WriteFile(filepath.Join(folder, "no-program"), []byte("#!/no/interpreter\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			result, err := Run(t.Context(), s, Options{Results: folder})
			needCells(t, err)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(test.name, "while a client waits") && strings.Index(result.Report, ":9: noop: ") < strings.Index(result.Report, test.want) {
				t.Errorf("got %q, want the server's end before the step that failed because of it", result.Report)
			}
			if test.want == "" && result.Outcome == Failed || !strings.Contains(result.Report, test.want) {
				t.Errorf("got %s, %q, want %q", result.Outcome, result.Report, test.want)
			}
			packets := 0
			for _, err := range Packets(result.Capture) {
				if err != nil {
					t.Fatal(err)
				}
				packets++
			}
			if packets == 0 || packets != result.Frames {
				t.Errorf("the capture has %d packets, want %d", packets, result.Frames)
			}
		})
	}
}

// TestRemovedLogs has servers and a client that fail where nothing of what they print is kept. The
// messages have what they printed, and name no file.
func TestRemovedLogs(t *testing.T) {
	live := func(s *scenario.Scenario) error {
		result, err := Run(t.Context(), s, Options{Live: io.Discard})
		if err == nil {
			err = errors.New(result.Report)
		}
		return err
	}
	derived := func(s *scenario.Scenario) error { return DeriveRuns(t.Context(), io.Discard, s, Options{}, 2) }
	served := func(s *scenario.Scenario) error {
		return Serve(t.Context(), s, netip.MustParseAddr("127.0.0.1"), 0, func(netip.AddrPort) {})
	}
	const broken, closing = `sh -c "echo boom; exit 1"`, `inetd sh -c "echo 220 Hello.; read x; echo boom >&2; exit 1"`
	for _, test := range []struct {
		name          string
		run           func(*scenario.Scenario) error
		program, step string
		want          string
	}{
		{"live, no server", live, broken, "open", "; its log: boom"},
		{"live, a step", live, closing, "open\nnoop", "; the server's log: boom"},
		{"live, a client", live, `inetd sh -c "echo 220 Hello."`, `run sh -c "echo boom; exit 1"`, "; its output: boom"},
		{"derived, no server", derived, broken, "open", "; its log: boom"},
		{"derived, a step", derived, closing, "open\nnoop", "; the server's log: boom"},
		{"served", served, broken, "open", "; its log: boom"},
	} {
		err := test.run(parse(t, "# x\n# y\n", "program "+test.program, test.step))
		needCells(t, err)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), ".log") {
			t.Errorf("%s: got %v, want %q and no name of a file", test.name, err, test.want)
		}
	}
}

// TestStockServers has Debian's servers answer as Debian configures them: as daemons
// that go to the background, change their root folder and their user, and ask PAM who
// may log in.
func TestStockServers(t *testing.T) {
	for _, test := range []struct{ name, path, program string }{
		{"vsftpd", "/usr/sbin/vsftpd", "/usr/sbin/vsftpd"},
		{"ProFTPD", "/usr/sbin/proftpd", "/usr/sbin/proftpd"},
		{"Pure-FTPd", "/usr/sbin/pure-ftpd-wrapper", "/usr/sbin/pure-ftpd-wrapper"},
		{"inetutils", "/usr/sbin/ftpd", "inetd /usr/sbin/ftpd"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			needServer(t, test.path)
			s := parse(t, "# x\n# y\n", "network wire", "user alice secret", "file pub/picture.bin 40000 seed=3", "program "+test.program,
				"open", "login alice secret", "type i", "active", "get pub/picture.bin", "ls", "passive", "get README", "cd pub", "get picture.bin", "cd /srv/ftp", "get README", "quit",
				"-- files/README --", "Welcome.")
			result, err := Run(t.Context(), s, Options{Results: t.TempDir()})
			needCells(t, err)
			if err != nil && strings.Contains(err.Error(), "unable to set UID") {
				optional.Missing(t, "ProFTPD looks whether its user id has changed, and this user has only one id")
			}
			if err != nil {
				t.Fatal(err)
			}
			if result.Outcome == Failed {
				t.Errorf("the run failed:\n%s", result.Report)
			}
		})
	}
}

// TestServeProgram serves a scenario whose server is a program.
func TestServeProgram(t *testing.T) {
	needServer(t, "/usr/sbin/vsftpd")
	port := localhost.New("127.0.0.1").ControlPort()
	s := parse(t, "# x\n# y\n", fmt.Sprintf("server port=%d", port), "program vsftpd $CONFIG", "open", "quit", "-- config --", vsftpdConf)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ready, ended := make(chan netip.AddrPort, 1), make(chan error, 1)
	address := netip.MustParseAddr("127.0.0.1")
	go func() { ended <- Serve(ctx, s, address, 0, func(at netip.AddrPort) { ready <- at }) }()
	select {
	case at := <-ready:
		if err := byhand.Greet(ctx, at); err != nil {
			t.Errorf("while it serves: got error %v, want none", err)
		}
	case err := <-ended:
		needCells(t, err)
		t.Fatalf("it ended: %v", err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("stopped: got error %v, want none", err)
	}
	if err := byhand.Greet(t.Context(), netip.AddrPortFrom(address, port)); err == nil {
		t.Error("after it stopped: got no error, want connection refused")
	}
	err := Serve(t.Context(), s, address, 2121, func(netip.AddrPort) { t.Error("it serves at another port") })
	if want := ":5: the server is a program, which chooses its own port"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("at another port: got error %v, want %s", err, want)
	}
}

// TestServedProgramEnds serves a scenario whose server ends when a client connects.
func TestServedProgramEnds(t *testing.T) {
	optional.Tool(t, "python3", "apt install python3")
	port := localhost.New("127.0.0.1").ControlPort()
	s := parse(t, "# x\n# y\n", fmt.Sprintf("server port=%d", port), fmt.Sprintf(`program python3 -c "import socket; socket.create_server(('127.0.0.1', %d)).accept(); exit('boom')"`, port), "open", "quit")
	err := Serve(t.Context(), s, netip.MustParseAddr("127.0.0.1"), 0, func(at netip.AddrPort) {
		conn, err := net.Dial("tcp", at.String())
		if err != nil {
			t.Error(err)
			return
		}
		conn.Close()
	})
	needCells(t, err)
	_, ended := errors.AsType[ServerEnded](err)
	if want := ":5: the server, python3, did not serve to the end: it has ended: exit status 1; its log: boom"; !ended || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %T %v, want that it ended, and %s", err, err, want)
	}
}

// TestProgramBesideItsScenario has one program in the folder of the scenario's
// file and one in the working folder: the first of them is meant.
func TestProgramBesideItsScenario(t *testing.T) {
	t.Chdir(t.TempDir())
	s := parse(t, "# x\n# y\n", "program ./bin/server", "open", "quit")
	for _, folder := range []string{".", filepath.Dir(s.File)} {
		name := filepath.Join(folder, "bin", "server")
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("#!/bin/sh\necho from "+folder+"\nexit 1\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		_, err := Run(t.Context(), s, Options{Results: t.TempDir()})
		needCells(t, err)
		if want := "server.log: from " + folder; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one that says %q", err, want)
		}
	}
}

// TestVsftpd has vsftpd answer as Debian configures it: as a daemon that changes
// its root folder and its user, and asks PAM who may log in.
func TestVsftpd(t *testing.T) {
	celltest.Need(t)
	if testing.Short() {
		t.Skip("vsftpd waits three seconds before it refuses a password; run without -short")
	}
	const vsftpd = "/usr/sbin/vsftpd"
	if _, err := os.Stat(vsftpd); err != nil {
		optional.Missing(t, "vsftpd is not installed: apt install vsftpd")
	}
	session := []string{
		"network wire", "user alice secret", "local report.bin 40000 seed=5", "file pub/picture.bin 40000 seed=3",
		"open", "! login alice guess", "login alice secret", "type i", "active", "get pub/picture.bin", "ls", "passive", "get README",
	}
	upload := []string{"put report.bin", "get report.bin", "quit", "-- files/README --", "Welcome.", "-- files/vsftpd.conf --",
		"listen=YES", "local_enable=YES", "anonymous_enable=NO", "write_enable=YES", "chroot_local_user=YES", "allow_writeable_chroot=YES",
		"pam_service_name=vsftpd", "connect_from_port_20=YES", "secure_chroot_dir=/run/vsftpd/empty", "xferlog_enable=YES",
	}
	for name, lines := range map[string][]string{
		"Debian's configuration": append(slices.Concat([]string{"program " + vsftpd + " /etc/vsftpd.conf"}, session), "quit", "-- files/README --", "Welcome."),
		"ten lines":              slices.Concat([]string{"program " + vsftpd + " vsftpd.conf"}, session, upload),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			result, err := Run(t.Context(), parse(t, append([]string{"# vsftpd\n# A daemon.\n"}, lines...)...), Options{Results: folder})
			if err != nil {
				t.Fatal(err)
			}
			if result.Outcome == Failed {
				t.Errorf("the run failed:\n%s", result.Report)
			}
			if name != "ten lines" {
				return
			}
			stored, err := os.Stat(filepath.Join(folder, "other", "files", "report.bin"))
			if err != nil || int(stored.Sys().(*syscall.Stat_t).Uid) != os.Geteuid() {
				t.Errorf("the upload: got %v, error %v, want that it is the caller's", stored, err)
			}
		})
	}
}

// TestHome has a program in a home look around: it sees itself and the folder of
// its scenario there, and nothing else.
func TestHome(t *testing.T) {
	celltest.Need(t)
	home := t.TempDir()
	t.Setenv("HOME", home)
	for name, text := range map[string]string{
		"bin/server":      "#!/bin/sh\ncd \"$1\" && find . -type f | sort\nexit 3\n",
		"secret":          "x",
		"tests/other.txt": "x",
	} {
		path := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for file, want := range map[string]string{
		"tests/x.txtar": "server.log: ./tests/other.txt\n\tbefore it:\n\t  ./bin/server; (",
		"x.txtar":       "server.log: ./bin/server; (",
	} {
		s, err := scenario.Parse(filepath.Join(home, file), []byte("program "+home+"/bin/server "+home+"\nopen\nquit\n"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = Run(t.Context(), s, Options{Results: filepath.Join(home, "results")})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got error %v, want that the program sees\n%s", file, err, want)
		}
	}
}

// TestTakeBack has a cell mend what a run that was killed left of a program's files.
func TestTakeBack(t *testing.T) {
	celltest.Need(t)
	folder := filepath.Join(t.TempDir(), "files")
	inner := filepath.Join(folder, "inner")
	if err := os.MkdirAll(inner, 0o777); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		if err := os.Lchown(inner, 1000, 1000); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(inner, 0); err != nil {
		t.Fatal(err)
	}
	takeBack(folder)
	info, err := os.Stat(inner)
	if err != nil {
		t.Fatal(err)
	}
	if owner := int(info.Sys().(*syscall.Stat_t).Uid); owner != os.Geteuid() || info.Mode().Perm() != 0o700 {
		t.Errorf("got owner %d and mode %v, want %d and rwx------", owner, info.Mode(), os.Geteuid())
	}
}
