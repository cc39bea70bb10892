//go:build !js

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// endSignals are the signals that ask a program to end: those of Ctrl-C, of kill, and of a terminal
// that is closed, unless SIGHUP is ignored, as with nohup.
var endSignals = func() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}()
