//go:build race

package cell

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// raced is written by many at once, and must not be.
var raced int

// In time for the cells, which are made by a function init.
var _ = func() bool { bodies["race"] = race; return true }()

func race(ctx context.Context, c *Cell, args []string) error {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	unix.Dup3(int(null.Fd()), 2, 0) // its story is not for this test's output
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() { raced++ })
	}
	both.Wait()
	return nil
}

// TestARaceInACellIsAnError: or go test -race would not see what cells do.
func TestARaceInACellIsAnError(t *testing.T) {
	_, err := run(t, Job{Spec: testJob{Body: "race"}})
	if err == nil || !strings.Contains(err.Error(), "exit status 66") {
		t.Errorf("got error %v, want the exit status of the race detector", err)
	}
}
