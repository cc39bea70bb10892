package lab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ftplab/lab/labtest/optional"
)

// TestClientPrograms has two programs and a scripted session use one server at once.
func TestClientPrograms(t *testing.T) {
	t.Parallel()
	optional.Tool(t, "curl", "apt install curl")
	optional.Tool(t, "lftp", "apt install lftp")
	for name, network := range map[string]string{"wire": "network wire\nhost server 192.0.2.21 rtt=4ms", "loopback": "network loopback", "IPv6": "network wire ipv6", "loopback IPv6": "network loopback ipv6"} {
		t.Run(name, func(t *testing.T) {
			s := parse(t, "# x\n# y\n", network, "server port=2121", "user alice secret", "file pub/movie.bin 200kB",
				"run curl -sSO ftp://$USER:$PASSWORD@$SERVER:$PORT/pub/movie.bin brings pub/movie.bin &",
				"session second",
				`run lftp -u $USER,${PASSWORD} -p $PORT -e "put report.txt; exit" $SERVER`,
				"! run curl -sS ftp://$SERVER:$PORT/nothing",
				"session third", "open", "login alice secret", "ls", "quit", "wait",
				"session second", `run sh -c "echo $SERVER $UNKNOWN $HOME; ls"`,
				`run curl -sSO ftp://$USER:$PASSWORD@$SERVER:$PORT/pub/movie.bin -Q "-DELE movie.bin" brings pub/movie.bin`,
				"-- local/report.txt --", "All is well.")
			folder := t.TempDir()
			result, err := Run(t.Context(), s, Options{Results: folder})
			needCells(t, err)
			if err != nil {
				t.Fatal(err)
			}
			if result.Outcome == Failed {
				t.Errorf("the run failed:\n%s", result.Report)
			}
			log := filepath.Join(folder, "other", "runs", "line-19.log")
			if name == "wire" {
				log = filepath.Join(folder, "other", "runs", "line-20.log")
			}
			text, err := os.ReadFile(log)
			if want := "server /srv/ftp\nreport.txt\n"; err != nil || string(text) != want {
				t.Errorf("what the last program printed: got %q, error %v, want %q", text, err, want)
			}
			if got, err := os.ReadFile(filepath.Join(folder, "other", "local", "first", "movie.bin")); err != nil || len(got) != 200000 {
				t.Errorf("the downloaded file: got %d bytes, error %v, want 200000", len(got), err)
			}
		})
	}
}

