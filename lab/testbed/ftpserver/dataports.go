package ftpserver

import (
	"fmt"
	"sync"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
)

// dataPorts are the ports that a server has for passive data connections. A port
// is in use from PASV or EPSV to the end of the data connection.
type dataPorts struct {
	mu   sync.Mutex
	all  []scenario.PortRange
	next int // of all ports, counted from 0
	used map[uint16]bool
}

// take takes the next port that is free, or the next of the host's ports if the
// server has none of its own. It must be given back.
func (d *dataPorts) take(host network.Host) (uint16, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.all) == 0 {
		return host.NextPort()
	}
	count := 0
	for _, r := range d.all {
		count += int(r.Last-r.First) + 1
	}
	for range count {
		port := d.at(d.next % count)
		d.next++
		if !d.used[port] {
			d.used[port] = true
			return port, nil
		}
	}
	return 0, fmt.Errorf("all %d data ports are in use", count)
}

// at returns the port at an index.
func (d *dataPorts) at(index int) uint16 {
	for _, r := range d.all {
		size := int(r.Last-r.First) + 1
		if index < size {
			return r.First + uint16(index)
		}
		index -= size
	}
	return 0
}

func (d *dataPorts) giveBack(port uint16) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.used, port)
}
