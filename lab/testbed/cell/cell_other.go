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
	return fmt.Errorf("%w: it is %s, and private networks are Linux's. Ways out: run it with --tcp gvisor, or in a container on Linux", ErrRefused, runtime.GOOS)
}

// NeedIPv6 checks nothing here: no cell is made.
func NeedIPv6() error { return nil }
