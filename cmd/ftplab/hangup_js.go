package main

import "context"

// untilHangup does nothing here: there is no terminal.
func untilHangup(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}
