// Package loopback builds the network on which every host is this machine:
// clients and servers are on 127.0.0.1 or ::1, and the device lo is recorded.
//
// A capture of lo differs from one of a cable. Both ends of a connection have
// one address and no MAC. Segments are up to 64 KiB long unless the plan sets
// an MTU. Checksums are partial, because no hardware completes them; [Remark]
// says so in the capture.
package loopback

// Remark is the comment on the interface in a capture.
const Remark = "Loopback: frames pass from one program to another within this machine. " +
	"Their TCP and UDP checksums are partial, as no hardware completes them and nobody checks them: that is not an error here."

// SharedRemark is the comment on the interface when other programs use lo too.
const SharedRemark = Remark +
	" This device was shared with the rest of the machine or container: " +
	"ports in use before the session were left out, other traffic was not."
