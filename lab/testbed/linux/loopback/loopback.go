// Package loopback is the network on which every host is this machine: clients
// and servers on 127.0.0.1 or ::1, recorded on the device lo.
//
// What crosses lo never was on a cable, and shows it. Both ends of a connection
// have one address and no MAC. Segments are up to 64 KiB long, as nothing cuts
// them, unless the plan sets an MTU. And checksums are partial, as nothing
// would check them; [Remark] says so in the capture.
package loopback

// Remark is what a capture should say of its interface.
const Remark = "Loopback: frames pass from one program to another within this machine. " +
	"Their TCP and UDP checksums are partial, as no hardware completes them and nobody checks them: that is no error here."

// SharedRemark is what a capture should say of its interface when lo is shared.
const SharedRemark = Remark +
	" This device was shared with the rest of the machine or container: " +
	"ports in use before the session were left out, other traffic was not."