// TestClientEnvironment has a program print its environment. It has the variables of the
// step, and no name twice: Python takes the first of two, and the shell the last.
func TestClientEnvironment(t *testing.T) {
	s := parse(t, "# x\n# y\n", "user alice secret", "run env")
	folder := t.TempDir()
	result, err := Run(t.Context(), s, Options{Results: folder})
	needCells(t, err)
	if err != nil || result.Outcome == Failed {
		t.Fatalf("got result %+v, error %v", result, err)
	}
	text, err := os.ReadFile(filepath.Join(folder, "other", "runs", "line-5.log"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if first, twice := got[name]; twice {
			t.Errorf("%s appears twice, as %q and as %q", name, first, value)
		}
		got[name] = value
	}
	for name, want := range map[string]string{"SERVER": "server", "PORT": "21", "USER": "alice", "PASSWORD": "secret", "HOME": "/srv/ftp", "PWD": "/srv/ftp"} {
		if got[name] != want {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
	}
}

// TestClientProgramFails has client programs fail in each way there is, and expects
// one message at the line of the step, with the program's last words.
func TestClientProgramFails(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: programs that wait to their deadlines")
	}
	for _, test := range []struct{ name, step, want string }{
		{"status", `run sh -c "echo no such host >&2; exit 3"`, `:6: run sh -c "echo no such host >&2; exit 3": exit status 3; its output, runs/line-6.log: no such host` + "\n"},
		{"success", "! run true", ":6: ! run true: the program ended with status 0, and the ! says that it should fail; it printed nothing\n"},
		{"crashes as no test expects", `! run sh -c 'kill -SEGV $$'`, "signal: segmentation fault; the ! expects that the program runs and ends by itself, with another status than 0; it printed nothing"},
		{"crashes in a shell as no test expects", `! run sh -c 'bash -c "kill -SEGV \$\$"; exit $?'`, "exit status 139, by which a shell says that a program was ended by a signal (segmentation fault); the ! expects that"},
		{"is not found by a shell, as no test expects", `! run sh -c 'no-such-program; exit $?'`, "exit status 127, by which a shell says that a program was not found; the ! expects that"},
		{"status as expected", "! run false", ""},
		{"hangs", `run sh -c "echo waiting; sleep 600"`, "it has not ended; the deadline for this step was 3s; its output, runs/line-6.log: waiting\n"},
		{"hangs as expected", "expect timeout: run sleep 600", ""},
		{"prints 64 MiB and does not end", `expect timeout: run sh -c "yes | head -c 64M; sleep 600"`, ""},
		{"leaves a child", `run sh -c "sleep 600 & echo left"`, ""},
		{"leaves a child of no terminal", `run sh -c "setsid sleep 600 & echo left"`, ""},
		{"writes elsewhere", `run sh -c "echo x >/etc/passwd"`, "exit status 2; its output, runs/line-6.log: sh: 1: cannot create /etc/passwd: Read-only file system"},
		{"fills the disk", `run truncate -s 2G x`, "signal: file size limit exceeded"},
		{"brings nothing", "run true brings README", "brings README: the program has not downloaded it: the session's folder, in which it runs, has no file"},
		{"brings another file", "run touch b README.txt brings README", "brings README: the program has not downloaded it: the session's folder, in which it runs, has README.txt, b"},
		{"brings what the server has not", "run true brings READ", "brings READ: READ is not among the server's files, so nothing can be compared with it; a section -- files/READ -- or a setting file makes it"},
		{"brings what has almost that name", "run true brings READM", "; did you mean README?; it printed nothing"},
		{"prints lines, and is refused", `run bash -c "echo a; echo b; exec 3<>/dev/tcp/$SERVER/21; read <&3; printf 'NOPE x\r\n' >&3; read <&3; exit 9"`,
			`: exit status 9; its output, runs/line-6.log: b; the server's last refusal was "500 Unknown command \"NOPE\"" to NOPE x, in frame `},
		{"is refused", `run bash -c "exec 3<>/dev/tcp/$SERVER/21; read <&3; printf 'NOPE x\r\n' >&3; read <&3; exit 9"`,
			`: exit status 9; it printed nothing; the server's last refusal was "500 Unknown command \"NOPE\"" to NOPE x, in frame `},
		{"fails after another that was refused", `! run bash -c "exec 3<>/dev/tcp/$SERVER/21; read <&3; printf 'NOPE x\r\n' >&3; read <&3; exit 9"` + "\nrun false", ":7: run false: exit status 1; it printed nothing\n"},
		{"fails beside another that was refused", `run bash -c "exec 3<>/dev/tcp/$SERVER/21; read <&3; printf 'NOPE x\r\n' >&3; read <&3"` + " &\nrun sh -c 'sleep 1; exit 3'", `:7: run sh -c 'sleep 1; exit 3': exit status 3; it printed nothing` + "\n"},
		{"brings other content", `run sh -c "echo Goodbye. >README" brings README`, "the downloaded file README has 9 bytes as the file has, but other bytes: "},
		{"brings it from elsewhere", `run ln -s /etc/passwd README brings README`, "brings README: the program has not downloaded it: README is a symbolic link to /etc/passwd, and so to no file of the folder that it is in"},
		{"brings a link to nothing", `run ln -s none README brings README`, "brings README: the program has not downloaded it: README is a symbolic link to none, and so to no file"},
		{"brings a folder", `run mkdir README brings README`, "brings README: the program has not downloaded it: README is a folder; a file was expected"},
		{"brings a pipe", `run mkfifo README brings README`, "brings README: the program has not downloaded it: README is a pipe, a socket or a device; a file was expected"},
		{"brings what an earlier one left", `run sh -c "echo Welcome. >README" brings README` + "\nrun true brings README", ":7: run true brings README: brings README: the program has not downloaded it: README was there before, and the program has not written it; it printed nothing\n"},
		{"brings what is there from the start", "file pub/a 9 seed=2\nlocal a 9 seed=2\nrun true brings pub/a", ":8: run true brings pub/a: brings pub/a: the program has not downloaded it: a was there before, and the program has not written it"},
		{"brings what it reads and moves away", "local README 9\nrun sh -c 'cat README; mv README old' brings README", "the session's folder, in which it runs, has old"},
		{"brings it again", `run sh -c "echo Welcome. >README" brings README` + "\n" + `run sh -c "echo Welcome. >README" brings README`, ""},
		{"brings it anew", `run sh -c "echo Welcome. >README" brings README` + "\n" + `run sh -c "echo Welcome. >new; touch -r README new; mv new README" brings README`, ""},
		{"brings the rest", "local README 0\nrun sh -c 'echo Welcome. >>README' brings README", ""},
		{"brings it beside its path", "file pub/a 9 seed=2\nlocal pub/a 9 seed=2\nrun cp pub/a a brings pub/a", ""},
		{"a signal", `run sh -c "kill -9 $$"`, "signal: killed; it printed nothing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			deadline := "deadline 20s"
			if strings.Contains(test.want+test.step, "timeout") || strings.Contains(test.want, "deadline") {
				deadline = "deadline 3s" // a busy machine takes a second to start a program
			}
			s := parse(t, "# x\n# y\n", deadline, "network wire", test.step, "open", "quit", "-- files/README --", "Welcome.")
			folder := t.TempDir()
			begin := time.Now()
			result, err := Run(t.Context(), s, Options{Results: folder, NoWalkthrough: true})
			needCells(t, err)
			if err != nil {
				t.Fatal(err)
			}
			if test.want == "" && result.Outcome == Failed {
				t.Errorf("the run failed:\n%s", result.Report)
			}
			if !strings.Contains(result.Report, test.want) {
				t.Errorf("got report\n%s\nwant in it\n%s", result.Report, test.want)
			}
			if took := time.Since(begin); took > 5*time.Minute {
				t.Errorf("it took %v, want that what is left running is not waited for", took)
			}
			logs, err := filepath.Glob(filepath.Join(folder, "other", "runs", "line-*.log"))
			if err != nil || len(logs) == 0 {
				t.Errorf("got logs %v, error %v, want one at least", logs, err)
			}
			for _, path := range logs {
				if log, err := os.Stat(path); err != nil || log.Size() > 17<<20 {
					t.Errorf("the log: got %v, error %v, want at most 16 MiB", log, err)
				}
			}
		})
	}
}

// TestClientProgramNeedsLinux asks for gVisor's TCP, which programs cannot have.
func TestClientProgramNeedsLinux(t *testing.T) {
	s := parse(t, "# x\n# y\n", "run true")
	_, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: "gvisor"})
	if want := ":4: a program uses the kernel's sockets, and so needs Linux's TCP"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want one that says %q", err, want)
	}
	s = parse(t, "# x\n# y\n", "run no-such-program\nrun nor-this-one")
	_, err = Run(t.Context(), s, Options{Results: t.TempDir()})
	for _, want := range []string{":4: program no-such-program: no program of this name was found", ":5: program nor-this-one: no program"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one that says %q", err, want)
		}
	}
}
