package cell

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// runUnderPolicy runs this test binary as a program under the policies that the args
// name, and sends its output. It runs in a cell, whose root can set every policy that
// a system can have.
func runUnderPolicy(ctx context.Context, c *Cell, args []string) error {
	p := programJob{Spec: testJob{Body: "place"}, InPlace: slices.Contains(args, "loopback")}
	cmd := program(fatal{}, p)
	var out strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(""), &out, &out
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the goroutine ends with its thread, whose rights do not come back
		for _, arg := range args {
			if err := policies[arg](); err != nil {
				started <- fmt.Errorf("%s: %w", arg, err)
				return
			}
		}
		started <- cmd.Start()
	}()
	if err := <-started; err != nil {
		return err
	}
	cmd.Wait()
	return c.Send(out.String())
}

type fatal struct{}

func (fatal) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

// policies are the ways in which a system may refuse cells.
var policies = map[string]func() error{
	"loopback":          func() error { return nil },
	"no user namespace": func() error { return os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0) },
	"seccomp":           refuseUserNamespaces,
	"no CAP_SYS_ADMIN":  func() error { return drop(unix.CAP_SYS_ADMIN) },
	"no CAP_NET_RAW":    func() error { return drop(unix.CAP_NET_RAW) },
	"no CAP_NET_BIND_SERVICE": func() error {
		return errors.Join(drop(unix.CAP_NET_BIND_SERVICE), portsFrom("1024"))
	},
	"any port": func() error { return portsFrom("0") },
	"no /dev/null": func() error {
		return errors.Join(
			unix.Unshare(unix.CLONE_NEWNS),
			unix.Mount(os.DevNull, os.DevNull, "", unix.MS_BIND, ""),
			unix.Mount("", os.DevNull, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_NODEV, ""),
		)
	},
}

// drop takes a capability from the programs that this thread starts.
func drop(capability uintptr) error {
	return unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0)
}

func portsFrom(first string) error {
	return os.WriteFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", []byte(first), 0)
}

// refuseUserNamespaces filters the calls of this thread and of what it starts, as the
// default policy of container engines does.
func refuseUserNamespaces() error {
	const number, firstArgument = 0, 16 // in struct seccomp_data
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: number},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_CLONE, Jt: 1},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_UNSHARE, Jf: 3},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: firstArgument},
		{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: unix.CLONE_NEWUSER | unix.CLONE_NEWNET | unix.CLONE_NEWPID, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
}

func TestWaysOutOfARefusal(t *testing.T) {
	needCell(t)
	for _, test := range []struct {
		policy []string
		want   []string // parts of the output; the output begins with the first
	}{
		{nil, []string{`"in place: false"`}},
		{[]string{"no user namespace"}, []string{`"in place: false"`}},
		{[]string{"no user namespace", "no CAP_SYS_ADMIN"},
			[]string{"refused: ", "user.max_user_namespaces is 0", "CAP_SYS_ADMIN", "Ways out", "root", "container"}},
		{[]string{"loopback", "no user namespace", "no CAP_SYS_ADMIN"}, []string{`"in place: true"`}},
		{[]string{"loopback", "seccomp", "no CAP_SYS_ADMIN"}, []string{`"in place: true"`}},
		{[]string{"seccomp", "no CAP_SYS_ADMIN"},
			[]string{"refused: ", "seccomp filter", "seccomp=unconfined"}},
		{[]string{"loopback", "no user namespace", "no CAP_SYS_ADMIN", "no CAP_NET_RAW"},
			[]string{"refused: ", "user.max_user_namespaces is 0", "CAP_NET_RAW", "Ways out"}},
		{[]string{"loopback", "no user namespace", "no CAP_SYS_ADMIN", "no CAP_NET_BIND_SERVICE"},
			[]string{"refused: ", "CAP_NET_BIND_SERVICE"}},
		{[]string{"loopback", "no user namespace", "no CAP_SYS_ADMIN", "no CAP_NET_BIND_SERVICE", "any port"},
			[]string{`"in place: true"`}},
		{[]string{"no /dev/null"}, []string{"cell: open /dev/null: permission denied"}},
	} {
		t.Run(strings.Join(test.policy, ", "), func(t *testing.T) {
			messages, err := run(t, Job{Spec: testJob{"refuse", test.policy}})
			if err != nil {
				t.Fatal(err)
			}
			var got string
			unquote(t, messages[0], &got)
			if !strings.HasPrefix(got, test.want[0]) {
				t.Errorf("got %q, want it to begin with %q", got, test.want[0])
			}
			for _, want := range test.want[1:] {
				if !strings.Contains(got, want) {
					t.Errorf("got %q, want %q in it", got, want)
				}
			}
			if strings.Count(got, "\n") != 1 {
				t.Errorf("got %q, want one line", got)
			}
		})
	}
}

// TestEachPolicyIsNamed reads settings that this system does not have.
func TestEachPolicyIsNamed(t *testing.T) {
	defer func(root string) { settingsRoot = root }(settingsRoot)
	for _, test := range []struct{ setting, value, want, remedy string }{
		{"kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns is 1", "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"},
		{"kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone is 0", "sudo sysctl -w kernel.unprivileged_userns_clone=1"},
		{"user/max_user_namespaces", "0", "user.max_user_namespaces is 0", "sudo sysctl -w user.max_user_namespaces=15000"},
		{"user/max_net_namespaces", "0", "user.max_net_namespaces is 0", "sudo sysctl -w user.max_net_namespaces=15000"},
		{"kernel/ostype", "Linux", "user namespaces are refused (operation not permitted)", "allow them"},
	} {
		settingsRoot = t.TempDir()
		path := filepath.Join(settingsRoot, test.setting)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(test.value+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		got, remedy := findPolicy(syscall.EPERM)
		if !strings.HasPrefix(got, test.want) || !strings.HasPrefix(remedy, test.remedy) {
			t.Errorf("%s=%s: got %q and %q, want %q and %q", test.setting, test.value, got, remedy, test.want, test.remedy)
		}
	}
}

// beAlone holds, for a while, a port that all cells in place share.
func beAlone(ctx context.Context, c *Cell, args []string) error {
	l, err := net.Listen("tcp", "127.0.0.1:21")
	if err != nil {
		return err
	}
	time.Sleep(20 * time.Millisecond) // others would take the port now, if they did not wait
	return l.Close()
}

// crowd starts many cells in place at once.
func crowd(ctx context.Context, c *Cell, args []string) error {
	const cells = 8
	errs := make([]error, cells)
	var all sync.WaitGroup
	for i := range cells {
		all.Go(func() {
			errs[i] = runIn(ctx, Job{Grace: defaultGrace}, order{
				Spec: []byte(`{"Body":"alone"}`), Grace: defaultGrace, Way: inPlace,
			})
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

func TestCellsInPlaceTakeTurns(t *testing.T) {
	needCell(t)
	if _, err := run(t, Job{Spec: testJob{Body: "crowd"}}); err != nil {
		t.Error(err)
	}
}
