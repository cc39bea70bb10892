package redact

import (
	"io"
	"regexp"
	"time"

	"github.com/google/gopacket"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
	"ftplab/lab/pcapng"
)

type tcpBlock = tcp.SACKBlock

// A writer writes the new frames of a capture.
type writer struct {
	key     *Key
	streams map[place]*stream
	origins map[route][]origin // of the connections with texts, by their SYNs, if there may be copies of their packets
	decoder packet.Decoder     // of what is in front of a packet
	bare    int                // packets that lost headers in front of them
}

// Write writes a capture again as pcapng, without private data. The capture must be opened
// with NoKeys. Memory grows with the dialogues of the capture, not with its transfers. Bare
// is the number of packets whose headers of other links or tunnels are left out.
func Write(out io.Writer, c *capture.Capture, key *Key, application string) (bare int, err error) {
	w := &writer{key: key, streams: map[place]*stream{}, decoder: packet.Decoder{Trace: true}}
	if err := w.read(c); err != nil {
		return 0, err
	}
	if err := w.findOrigins(c); err != nil {
		return 0, err
	}
	to, err := pcapng.NewWriter(out, pcapng.PCAPNG, w.info(c, application))
	if err != nil {
		return 0, err
	}
	stats := pcapng.Stats{Received: c.Received, Dropped: c.Dropped} // as the recorder counted them
	for p := range c.Packets() {
		p := w.original(p)
		f := w.tunnelled(p, w.frame(p))
		at := time.Unix(0, p.Time)
		if stats.Began.IsZero() {
			stats.Began = at
		}
		stats.Ended = at
		info := gopacket.CaptureInfo{Timestamp: at, CaptureLength: len(f.data), Length: len(f.data) + f.more}
		if len(c.Places) > 0 {
			info.InterfaceIndex = p.Interface
		}
		if err := to.WritePacket(info, f.data); err != nil {
			return 0, err
		}
	}
	if err := c.Err(); err != nil {
		return 0, err
	}
	if c.Received == 0 && c.Dropped == 0 {
		return w.bare, to.Flush() // without statistics, as the capture is
	}
	return w.bare, to.Close(stats)
}

// info is what the new file says about itself. Of a capture that was taken at several places it
// has these, under other names if the names are not those of many machines.
func (w *writer) info(c *capture.Capture, application string) pcapng.Info {
	info := pcapng.Info{Application: application, System: "redacted", Comment: comment(c)}
	if len(c.Places) == 0 {
		return info
	}
	var names []string
	for _, name := range c.Places {
		if !usualPlace.MatchString(name) {
			name = string(w.key.Word([]byte(name)))
		}
		names = append(names, name)
	}
	info.Interface, info.Others = names[0], names[1:]
	return info
}

// usualPlace are names of interfaces, and of hosts in the lab's scenarios, that say nothing about
// whose they are.
var usualPlace = regexp.MustCompile(`^((client|server|nat|eth|en|wlan|interface )[0-9]*|lo|any)$`)

// comment is the comment on the new file.
func comment(c *capture.Capture) string {
	text := "Redacted: names, passwords, addresses and contents are replaced."
	if c.KeyLogs > 0 {
		text += " The TLS keys are left out; what is inside TLS is not changed."
	}
	return text
}

// read reads the streams that are not all filler.
func (w *writer) read(c *capture.Capture) error {
	raw := map[place]*pieces{}
	for p := range c.Packets() {
		if p.Segment == nil || len(p.Segment.Payload) == 0 {
			continue
		}
		x := p.Connection
		at := place{x.ID, p.From}
		switch {
		case raw[at] != nil:
		case x.Role == ftp.Control:
			raw[at] = &pieces{}
		case c.Protected(x.ID):
			raw[at] = &pieces{most: maxHandshake}
		default:
			continue
		}
		raw[at].add(p)
	}
	if err := c.Err(); err != nil {
		return err
	}
	names := namesOf(c)
	for d := range c.Dialogues(false) {
		runs := map[ftp.Side][]run{}
		for _, side := range []ftp.Side{ftp.Client, ftp.Server} {
			at := place{d.Control.ID, side}
			runs[side] = raw[at].runs()
			delete(raw, at)
		}
		for side, s := range dialogue(w.key, names, d, runs) {
			w.streams[place{d.Control.ID, side}] = s
		}
	}
	if len(raw) > 0 {
		w.protected(c, raw)
	}
	return c.Err()
}

// protected makes the streams of data connections in TLS, and of those that may be some: the
// handshake is rewritten, and what is encrypted stays.
func (w *writer) protected(c *capture.Capture, raw map[place]*pieces) {
	for x := range c.Connections() {
		if x.TLS == nil {
			continue // it only begins like TLS
		}
		for _, side := range []ftp.Side{ftp.Client, ftp.Server} {
			runs := raw[place{x.ID, side}].runs()
			if len(runs) == 0 {
				continue
			}
			edits, encrypted := walkRecords(w.key, runs[0])
			if encrypted > 0 {
				for i := range edits { // only what is in clear is an edit
					e := &edits[i]
					e.text, e.end = e.text[:encrypted-e.start], encrypted
				}
			}
			s := newStream(edits)
			s.opaqueFrom, s.opaqueTo = encrypted, x.TLS.Flow(side).ClearFrom
			w.streams[place{x.ID, side}] = s
		}
	}
}
