//go:build !linux

package runner

import (
	"context"
	"errors"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
)

// startProgram fails: it takes Linux to see whether a program listens.
func startProgram(context.Context, network.Host, *scenario.Scenario, string) (server, error) {
	return nil, errors.New("a server that is a program runs on Linux only")
}
