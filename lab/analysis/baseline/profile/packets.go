// What profiles learn from packets.

package profile

import "ftplab/lab/analysis/capture"

// Packets are what a profile learns from the packets of a capture.
type Packets struct {
	// lengths counts packets by their length on the wire, and longer those that are longer than a frame of Ethernet.
	lengths [1 << 11]int64
	longer  Histogram
	// habits are those of TCP, and rates those of paths, for the generator.
	habits *synHabits
	rates  pathRates
}

// NewPackets returns Packets of which none has been read. [Packets.Packet] must then get every packet.
func NewPackets() *Packets { return &Packets{habits: newSYNHabits(), rates: pathRates{}} }

// Packet takes the next packet, and whether every host drops it because it was damaged.
func (k *Packets) Packet(p *capture.Packet, dropped bool) {
	if p.Length < len(k.lengths) {
		k.lengths[p.Length]++
	} else {
		k.longer.Add(float64(p.Length))
	}
	if !dropped && p.Segment != nil {
		k.habits.packet(p)
		k.rates.packet(p)
	}
}
