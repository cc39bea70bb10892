package wire

import (
	"fmt"
	"strconv"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/path"
)

// A setting is a kernel setting of a host: a file below /proc/sys/net.
type setting struct {
	name, value string
	optional    bool // some kernels do not have it
}

// Sizes of the receive buffer of a current Linux: the initial and the largest
// one. They are set because the machine's may differ.
const (
	defaultBuffer = 131072
	largestBuffer = 6291456
)

// mostUnderWay is the largest number of full segments in flight on a
// connection, unless the plan sets another. They leave a host through a backlog
// for 1000 packets, which only root of the machine can enlarge.
const mostUnderWay = 768

// metrics are the settings of a host's route that apply to all connections.
type metrics struct {
	window int // the largest receive window to advertise, bytes
	advMSS int // the segment size to which windows are rounded, bytes
	rtoMin int // the shortest retransmission timeout, milliseconds
}

// tune returns the settings and route metrics that make a host's TCP behave as
// its plan says. Mtu is that of its link; lossless says that the path loses
// nothing.
func tune(h scenario.Host, mtu int, lossless bool) ([]setting, metrics) {
	first, most, m := receiveBuffer(h, mtu)
	congestion := h.Congestion
	if congestion == "" {
		congestion = "reno"
	}
	settings := []setting{
		{name: "ipv4/tcp_congestion_control", value: congestion},
		{name: "ipv4/tcp_rmem", value: fmt.Sprintf("4096 %d %d", first, most)},
		{name: "ipv4/tcp_wmem", value: fmt.Sprintf("4096 16384 %d", sendBuffer(h, mtu))},
		{name: "ipv4/tcp_timestamps", value: on(!h.NoTimestamps)},
		{name: "ipv4/tcp_window_scaling", value: on(!h.NoWScale)},
		{name: "ipv4/tcp_sack", value: on(!h.NoSACK)},
		{name: "ipv4/tcp_ecn", value: "2"},
		{name: "ipv4/tcp_no_metrics_save", value: "1"}, // no connection learns from an earlier one
		{name: "ipv4/ip_no_pmtu_disc", value: on(h.NoDF)},
		{name: "mptcp/enabled", value: "0", optional: true}, // Go's listeners would use it
	}
	if h.TTL != 0 {
		settings = append(settings, setting{name: "ipv4/ip_default_ttl", value: strconv.Itoa(h.TTL)})
	}
	if lossless {
		// On a busy machine, hosts may run late. To avoid needless
		// retransmissions, there are no tail loss probes (RFC 8985, 7), and the
		// retransmission timeout is five seconds instead of Linux's 200 ms, as
		// on loopback. Even the one second of RFC 6298 has been exceeded.
		settings = append(settings, setting{name: "ipv4/tcp_early_retrans", value: "0"})
		m.rtoMin = 5000
	}
	return settings, m
}

// on is the value of a setting that is on or off.
func on(is bool) string {
	if is {
		return "1"
	}
	return "0"
}

// largestUnscaled is the largest window that a SYN, or a segment without window
// scaling, can advertise (RFC 7323, 2.2).
const largestUnscaled = 65535

// receiveBuffer returns a host's initial and largest receive buffer, and the
// route metrics that make it advertise the plan's window.
func receiveBuffer(h scenario.Host, mtu int) (first, most int, m metrics) {
	switch {
	case h.Window != 0 && h.Window < largestUnscaled:
		first, m = 2*h.Window, smallWindow(h, mtu)
		if h.Buffer != 0 {
			first = h.Buffer
		}
		return first, first, m
	case h.Window != 0 || h.Buffer >= largestUnscaled:
		first, m = steadyWindow(h)
		if h.Window != 0 {
			first = max(first, h.Buffer) // for a program that may be late to read
		}
		return first, first, m
	case h.Buffer != 0:
		return h.Buffer, h.Buffer, m
	}
	return defaultBuffer, largestBuffer, m
}

// steadyWindow returns a receive buffer and the route metrics that keep the
// window at the largest value of its scale.
//
// The buffer is larger than the window, so that neither the window nor the
// ACKs, which Linux delays while a window shrinks, depend on how promptly a
// program reads. It is less than twice as large, because Linux would otherwise
// send an ACK whenever a program reads.
func steadyWindow(h scenario.Host) (buffer int, m metrics) {
	window := largestUnscaled
	for 2*window <= h.Buffer && !h.NoWScale {
		window *= 2
	}
	if window > largestUnscaled {
		m.window = window // the scale follows from it
	}
	return window * 14 / 5, m // Linux uses five eighths of the buffer for data
}

// timestamps is the size of the option and its padding in a segment, bytes (RFC 7323, appendix A).
const timestamps = 12

// smallWindow returns the route metrics that make a SYN advertise a window that
// needs no scaling.
//
// Linux advertises half of the buffer, rounded down to whole segments of the
// route's advertised MSS. For a window that is not a multiple of the MSS, the
// route advertises an MSS larger than the window, so that no segment fits, and
// limits the window. The gateway then lowers the MSS to what the link carries
// (see clampMSS).
func smallWindow(h scenario.Host, mtu int) (m metrics) {
	mss := mtu - path.Headers(h.Addr)
	if h.Window%mss != 0 || !h.NoTimestamps {
		m.window = h.Window
		m.advMSS = max(mss, h.Window+timestamps)
	}
	return m
}

// sendBuffer returns how large a host's send buffer may grow. The buffer holds
// the data in flight, so it limits them from the first connection on; a route's
// congestion window applies only to hosts that had a connection before.
//
// Linux adds a segment as long as the buffer is below its limit. For a fixed
// number of segments, the limit is in the middle of the last one, so that it
// does not matter if a segment takes a few bytes more or less than here.
func sendBuffer(h scenario.Host, mtu int) int {
	const bookkeeping = 852 // bytes in the kernel for a full Ethernet segment, besides its data
	mss := mtu - path.Headers(h.Addr)
	if h.CWND == 0 {
		return mostUnderWay * mss
	}
	segment := mss + bookkeeping
	if !h.NoTimestamps {
		segment -= timestamps
	}
	return h.CWND*segment - segment/2
}

// oneByOne makes the host's TCP pass segments on one by one. By default it
// builds packets of several segments, which are cut later. Some segments are
// then short: where Linux changes the number of segments in a packet, and at
// the end of the receive window. With single segments, the send buffer also
// holds more of them.
func oneByOne(h scenario.Host) bool { return h.Cork || h.CWND != 0 }
