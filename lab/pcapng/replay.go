package pcapng

import (
	"fmt"
	"io"
	"time"
)

// Replay copies a capture of a Writer in real time: before each frame it waits for the
// time that passed since the frame before. At any moment the copy is readable up to its
// last frame. Wait returns an error to end the copy.
func Replay(dst io.Writer, src io.Reader, wait func(time.Duration) error) error {
	r := newAnnotator(dst, src)
	for last := int64(0); ; {
		kind, err := r.read()
		if err == io.EOF {
			return r.out.Flush()
		}
		if err != nil {
			return fmt.Errorf("reading the capture: %w", err)
		}
		if kind == blockEnhancedPacket {
			now := int64(r.order.Uint32(r.block[12:]))<<32 | int64(r.order.Uint32(r.block[16:])) // nanoseconds, as a Writer writes
			if last > 0 && now > last {
				if err := r.out.Flush(); err != nil {
					return err
				}
				if err := wait(time.Duration(now - last)); err != nil {
					return err
				}
			}
			last = now
		}
		if err := r.write(kind, ""); err != nil {
			return err
		}
	}
}
