// Package linux builds the networks that have Linux's own TCP: package loopback
// on the device lo, and package wire between network namespaces.
package linux

import "time"

// A Builder builds the network of a scenario in the cell that this process is
// in. It implements the runner's Builder.
type Builder struct {
	Shared bool // the loopback device is shared with other programs

	// Waits is called once if the end of the network wire waits long for a packet on its way: until when. It may be nil.
	Waits func(until time.Time)
}
