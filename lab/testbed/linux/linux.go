// Package linux builds the networks that have Linux's own TCP: package loopback
// on the device lo, and package wire between network namespaces.
package linux

// A Builder builds the network of a scenario in the cell that this process is
// in. It implements the runner's Builder.
type Builder struct {
	Shared bool // the loopback device is shared with other programs
}
