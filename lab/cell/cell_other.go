//go:build !linux

package cell

import (
	"context"
	"fmt"
	"runtime"
)

// Init does nothing here: cells need Linux.
func Init(Body) {}

// Run fails here: cells need Linux.
func Run(context.Context, Job) error {
	return fmt.Errorf("cell: sessions are made on Linux, this is %s; captures can be read and judged here", runtime.GOOS)
}
