package cell

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"ftplab/lab/labtest/optional"
)

// sendMaps sends the ids that the cell has, and its own.
func sendMaps(ctx context.Context, c *Cell, args []string) error {
	uids, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		return err
	}
	gids, err := os.ReadFile("/proc/self/gid_map")
	if err != nil {
		return err
	}
	for _, ids := range [][]byte{uids, gids} {
		c.Send(strings.Join(strings.Fields(string(ids)), " "))
	}
	return c.Send(fmt.Sprintf("%d is %d:%d", os.Getpid(), os.Geteuid(), os.Getegid()))
}

// ordinary is the user nobody, who exists on every system.
const ordinary = 65534

// beUser runs this test binary as an ordinary user, on a system where that user has the
// subordinate ids of the args. The cell is that system.
func beUser(ctx context.Context, c *Cell, args []string) error {
	p := programJob{Spec: testJob{Body: "maps"}, AllIDs: true}
	cmd := program(fatal{}, p)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: ordinary, Gid: ordinary}}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the goroutine ends with its thread, which has mounts of its own
		started <- errors.Join(haveRanges(args[0], args[1]), cmd.Start())
	}()
	if err := <-started; err != nil {
		return err
	}
	cmd.Wait()
	return c.Send(out.String())
}

// haveRanges replaces, for this thread, /proc and the files with the ranges of users.
func haveRanges(folder, line string) error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""); err != nil {
		return err
	}
	// Maps are written in /proc by the process's ID, which is different in the
	// machine's /proc.
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return err
	}
	name := filepath.Join(folder, "ranges")
	if err := os.WriteFile(name, []byte(line), 0o644); err != nil {
		return err
	}
	for _, file := range []string{"/etc/subuid", "/etc/subgid"} {
		if err := unix.Mount(name, file, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// TestIDs has root make a cell, and users with and without subordinate ids.
func TestIDs(t *testing.T) {
	needCell(t)
	if os.Geteuid() != 0 {
		got, err := run(t, Job{Spec: testJob{Body: "maps"}})
		if want := fmt.Sprintf(`"0 %d 1"`, os.Geteuid()); err != nil || got[0] != want {
			t.Errorf("got %q, %v, want that the cell has one id, %s", got, err, want)
		}
		t.Skip("other users' cells are made by root, and this is not root")
	}
	got, err := run(t, Job{Spec: testJob{Body: "maps"}})
	if err != nil || got[0] == `"0 0 1"` || got[2] != `"1 is 0:0"` {
		t.Errorf("root: got %q, %v, want more than one id", got, err)
	}
	optional.Tool(t, "newuidmap", "apt install uidmap")
	if _, err := exec.LookPath("newgidmap"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, ranges, want string }{
		{"range", fmt.Sprintf("%d:200000:65536\n", ordinary), "0 65534 1 1 200000 65535"},
		{"small range", fmt.Sprintf("%d:200000:10\n", ordinary), "0 65534 1"},
		{"other user's range", "1:200000:65536\n", "0 65534 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := run(t, Job{Spec: testJob{Body: "be user", Args: []string{t.TempDir(), test.ranges}}})
			if err != nil {
				t.Fatal(err)
			}
			want := fmt.Sprintf("%q\n%q\n%q\n", test.want, test.want, "1 is 0:0")
			var text string
			if unquote(t, got[0], &text); text != want {
				t.Errorf("got\n%s\nwant\n%s", text, want)
			}
		})
	}
}
