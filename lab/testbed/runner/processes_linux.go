package runner

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A process is a running process, as /proc/PID/status describes it (proc(5)).
type process struct {
	id      string // in the PID namespace of the mounted /proc
	parent  string // likewise
	pid     int    // in its own PID namespace, which is this program's, too
	session string // its session, likewise
}

// descendants returns the running processes that this process has started, directly or
// indirectly. In a cell, processes whose parents have ended are among them, because
// they become children of this process, the first of its PID namespace.
func descendants() (all []process) {
	self, _ := os.Readlink("/proc/self")
	entries, _ := os.ReadDir("/proc")
	children := map[string][]string{}
	for _, e := range entries {
		if id := e.Name(); id[0] >= '0' && id[0] <= '9' {
			parent := parentOf(id)
			children[parent] = append(children[parent], id)
		}
	}
	ids := children[self]
	for i := 0; i < len(ids); i++ {
		ids = append(ids, children[ids[i]]...)
		if p := readProcess("/proc/" + ids[i] + "/status"); p.pid > 0 {
			all = append(all, p)
		}
	}
	return all
}

// parentOf returns the parent of a process of the mounted /proc. It reads the file stat, which
// takes the kernel a third of the time of status: there are all processes of the machine.
func parentOf(id string) string {
	text, _ := os.ReadFile("/proc/" + id + "/stat")
	_, afterName, _ := strings.Cut(string(text[bytes.LastIndexByte(text, ')')+1:]), " ")
	_, afterState, _ := strings.Cut(afterName, " ")
	parent, _, _ := strings.Cut(afterState, " ")
	return parent
}

// Others returns the ids of the processes that this process has started, directly or
// indirectly, without those of the server.
func (e *Environment) Others() (pids []int) {
	var sessions []string
	if s, ok := e.server.(interface{ sessions() []string }); ok {
		sessions = s.sessions()
	}
	servers := map[string]bool{}
	for _, p := range descendants() { // parents come first
		if servers[p.parent] || slices.Contains(sessions, p.session) {
			servers[p.id] = true
			continue
		}
		pids = append(pids, p.pid)
	}
	return pids
}

// stillRunning returns the processes that have not ended. It looks at these processes
// only: descendants looks at all processes of the machine.
func stillRunning(all []process) []process {
	return slices.DeleteFunc(all, func(p process) bool {
		return readProcess("/proc/"+p.id+"/status").pid != p.pid
	})
}

// readProcess reads a status file. If the process has ended it returns the zero
// process.
func readProcess(path string) (p process) {
	text, err := os.ReadFile(path)
	if err != nil {
		return p
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":\t")
		last := value[strings.LastIndexByte(value, '\t')+1:]
		switch name {
		case "State":
			if strings.HasPrefix(value, "Z") || strings.HasPrefix(value, "X") {
				return process{}
			}
		case "Pid":
			p.id = last
		case "PPid":
			p.parent = last
		case "NSpid":
			p.pid, _ = strconv.Atoi(last)
		case "NSsid":
			p.session = last
			return p
		}
	}
	return p
}

// killSession kills a program, the leader of a session, and all processes of that
// session.
func killSession(leader int) {
	unix.Kill(-leader, unix.SIGKILL) // its process group, at once
	session := strconv.Itoa(leader)
	for _, p := range descendants() {
		if p.session == session {
			unix.Kill(p.pid, unix.SIGKILL)
		}
	}
}
