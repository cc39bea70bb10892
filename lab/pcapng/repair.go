package pcapng

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Repair makes the capture of a killed writer readable: it removes the last block or
// record if that is incomplete. It works for captures of a [Writer], in either format.
func Repair(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	whole, err := wholeBytes(file)
	if err == nil {
		err = file.Truncate(whole)
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("repairing %s: %w", path, err)
	}
	return nil
}

// wholeBytes returns how many bytes of a capture are complete blocks or
// records.
func wholeBytes(capture io.Reader) (int64, error) {
	in := &input{src: capture}
	skip, err := skipper(in)
	for err == nil {
		at := in.offset
		if err = skip(); err == io.EOF || err == io.ErrUnexpectedEOF {
			return at, nil
		}
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return 0, nil // the file's header is incomplete
	}
	return 0, err
}

// skipper returns the function that skips one block or record.
func skipper(in *input) (func() error, error) {
	magic, err := in.peek(4)
	if err != nil {
		return nil, err
	}
	switch le.Uint32(magic) {
	case blockSectionHeader:
		s := blockScanner{input: in}
		return func() error {
			at := in.offset
			_, length, err := s.header()
			if damaged, ok := err.(formatError); ok {
				return fmt.Errorf("at byte %d is %w: the file is damaged", at, damaged)
			}
			if err != nil {
				return err
			}
			return in.skip(int64(length))
		}, nil
	case magicNano:
		if _, err := in.peek(pcapHeader); err != nil {
			return nil, err
		}
		s, err := newRecordScanner(in)
		return func() error {
			h, err := s.header()
			if err != nil {
				return err
			}
			return in.skip(int64(h.captured))
		}, err
	}
	return nil, errors.New("this is not a capture of the lab")
}
