package main

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/scenarios"
)

// inDocker lets the tests with Docker run. They take minutes, and an engine,
// compose and the base images, which .ci/docker sees to.
const inDocker = "FTPLAB_DOCKER"

// toBuild is how long it may take to build the images.
const toBuild = 15 * time.Minute

// toStop is how long it may take to stop the containers.
const toStop = 3 * time.Minute

// A dockerProject is a copy of the project that an ordinary user owns, and a
// shell of theirs in it.
type dockerProject struct {
	t      *testing.T
	folder string
	owner  uint32
	term   *terminal
}

// lessonFolder is the name of the copy. Compose names containers after it, so it must not be
// a name that a user has.
const lessonFolder = "ftplab-lesson"

// cloneProject copies the project, as it is now, to a new folder.
func cloneProject(t *testing.T) string {
	t.Helper()
	const project = "../.."
	clone := filepath.Join(t.TempDir(), lessonFolder)
	err := fs.WalkDir(os.DirFS(project), ".", func(path string, d fs.DirEntry, err error) error {
		to := filepath.Join(clone, path)
		switch {
		case err != nil:
			return err
		case path == ".git" && !d.IsDir(): // of a git worktree
			return nil
		case path == ".git" || path == "results":
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(to, 0o755)
		case !d.Type().IsRegular():
			return nil
		}
		content, err := os.ReadFile(filepath.Join(project, path))
		if err != nil {
			return err
		}
		return os.WriteFile(to, content, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	return clone
}

// newDockerProject makes a project. When the test ends nothing of it runs.
func newDockerProject(t *testing.T) *dockerProject {
	t.Helper()
	if os.Getenv(inDocker) == "" {
		t.Skip(".ci/docker runs this test, with an engine that it starts")
	}
	p := &dockerProject{t: t, folder: cloneProject(t), owner: uint32(os.Getuid())}
	cmd := exec.Command("bash", "--norc", "--noprofile")
	cmd.Dir = p.folder
	cmd.Env = append(environ("PS1", "TERM", "HOME"), "PS1=outside> ", "TERM=dumb", "HOME="+p.folder)
	if p.owner == 0 {
		p.owner = 65534 // the user "nobody", who may use the engine
		group := ownerOf(t, "/var/run/docker.sock").Gid
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: p.owner, Gid: p.owner, Groups: []uint32{group}}}
		p.give(filepath.Dir(filepath.Dir(p.folder)))
	}
	p.term = startTerminal(t, cmd)
	t.Cleanup(func() {
		p.docker("compose", "--profile", "by-hand", "--profile", "lab", "down", "--timeout", "60")
	})
	return p
}

// give gives a folder and all files in it to the owner.
func (p *dockerProject) give(folder string) {
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(p.owner), int(p.owner))
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

func ownerOf(t *testing.T, path string) *syscall.Stat_t {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t)
}

