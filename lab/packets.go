package lab

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/google/gopacket"

	"ftplab/lab/pcapng"
)

// Packets are the packets of the capture in the file at path, decoded by
// gopacket, for checks of your own. The capture may be anyone's, in any format that ftplab reads.
// An error is the last thing that comes: the file cannot be read, is not a capture,
// or is damaged from there on.
//
// The program has to import gopacket's package layers: it decodes the packets
// and has the types of their headers.
func Packets(path string) iter.Seq2[gopacket.Packet, error] {
	return func(yield func(gopacket.Packet, error) bool) {
		file, err := os.Open(path)
		if err != nil {
			yield(nil, err)
			return
		}
		defer file.Close()
		if err := decode(file, func(p gopacket.Packet) bool { return yield(p, nil) }); err != nil {
			yield(nil, fmt.Errorf("%s: %w", path, err))
		}
	}
}

// decode reads a capture and decodes its packets until yield returns false.
func decode(capture io.Reader, yield func(gopacket.Packet) bool) error {
	if _, ok := gopacket.DecodersByLayerName["Ethernet"]; !ok {
		return errors.New("gopacket has no decoders: the program has to import github.com/google/gopacket/layers")
	}
	r, err := pcapng.NewReader(capture)
	if err != nil {
		return err
	}
	for {
		var raw pcapng.Packet
		if err := r.Next(&raw); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		p := gopacket.NewPacket(raw.Data, raw.Link, gopacket.Default)
		p.Metadata().CaptureInfo = raw.CaptureInfo()
		p.Metadata().Truncated = p.Metadata().Truncated || len(raw.Data) < raw.Length
		if !yield(p) {
			return nil
		}
	}
}
