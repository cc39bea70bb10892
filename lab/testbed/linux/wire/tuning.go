package wire

import (
	"fmt"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/path"
	"strconv"
)

// A setting is one of a host's kernel: a file below /proc/sys/net.
type setting struct {
	name, value string
	optional    bool // not every kernel has it
}

// Sizes of the receive buffer that a current Linux starts with and grows to.
// They are set, as a machine may have others.
const (
	defaultBuffer = 131072
	largestBuffer = 6291456
)

// mostUnderWay is how many full segments a connection has under way at most,
// unless its plan says otherwise. They leave a host through a backlog that has
// room for 1000, which only the machine's owner can change.
const mostUnderWay = 768

// metrics are what a host's route says about all connections.
type metrics struct {
	window int // no larger receive window is advertised, bytes
	advMSS int // the segment size by which windows are rounded, bytes
	rtoMin int // the retransmission timeout stays at least at so many milliseconds
}

// tune returns the settings and route metrics that make a host's TCP behave as
// its plan says. Mtu is of its link; lossless says that the path loses nothing.
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
		{name: "ipv4/tcp_no_metrics_save", value: "1"}, // each connection starts afresh
		{name: "ipv4/ip_no_pmtu_disc", value: on(h.NoDF)},
		{name: "mptcp/enabled", value: "0", optional: true}, // Go's listeners would offer it
	}
	if h.TTL != 0 {
		settings = append(settings, setting{name: "ipv4/ip_default_ttl", value: strconv.Itoa(h.TTL)})
	}
	if lossless {
		// On a machine too busy to run the hosts in time, nothing is sent again
		// that was not lost: no tail loss probes (RFC 8985, 7), and five seconds
		// for the timeout in place of Linux's fifth of one, as on loopback. RFC
		// 6298's one second has been seen to pass.
		settings = append(settings, setting{name: "ipv4/tcp_early_retrans", value: "0"})
		m.rtoMin = 5000
	}
	return settings, m
}

// on is how a setting says that something is on, or off.
func on(is bool) string {
	if is {
		return "1"
	}
	return "0"
}

// largestUnscaled is the largest window that a segment without window scaling
// can advertise, and any SYN (RFC 7323, 2.2).
const largestUnscaled = 65535

// receiveBuffer returns the receive buffer that a host starts with and grows
// to, and the route metrics with which it advertises the plan's window.
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

// steadyWindow returns a receive buffer and the route metrics with which the
// window is the most that its scale allows, and stays that.
//
// The buffer is larger than the window, so that the window does not follow how
// promptly a program reads, nor do the acknowledgements, which Linux puts off
// while a window shrinks. It is less than twice as large, or Linux would
// acknowledge whatever a program reads, to tell of the room.
func steadyWindow(h scenario.Host) (buffer int, m metrics) {
	window := largestUnscaled
	for 2*window <= h.Buffer && !h.NoWScale {
		window *= 2
	}
	if window > largestUnscaled {
		m.window = window // and the scale follows from it
	}
	return window * 14 / 5, m // Linux counts five eighths of it as room for data
}

// smallWindow returns the route metrics with which a SYN advertises a window
// that needs no scaling.
//
// Linux advertises half of the buffer, rounded down to whole segments of the
// size that the route announces. A window that is no such multiple needs a
// route that announces a segment larger than the window, so that none fits, and
// bounds the window; the gateway then lowers the announcement to what the link
// carries (see clampMSS).
func smallWindow(h scenario.Host, mtu int) (m metrics) {
	const timestamps = 12 // bytes of the option and its padding
	mss := mtu - path.Headers(h.Addr)
	if h.Window%mss != 0 || !h.NoTimestamps {
		m.window = h.Window
		m.advMSS = max(mss, h.Window+timestamps)
	}
	return m
}

// sendBuffer returns how large a host's send buffer may grow. What a connection
// has under way is kept in it, so it bounds that from the first connection on;
// a route's congestion window binds only hosts that have met before.
func sendBuffer(h scenario.Host, mtu int) int {
	const bookkeeping = 852 // bytes beside a full segment on an Ethernet
	mss := mtu - path.Headers(h.Addr)
	if h.CWND != 0 {
		return h.CWND * (mss + bookkeeping)
	}
	return mostUnderWay * mss
}

// oneByOne says that the host's TCP hands down its segments one by one. As a
// rule it builds packets of several, which are cut on their way out. A short
// segment results where it changes its mind of how many they are, and where the
// receive window ends within one; and the send buffer has room for more of them.
func oneByOne(h scenario.Host) bool { return h.Cork || h.CWND != 0 }
