package wire

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"ftplab/lab/testbed/cell"
	"ftplab/lab/testbed/network"
)

// bulk moves bytes from the server to the client, as fast as they go, and
// returns how long that took.
func bulk(ctx context.Context, n network.Network, e experiment) (any, error) {
	client, server := n.Host("client"), n.Host("server")
	l, err := server.ListenTCP(20000)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	return pour(func() (net.Conn, error) { return l.Accept() }, e.Bytes, func() (net.Conn, error) {
		return client.DialTCP(ctx, 0, remote(server, 20000))
	})
}

// pour sends bytes through a connection to who dials.
func pour(accept func() (net.Conn, error), bytes int64, dial func() (net.Conn, error)) (time.Duration, error) {
	sent := make(chan error, 1)
	go func() {
		conn, err := accept()
		if err != nil {
			sent <- err
			return
		}
		defer conn.Close()
		block := make([]byte, 1<<20)
		for left := bytes; left > 0 && err == nil; left -= int64(len(block)) {
			_, err = conn.Write(block[:min(left, int64(len(block)))])
		}
		sent <- err
	}()
	conn, err := dial()
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	began := time.Now()
	// Hidden behind plain interfaces, the two copy in user space, as programs do.
	got, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{conn}, make([]byte, 1<<20))
	if err != nil {
		return 0, err
	}
	if err := <-sent; err != nil {
		return 0, err
	}
	return time.Since(began), expect("bytes", got, bytes)
}

// bulkOverVeth is bulk over one plain link between the namespaces of two hosts:
// the same segments, and nobody who forwards or records them.
func bulkOverVeth(ctx context.Context, _ network.Network, e experiment) (any, error) {
	near, err := cell.NewNamespace()
	if err != nil {
		return nil, err
	}
	defer near.Close()
	far, err := cell.NewNamespace()
	if err != nil {
		return nil, err
	}
	defer far.Close()
	err = near.Do(func() error {
		veth := netlink.NewVeth(netlink.LinkAttrs{Name: device, MTU: 1500, TxQLen: -1})
		veth.PeerName, veth.PeerNamespace = device, netlink.NsFd(far.Handle())
		return netlink.LinkAdd(veth)
	})
	if err != nil {
		return nil, err
	}
	for i, side := range []*cell.Namespace{near, far} {
		err := side.Do(func() error { return plainLink(i + 1) })
		if err != nil {
			return nil, err
		}
	}
	addr := netip.MustParseAddrPort("192.0.2.1:20000")
	var l net.Listener
	if err := near.Do(func() (err error) { l, err = net.Listen("tcp", addr.String()); return err }); err != nil {
		return nil, err
	}
	defer l.Close()
	return pour(func() (net.Conn, error) { return l.Accept() }, e.Bytes, func() (conn net.Conn, err error) {
		err = far.Do(func() error { conn, err = net.Dial("tcp", addr.String()); return err })
		return conn, err
	})
}

// plainLink sets up the device of this namespace with the address 192.0.2.number.
func plainLink(number int) error {
	if err := withoutOffloads(device); err != nil {
		return err
	}
	if err := (setting{name: "ipv4/tcp_congestion_control", value: "reno"}).write(); err != nil {
		return err
	}
	link, err := netlink.LinkByName(device)
	if err != nil {
		return err
	}
	addr := netip.MustParsePrefix(fmt.Sprintf("192.0.2.%d/24", number))
	if err := netlink.AddrAdd(link, &netlink.Addr{IPNet: ipNet(addr)}); err != nil {
		return err
	}
	return netlink.LinkSetUp(link)
}

// BenchmarkDownload moves a gigabyte over the wire, recorded, and over a plain
// link, and reports the one's rate as a share of the other's.
func BenchmarkDownload(b *testing.B) {
	const size = 1 << 30
	plan := twoHosts(0)
	plan.Volume = size
	var wire, veth time.Duration
	for range b.N {
		var took time.Duration
		experiment{Body: "bulk", Plan: plan, Bytes: size}.run(b, &took)
		wire += took
		experiment{Body: "bulk over veth", Plan: plan, Bytes: size}.run(b, &took)
		veth += took
	}
	b.SetBytes(size)
	b.ReportMetric(float64(size)*float64(b.N)/wire.Seconds()/1e9, "wire-GB/s")
	b.ReportMetric(float64(size)*float64(b.N)/veth.Seconds()/1e9, "veth-GB/s")
	b.ReportMetric(veth.Seconds()/wire.Seconds(), "wire/veth")
}

// BenchmarkNew makes and closes a network of two hosts.
func BenchmarkNew(b *testing.B) {
	for range b.N {
		experiment{Body: "nothing", Plan: twoHosts(0)}.run(b, nil)
	}
}

// nothing does nothing.
func nothing(context.Context, network.Network, experiment) (any, error) { return nil, nil }
