//go:build !linux

package byhand

import (
	"context"
	"fmt"
	"runtime"

	"ftplab/lab/pcapng"
	"ftplab/lab/testbed/network"
)

// Keep does nothing here: there are no shells.
func (Terminal) Keep() (restore func()) { return func() {} }

func errNotHere(what string) error {
	return fmt.Errorf("%s need Linux, this is %s; docker-compose.yml brings one along", what, runtime.GOOS)
}

// Run fails here: cells need Linux.
func (*Shell) Run(context.Context, network.Host, Terminal) (status int, err error) {
	return 0, errNotHere("shells in a cell")
}

// Record fails here: packet sockets need Linux.
func Record(context.Context, string, *pcapng.Writer, func()) error {
	return errNotHere("packet sockets")
}

// Recorded fails here: packet sockets need Linux.
func Recorded(string) (bool, error) { return false, errNotHere("packet sockets") }
