package wire

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"os"
	"strings"
	"testing"

	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/cell"
	"ftplab/lab/testbed/network"
)

// withoutIPv6 makes a network of IPv6 where there is none any more, and returns
// what that fails with.
func withoutIPv6(ctx context.Context, _ network.Network, e experiment) (any, error) {
	if err := os.WriteFile("/proc/sys/net/ipv6/conf/all/disable_ipv6", []byte("1"), 0); err != nil {
		return nil, err
	}
	w, err := pcapng.NewWriter(io.Discard, pcapng.PCAPNG, pcapng.Info{})
	if err != nil {
		return nil, err
	}
	plan := scenario.Network{Kind: scenario.Wire, IPv6: true, Hosts: []scenario.Host{
		{Name: "client", Addr: netip.MustParseAddr("2001:db8:1::100")},
		{Name: "server", Addr: netip.MustParseAddr("2001:db8:2::21")},
	}}
	n, err := New(ctx, plan, w, nil)
	if err == nil {
		return nil, errors.Join(errors.New("got a network of IPv6 where there is none"), n.Close(network.UsualSilence))
	}
	return refusal{err.Error(), errors.Is(err, cell.ErrRefused)}, nil
}

// A refusal is an error of New, and whether it is the system's.
type refusal struct {
	Text    string
	Refused bool
}

func TestWithoutIPv6(t *testing.T) {
	var got refusal
	experiment{Body: "without IPv6", Plan: twoHosts(0)}.run(t, &got)
	if !got.Refused || !strings.Contains(got.Text, "IPv6") {
		t.Errorf("got error %q, that wraps ErrRefused: %t; want one about IPv6 that does", got.Text, got.Refused)
	}
}
