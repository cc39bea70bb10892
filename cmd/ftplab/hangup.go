//go:build !js

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// endSignals are the signals that ask a program to end: Ctrl-C, that of kill, and the end of its
// terminal, unless the program was told to outlive it, as by nohup.
var endSignals = func() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}()
