// A capture is read: from its bytes to the Trace.

package trace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"ftplab/lab/pcapng"
)

// Options say what else a reading should give, beside the Trace.
type Options struct {
	// Packets, if set, is called for every packet, in the order of the file. The
	// packet is good until it returns; see Packet.Keep.
	Packets func(*Packet)
	// Keep keeps the sessions, and the connections with data, for whoever looks at
	// them again and again or holds on to them: they are the same each time.
	// Otherwise most are made anew each time, which takes much less memory for a
	// capture that has many.
	Keep bool
	// NoHash leaves out the SHA-256 of what data connections carried.
	NoHash bool
}

// ReadFile reads the capture of the given name, as Read does.
func ReadFile(name string, opts Options) (*Trace, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := Read(f, opts)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

// Read reads a capture to its end. A capture that is cut off or damaged is
// read as far as it goes, and Trace.Cut says why no further; an error means
// that r is no capture at all, or that reading r failed.
func Read(r io.Reader, opts Options) (*Trace, error) {
	file, err := pcapng.NewReader(r)
	if err != nil {
		return nil, err
	}
	t := &Trace{}
	d := &decoder{details: true}
	k := newTracker(opts)
	var raw pcapng.Packet
	var p Packet
	for {
		err = file.Next(&raw)
		if err != nil {
			break
		}
		t.Packets++
		if len(raw.Data) < raw.Length {
			t.Truncated++
		}
		p = Packet{Number: t.Packets}
		d.decode(&p, &raw)
		if t.Packets == 1 {
			t.Start = p.Time
		}
		switch {
		case d.unknown:
			t.Unread++
		case p.TCP != nil:
			k.segment(&p)
		case d.details && (p.ARP != nil || p.ICMP != nil || p.UDP != nil && p.UDP.DNS != nil) && len(t.Besides) < MaxBesides:
			t.Besides = append(t.Besides, p.Keep())
			d.details = opts.Packets != nil || len(t.Besides) < MaxBesides
		}
		if opts.Packets != nil {
			opts.Packets(&p)
		}
		if p.Connection != nil {
			k.settle(&p)
		}
	}
	var damage *pcapng.Damage
	switch {
	case errors.As(err, &damage):
		t.Cut = damage.Error()
	case err != io.EOF:
		return nil, err
	}
	t.Dropped, t.Names = file.Dropped(), file.Names()
	k.finish(t)
	return t, nil
}

// Keep returns a copy of a packet and its headers, without its bytes, that may be
// kept when the callback has returned. From then on its Connection is kept, too: it
// is the one that the Trace has.
func (p *Packet) Keep() *Packet {
	c := *p
	c.Data = nil
	c.SrcMAC = append(c.SrcMAC[:0:0], p.SrcMAC...)
	c.DstMAC = append(c.DstMAC[:0:0], p.DstMAC...)
	copyOf(&c.IP)
	copyOf(&c.TCP)
	copyOf(&c.UDP)
	copyOf(&c.ICMP)
	copyOf(&c.ARP)
	if p.Connection != nil && p.Connection.reading != nil {
		p.Connection.reading.pinned = true
	}
	if t := c.TCP; t != nil {
		t.Options.raw = bytes.Clone(t.Options.raw)
		t.said, t.Payload = t.firstLine(), nil
	}
	return &c
}

func copyOf[T any](p **T) {
	if *p != nil {
		v := **p
		*p = &v
	}
}
