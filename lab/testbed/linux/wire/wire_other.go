//go:build !linux

package wire

import (
	"context"
	"errors"
	"time"

	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
)

// New fails: the hosts of a wire are Linux's network namespaces.
func New(context.Context, scenario.Network, *pcapng.Writer, func(time.Time)) (network.Network, error) {
	return nil, errors.New("wire: its hosts are network namespaces, which only Linux has")
}
