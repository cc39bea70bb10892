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

// raced is written by two goroutines at once, which is a data race.
var raced int

// This is done before the function init that makes the cells.
var _ = func() bool { bodies["race"] = race; return true }()

func race(ctx context.Context, c *Cell, args []string) error {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	unix.Dup3(int(null.Fd()), 2, 0) // keeps the report out of this test's output
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() { raced++ })
	}
	both.Wait()
	return nil
}

// TestARaceInACellIsAnError checks that go test -race sees races in cells.
func TestARaceInACellIsAnError(t *testing.T) {
	_, err := run(t, Job{Spec: testJob{Body: "race"}})
	if err == nil || !strings.Contains(err.Error(), "exit status 66") {
		t.Errorf("got error %v, want the exit status of the race detector", err)
	}
}
