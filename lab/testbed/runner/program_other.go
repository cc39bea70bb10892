//go:build !linux

package runner

import (
	"context"
	"errors"

	"ftplab/lab/testbed/ftpclient"
	"ftplab/lab/testbed/network"
)

// run fails, like startProgram.
func run(context.Context, action) (ftpclient.Reply, error) {
	return none, errors.New("programs run on Linux only")
}

// startThere fails, like startProgram.
func (c *Code) startThere(context.Context, *Environment, string) (server, error) {
	return nil, errors.New("networks of the kernel are Linux's")
}

// runThere fails, like startProgram.
func (c *Code) runThere(context.Context, *Environment, network.Host, string) (words string, err error) {
	return "", errors.New("networks of the kernel are Linux's")
}

// startProgram fails, because only Linux shows whether a program listens.
func (e *Environment) startProgram(context.Context, string) (server, error) {
	return nil, errors.New("a server that is a program runs on Linux only")
}
