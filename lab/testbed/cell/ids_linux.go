package cell

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// idMappings are the ids that this process itself can map into a cell's user
// namespace. Root maps all of its ids to the same numbers. Another user maps his own
// id to root's.
func idMappings() (uids, gids []syscall.SysProcIDMap, setgroups bool) {
	uids, errUIDs := ownIDs("/proc/self/uid_map")
	gids, errGIDs := ownIDs("/proc/self/gid_map")
	mayMap := hasCapability(unix.CAP_SETUID) && hasCapability(unix.CAP_SETGID) && hasCapability(unix.CAP_SETFCAP)
	if os.Geteuid() == 0 && os.Getegid() == 0 && mayMap && errUIDs == nil && errGIDs == nil {
		return uids, gids, true
	}
	uids = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
	gids = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	return uids, gids, false
}

// ownIDs are the ids that this process has, each mapped to itself. They are read from
// its own map (user_namespaces(7)).
func ownIDs(path string) ([]syscall.SysProcIDMap, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	const most = 1 << 30 // what fits an int everywhere
	var all []syscall.SysProcIDMap
	for line := range strings.Lines(string(text)) {
		var inside, outside, count int64
		if _, err := fmt.Sscan(line, &inside, &outside, &count); err != nil {
			return nil, err
		}
		if inside >= most {
			continue
		}
		all = append(all, syscall.SysProcIDMap{ContainerID: int(inside), HostID: int(inside), Size: int(min(count, most-inside))})
	}
	return all, nil
}

// A subordinate has a user's ranges of subordinate ids, and the system's programs that
// map them, which check that the ranges belong to the user.
type subordinate struct {
	uids, gids           int // the first of each range
	newuidmap, newgidmap string
}

// subordinateIDs is how many subordinate ids a cell has. With root's id, these are all
// ids that Linux systems give to users and services by default.
const subordinateIDs = 65535

// findSubordinate finds the caller's subordinate ids. Root needs none, and has none
// here.
func findSubordinate() (s subordinate, ok bool) {
	if os.Geteuid() == 0 {
		return s, false
	}
	var err error
	if s.newuidmap, err = exec.LookPath("newuidmap"); err != nil {
		return s, false
	}
	if s.newgidmap, err = exec.LookPath("newgidmap"); err != nil {
		return s, false
	}
	names := []string{strconv.Itoa(os.Geteuid())}
	if u, err := user.LookupId(names[0]); err == nil {
		names = append(names, u.Username)
	}
	if s.uids, ok = rangeOf(names, "/etc/subuid"); ok {
		s.gids, ok = rangeOf(names, "/etc/subgid")
	}
	return s, ok
}

// rangeOf finds a range with enough ids in a file (subuid(5)) and returns its first id.
func rangeOf(names []string, path string) (first int, ok bool) {
	file, err := os.Open(path)
	if err != nil {
		return 0, false
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Split(lines.Text(), ":")
		if len(fields) != 3 || fields[0] != names[0] && fields[0] != names[len(names)-1] {
			continue
		}
		first, err := strconv.Atoi(fields[1])
		count, errCount := strconv.Atoi(fields[2])
		if err == nil && errCount == nil && count >= subordinateIDs {
			return first, true
		}
	}
	return 0, false
}

// give maps the ids into the user namespace of a process that waits for them. The
// caller is its root, and all other ids are subordinate ones.
func (s subordinate) give(p *process) error {
	pid := strconv.Itoa(p.cmd.Process.Pid)
	for _, m := range []struct {
		program    string
		own, first int
	}{{s.newuidmap, os.Geteuid(), s.uids}, {s.newgidmap, os.Getegid(), s.gids}} {
		cmd := exec.Command(m.program, pid, "0", strconv.Itoa(m.own), "1", "1", strconv.Itoa(m.first), strconv.Itoa(subordinateIDs))
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", m.program, err, out)
		}
	}
	_, err := p.orders.Write([]byte{idsGiven})
	return err
}

// A stage is a step of a process on its way to a cell. If another program maps its
// ids, the process has none in its user namespace at first. When it is root there, it
// executes itself to get root's capabilities, and once more so that all of its threads
// are in its network namespace.
type stage string

const (
	awaitIDs     stage = "await ids"
	awaitIDsOnly stage = "await ids, and keep the network"
	makeNetwork  stage = "make network"
	ready        stage = ""
)

// args are the arguments of a process at this stage.
func (s stage) args() []string {
	if s == ready {
		return []string{cellName}
	}
	return []string{cellName, string(s)}
}

// idsGiven is written by the parent, before the order, when the ids are mapped.
const idsGiven = '\n'

// advance brings a process to its next stage.
func advance(s stage) {
	var err error
	switch s {
	case awaitIDs, awaitIDsOnly:
		n, errRead := unix.Read(ordersFD, make([]byte, 1))
		for errRead == unix.EINTR {
			n, errRead = unix.Read(ordersFD, make([]byte, 1))
		}
		if n != 1 {
			os.Exit(0) // the parent has changed its mind, or died
		}
		next := makeNetwork
		if s == awaitIDsOnly {
			next = ready
		}
		err = unix.Exec("/proc/self/exe", next.args(), os.Environ())
	case makeNetwork:
		if err = unix.Unshare(unix.CLONE_NEWNET); err == nil {
			err = unix.Exec("/proc/self/exe", ready.args(), os.Environ())
		}
	}
	fmt.Fprintf(os.Stderr, "cell: it could not %s: %v\n", s, err)
	os.Exit(1)
}
