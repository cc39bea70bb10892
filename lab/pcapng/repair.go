package pcapng

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Repair makes a capture readable whose writer was killed: it cuts off the
// block that was not written to its end, if there is one. It is for captures
// that a [Writer] wrote, of either format.
func Repair(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	whole, err := wholeBlocks(file)
	if err == nil {
		err = file.Truncate(whole)
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("capture: repairing %s: %w", path, err)
	}
	return nil
}

// wholeBlocks is how many bytes of the capture are whole blocks.
func wholeBlocks(file *os.File) (int64, error) {
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	var magic [4]byte
	if _, err := file.ReadAt(magic[:], 0); err == io.EOF {
		return 0, nil // nothing was written that could be told
	} else if err != nil {
		return 0, err
	}
	next := nextBlock
	var at int64
	switch le.Uint32(magic[:]) {
	case blockSectionHeader:
	case pcapNanoseconds:
		if info.Size() < pcapHeaderSize {
			return 0, nil
		}
		next, at = nextRecord, pcapHeaderSize
	default:
		return 0, errors.New("this is no capture of the lab")
	}
	for {
		length, err := next(file, at)
		if err == io.EOF || err == nil && at+length > info.Size() {
			return at, nil
		}
		if err != nil {
			return 0, err
		}
		at += length
	}
}

// nextBlock is the length of the pcapng block at a place, as it says itself.
func nextBlock(file io.ReaderAt, at int64) (int64, error) {
	var head [8]byte
	if _, err := file.ReadAt(head[:], at); err != nil {
		return 0, err
	}
	length := le.Uint32(head[4:])
	if length < 12 || length%4 != 0 {
		return 0, fmt.Errorf("the block at byte %d cannot be %d bytes long", at, length)
	}
	return int64(length), nil
}

// nextRecord is the length of the classic record at a place, with its header.
func nextRecord(file io.ReaderAt, at int64) (int64, error) {
	var head [recordHead]byte
	if _, err := file.ReadAt(head[:], at); err != nil {
		return 0, err
	}
	return recordHead + int64(le.Uint32(head[8:])), nil
}
