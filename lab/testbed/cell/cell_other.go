//go:build !linux

package cell

import (
	"context"
	"fmt"
	"runtime"
)

// Init does nothing here: cells need Linux.
func Init(Body) {}

// Run fails here, with an error that wraps [ErrRefused]: cells need Linux.
func Run(context.Context, Job) error {
	return fmt.Errorf("%w: it is %s, and sessions are made on Linux; captures can be read and judged here", ErrRefused, runtime.GOOS)
}
