// Package celltest skips the tests that need a cell on a machine that refuses one.
package celltest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"ftplab/lab/labtest/optional"
	"ftplab/lab/testbed/cell"
)

// probe runs an empty job once. Its body may fail, but only where there is a cell.
var probe = sync.OnceValue(func() error { return cell.Run(context.Background(), cell.Job{}) })

// Need ends a test with [optional.Missing], with the reason and the ways out, if this
// system does not allow a cell with a network of its own. The test binary must call
// [cell.Init].
func Need(t testing.TB) {
	t.Helper()
	if err := probe(); errors.Is(err, cell.ErrRefused) {
		optional.Missing(t, err)
	}
}
