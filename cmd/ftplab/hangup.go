//go:build !js

package main

import (
	"context"
	"os/signal"
	"syscall"
)

// untilHangup is a context that ends when the terminal is closed.
func untilHangup(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, syscall.SIGHUP)
}
