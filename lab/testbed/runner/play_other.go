//go:build !linux

package runner

import (
	"context"
	"errors"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
)

// Play plays a scenario, on Linux.
func Play(context.Context, *scenario.Scenario, Recording, func(Progress)) (*Outcome, error) {
	return nil, errNotHere
}

// Visit sets the stage for a scenario, on Linux.
func Visit(context.Context, *scenario.Scenario, Recording, func(context.Context, network.Host) error) (*Outcome, error) {
	return nil, errNotHere
}

var errNotHere = errors.New("scenarios are made on Linux; here captures can be read and judged")
