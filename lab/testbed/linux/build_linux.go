package linux

import (
	"context"

	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/linux/loopback"
	"ftplab/lab/testbed/linux/wire"
	"ftplab/lab/testbed/network"
)

// Describe adds the recorded interface.
func (b Builder) Describe(n scenario.Network, info *pcapng.Info) {
	switch {
	case n.Kind == scenario.Wire:
		info.Interface, info.Others = n.Capture, n.AlsoAt
	case b.Shared:
		info.Interface, info.Remark = "lo", loopback.SharedRemark
	default:
		info.Interface, info.Remark = "lo", loopback.Remark
	}
}

// Build builds the network. On loopback, it calls failed if recording fails.
func (b Builder) Build(ctx context.Context, n scenario.Network, w *pcapng.Writer, failed func(error)) (network.Network, error) {
	if n.Kind == scenario.Wire {
		return wire.New(ctx, n, w, b.Waits)
	}
	return loopback.Open(n, loopback.Recording{Writer: w, Failed: failed, Shared: b.Shared})
}
