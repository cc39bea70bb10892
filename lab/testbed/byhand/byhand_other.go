//go:build !linux

package byhand

import (
	"context"
	"fmt"
	"runtime"

	"ftplab/lab/pcapng"
	"ftplab/lab/testbed/runner"
)

// Keep does nothing on this system, which has no shells.
func (Terminal) Keep() (restore func()) { return func() {} }

func errNotHere(what string) error {
	return fmt.Errorf("%s need Linux, and this is %s; use docker-compose.yml to run a Linux container", what, runtime.GOOS)
}

// run fails on this system: cells need Linux.
func (*Shell) run(context.Context, *runner.Environment, Terminal) (status int, err error) {
	return 0, errNotHere("shells in a cell")
}

// Record fails on this system: packet sockets need Linux.
func Record(context.Context, string, *pcapng.Writer, func()) error {
	return errNotHere("packet sockets")
}

// Recorded fails on this system: packet sockets need Linux.
func Recorded(string) (bool, error) { return false, errNotHere("packet sockets") }
