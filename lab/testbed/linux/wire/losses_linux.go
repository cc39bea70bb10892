package wire

import (
	"fmt"
	"strings"

	"github.com/vishvananda/netlink"

	"ftplab/lab/testbed/cell"
)

// losses counts the frames lost in places where no frame may be lost.
type losses struct {
	ring    uint64 // a port's ring was full
	cut     uint64 // longer than a slot of the ring
	refused uint64 // the kernel refused to send it to the host
	device  uint64 // dropped by the devices of a link
}

func (l losses) total() uint64 { return l.ring + l.cut + l.refused + l.device }

func (l losses) String() string {
	var said []string
	for _, c := range []struct {
		frames uint64
		where  string
	}{
		{l.ring, "for lack of room in the recorder's ring"},
		{l.cut, "cut short"},
		{l.refused, "refused by the kernel when they were delivered"},
		{l.device, "dropped by the devices of the links"},
	} {
		if c.frames > 0 {
			said = append(said, fmt.Sprintf("%d %s", c.frames, c.where))
		}
	}
	return strings.Join(said, ", ")
}

// losses returns the counts since the network was made.
func (n *wire) losses() (l losses, err error) {
	for i, e := range n.forwarder.ends {
		if err := e.port.countDrops(); err != nil {
			return l, err
		}
		l.ring += e.port.dropped
		l.cut += e.port.cut
		l.refused += e.port.refused
		dropped, err := n.hosts[i].droppedByDevices(n.own)
		if err != nil {
			return l, err
		}
		l.device += dropped
	}
	return l, nil
}

// droppedByDevices counts the frames that the devices at both ends of the
// host's link have dropped. It includes those that the kernel refused.
func (h *host) droppedByDevices(path *cell.Namespace) (dropped uint64, err error) {
	for _, end := range []struct {
		namespace *cell.Namespace
		device    string
	}{{h.namespace, device}, {path, h.farDevice()}} {
		err := end.namespace.Do(func() error {
			link, err := netlink.LinkByName(end.device)
			if err != nil {
				return fmt.Errorf("reading the drops of %s: %w", end.device, err)
			}
			if s := link.Attrs().Statistics; s != nil {
				dropped += s.RxDropped
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return dropped, nil
}
