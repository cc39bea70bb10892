//go:build !linux

package linux

import (
	"context"
	"errors"

	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
)

// Describe adds nothing, because Build fails.
func (Builder) Describe(scenario.Network, *pcapng.Info) {}

// Build fails.
func (Builder) Build(context.Context, scenario.Network, *pcapng.Writer, func(error)) (network.Network, error) {
	return nil, errors.New("networks with Linux's own TCP need Linux; on this system, use --tcp gvisor")
}
