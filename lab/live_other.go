//go:build !linux

package lab

import (
	"context"
	"os"
)

// whileRead returns ctx: no capture is made here.
func whileRead(ctx context.Context, _ *os.File) (reading context.Context, stop func()) {
	return ctx, func() {}
}
