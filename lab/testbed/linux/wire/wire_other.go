//go:build !linux

package wire

import (
	"context"
	"errors"

	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
)

// New fails: the hosts of a wire are network namespaces of Linux.
func New(context.Context, scenario.Network, *pcapng.Writer) (network.Network, error) {
	return nil, errors.New("wire: only Linux has the network namespaces that its hosts live in")
}
