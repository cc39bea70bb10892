package cell

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// unquote reads a message.
func unquote(t *testing.T, message string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(message), v); err != nil {
		t.Fatal(err)
	}
}

// hostApart makes a namespace and checks that its network is another one.
func hostApart(ctx context.Context, c *Cell, args []string) error {
	ns, err := NewNamespace()
	if err != nil {
		return err
	}
	defer ns.Close()
	var l net.Listener
	err = ns.Do(func() (err error) {
		l, err = net.Listen("tcp", "127.0.0.1:21")
		return err
	})
	if err != nil {
		return err
	}
	defer l.Close()
	if conn, err := net.Dial("tcp", "127.0.0.1:21"); !errors.Is(err, unix.ECONNREFUSED) {
		return fmt.Errorf("from outside of the namespace: got %v, %v, want that the connection is refused", conn, err)
	}
	return ns.Do(func() error {
		conn, err := net.Dial("tcp", "127.0.0.1:21")
		if err == nil {
			conn.Close()
		}
		return err
	})
}

// startApart starts a program in a namespace, and checks that it is there.
func startApart(ctx context.Context, c *Cell, args []string) error {
	ns, err := NewNamespace()
	if err != nil {
		return err
	}
	defer ns.Close()
	var want string
	if err := ns.Do(func() (err error) { want, err = os.Readlink(threadPath); return err }); err != nil {
		return err
	}
	var got strings.Builder
	cmd := exec.Command("readlink", "/proc/self/ns/net")
	cmd.Stdout = &got
	if err := ns.Start(cmd); err != nil {
		return err
	}
	if err := cmd.Wait(); err != nil {
		return err
	}
	if strings.TrimSpace(got.String()) != want {
		return fmt.Errorf("the program is in %q, want %q", got.String(), want)
	}
	return nil
}

// comeBack checks that no thread stays in a namespace.
func comeBack(ctx context.Context, c *Cell, args []string) error {
	home, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	errs := make(chan error, 1000)
	for range 10 {
		ns, err := NewNamespace()
		if err != nil {
			return err
		}
		defer ns.Close()
		for range 10 {
			all.Go(func() {
				if err := ns.Do(func() error { return errors.New("expected") }); err == nil || err.Error() != "expected" {
					errs <- fmt.Errorf("got error %v, want the function's", err)
				}
			})
			all.Go(func() {
				if here, err := os.Readlink(threadPath); err != nil || here != home {
					errs <- fmt.Errorf("a goroutine found itself in %s, %v, want %s", here, err, home)
				}
			})
		}
	}
	all.Wait()
	close(errs)
	return <-errs
}

// ownIsTheProcess checks that goroutines are in the namespace that Own returns.
func ownIsTheProcess(ctx context.Context, c *Cell, args []string) error {
	ns, err := Own()
	if err != nil {
		return err
	}
	defer ns.Close()
	return ns.Do(func() error {
		here, err := os.Readlink(threadPath)
		if home, _ := os.Readlink("/proc/self/ns/net"); err != nil || here != home {
			return fmt.Errorf("got %s, %v, want %s", here, err, home)
		}
		return nil
	})
}

func TestNamespace(t *testing.T) {
	needCell(t)
	for _, body := range []string{"host apart", "start apart", "come back", "own"} {
		t.Run(body, func(t *testing.T) {
			if _, err := run(t, Job{Spec: testJob{Body: body}}); err != nil {
				t.Error(err)
			}
		})
	}
}