// docker runs the docker command and returns what it prints, and how it ended.
func (p *dockerProject) docker(args ...string) (string, error) {
	cmd := exec.Command("docker", args...)
	cmd.Dir = p.folder
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// results returns a path below results, after it has asked for its owner.
func (p *dockerProject) results(path ...string) string {
	p.t.Helper()
	full := filepath.Join(append([]string{p.folder, "results"}, path...)...)
	if owner := ownerOf(p.t, full).Uid; owner != p.owner {
		p.t.Errorf("%s is user %d's, want %d's", full, owner, p.owner)
	}
	return full
}

// TestDockerLab makes every scenario with the README's one line.
func TestDockerLab(t *testing.T) {
	p := newDockerProject(t)
	out := readLesson(t, "compose run").typeInto(p.term, toBuild)
	want := fmt.Sprintf("%d passed, 0 failed", len(scenarios.Names()))
	if !strings.Contains(out, want) {
		t.Fatalf("got\n%s\nwant %s", out, want)
	}
	for _, name := range scenarios.Names() {
		path := p.results(name, "capture.pcapng")
		if n := frames(t, path); n == 0 {
			t.Errorf("%s: got no frames", path)
		}
		if out, err := exec.Command("tshark", "-r", path, "-Y", "_ws.malformed").Output(); err != nil || len(out) > 0 {
			t.Errorf("%s: got error %v and the packets\n%s\nwant none that is malformed", path, err, out)
		}
	}
	const most = 30e6 // bytes
	size, err := p.docker("image", "inspect", "--format", "{{.Size}} {{.Config.User}}", lessonFolder+"-lab")
	bytes, user, _ := strings.Cut(strings.TrimSpace(size), " ")
	if n, sizeErr := strconv.Atoi(bytes); err != nil || sizeErr != nil || n > most || user != "1000:1000" {
		t.Errorf("got an image of size and user %q (%v), want at most %d bytes and an ordinary user", size, err, int(most))
	}
}

// TestDockerLesson types the README's lesson with Docker.
func TestDockerLesson(t *testing.T) {
	p := newDockerProject(t)
	out := readLesson(t, "exec client ftp").typeInto(p.term, toBuild)
	p.results("by-hand")
	path := p.results("by-hand", "capture.pcapng")
	frames(t, path)
	if got, want := readTransfers(t, path), "passive LIST 226; active LIST 226; active RETR 226"; got != want {
		t.Errorf("got the transfers %q, want %q; the terminal says\n%s", got, want, out)
	}
	const resets = "_ws.malformed || tcp.flags.reset == 1 || tcp.analysis.lost_segment"
	if out, err := exec.Command("tshark", "-r", path, "-Y", resets).Output(); err != nil || len(out) > 0 {
		t.Errorf("got error %v and the packets\n%s\nwant none", err, out)
	}
	p.results("by-hand", "walkthrough.html")
	wantWalkthrough(t, filepath.Join(p.folder, "results", "by-hand"))
}

// TestDockerInterrupt stops the network while a session is under way. Before that it looks for
// a way out of the network, and changes the size of the terminal.
func TestDockerInterrupt(t *testing.T) {
	p := newDockerProject(t)
	p.term.expect(`outside> $`, soon)
	path := p.beginSession("by-hand")
	p.wantNoWayOut()
	p.wantLoginInNewSize()
	p.term.press(controlC)
	// One Ctrl-C reaches compose in two ways. If the second arrives first, compose takes
	// them for two and kills the containers.
	if out := p.term.expect(`outside> $`, toStop); strings.Contains(out, "Killing") {
		p.wantReadable(path)
	} else {
		p.wantComplete(path)
	}

	path = p.beginSession("by-hand-2") // a second time works, too
	if out, err := p.docker("compose", "--profile", "by-hand", "stop"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p.term.expect(`outside> $`, toStop)
	p.wantComplete(path)
}

// beginSession starts the network in the foreground, and a session in it that
// goes on. It returns the capture, once the login is there.
func (p *dockerProject) beginSession(folder string) (capture string) {
	p.t.Helper()
	p.term.enter("docker compose --profile by-hand up --build")
	p.waitForClient()
	const open = "(echo user anonymous x; sleep 1000) | ftp -n server"
	if out, err := p.docker("compose", "--profile", "by-hand", "exec", "-d", "client", "sh", "-c", open); err != nil {
		p.t.Fatalf("%v\n%s", err, out)
	}
	capture = p.results(folder, "capture.pcapng")
	waitFor(p.t, capture, "PASS x\r\n")
	return capture
}

// waitForClient waits until a user could work at the client.
func (p *dockerProject) waitForClient() {
	p.t.Helper()
	var out string
	for begin := time.Now(); time.Since(begin) < toBuild; time.Sleep(time.Second) {
		id, err := p.docker("compose", "--profile", "by-hand", "ps", "-q", "client")
		if err != nil || strings.TrimSpace(id) == "" {
			continue
		}
		out, _ = p.docker("inspect", "--format", "{{.State.Health.Status}}", strings.TrimSpace(id))
		if strings.TrimSpace(out) == "healthy" {
			return
		}
	}
	p.t.Fatalf("waited %v for the client to be healthy, got %q", toBuild, out)
}

// wantNoWayOut tries to leave the network from the client: to this machine by
// its addresses, and to a name.
func (p *dockerProject) wantNoWayOut() {
	p.t.Helper()
	const attempts = `
		for address in %s; do
			timeout 5 bash -c "echo > /dev/tcp/$address/%d" 2> /dev/null && echo reached $address
		done
		timeout 10 getent hosts www.example.com && echo resolved
		timeout 5 curl -sS ftp://server/README
	`
	addresses, port, stop := listenEverywhere(p.t)
	defer stop()
	out, _ := p.docker("compose", "--profile", "by-hand", "exec", "-T", "client", "bash", "-c", fmt.Sprintf(attempts, addresses, port))
	if strings.Contains(out, "reached") || strings.Contains(out, "resolved") || !strings.Contains(out, "Welcome to the lab.") {
		p.t.Errorf("got %q, want nothing but the server's file", out)
	}
}

// wantLoginInNewSize gives the terminal a new size while ftp asks for a name, as
// engines do when they have started it, and goes on to log in.
func (p *dockerProject) wantLoginInNewSize() {
	p.t.Helper()
	exec := func(args ...string) *exec.Cmd {
		cmd := exec.Command("docker", append([]string{"compose", "--profile", "by-hand", "exec"}, args...)...)
		cmd.Dir = p.folder
		return cmd
	}
	term := startTerminal(p.t, exec("client", "ftp", "server"))
	term.expect(`Name .*: $`, soon)
	// Docker may not listen yet when the size changes for the first time.
	for begin, n := time.Now(), uint16(0); n <= rows; {
		if time.Since(begin) > soon {
			p.t.Fatalf("after %v the terminal in the container has %d rows, want more than %d", soon, n, rows)
		}
		setSize(p.t, term.master, rows+1+uint16(time.Since(begin).Seconds()), columns)
		out, err := exec("-T", "client", "sh", "-c", "stty size < /dev/pts/0").CombinedOutput()
		if _, scanErr := fmt.Sscan(string(out), &n); err != nil || scanErr != nil {
			p.t.Fatalf("%v\n%s", err, out)
		}
	}
	term.enter("anonymous")
	term.expect(`Password: ?$`, soon)
	term.enter("x")
	term.expect(`230 (.|\n)*ftp> $`, soon)
	term.enter("bye")
	term.expect(`221 `, soon)
}

// listenEverywhere listens on all addresses of this machine. It returns those
// that are not only its own, apart by spaces.
func listenEverywhere(t *testing.T) (addresses string, port int, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if ip := a.(*net.IPNet).IP; ip.To4() != nil && !ip.IsLoopback() {
			addresses += ip.String() + " "
		}
	}
	return addresses + "198.51.100.1", l.Addr().(*net.TCPAddr).Port, func() { l.Close() }
}

// wantReadable fails unless a capture can be read, and has a session.
func (p *dockerProject) wantReadable(path string) *capture.Capture {
	p.t.Helper()
	tr, err := capture.Open(path, capture.Options{})
	if err != nil {
		p.t.Fatal(err)
	}
	if tr.NumSessions() == 0 {
		p.t.Errorf("got no session in %s", path)
	}
	return tr
}

// wantComplete fails unless a capture has an orderly end: a whole session, and
// the recorder's counts.
func (p *dockerProject) wantComplete(path string) {
	p.t.Helper()
	tr := p.wantReadable(path)
	frames(p.t, path) // which gopacket reads to their end
	for c := range tr.Connections() {
		if c.Role == ftp.Control && c.FirstFIN == "" && c.ResetBy == "" {
			p.t.Errorf("the end of the session of %v is missing in %s", c.Client, path)
		}
	}
	content, err := os.ReadFile(path)
	if err != nil {
		p.t.Fatal(err)
	}
	const statistics = 5 // the block that a recorder writes when it is asked to stop
	length := binary.LittleEndian.Uint32(content[len(content)-4:])
	if kind := binary.LittleEndian.Uint32(content[len(content)-int(length):]); kind != statistics {
		p.t.Errorf("%s does not end with its counts", path)
	}
}
