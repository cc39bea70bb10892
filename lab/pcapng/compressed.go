package pcapng

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// maxZstdWindow is the largest window of a zstd file, in bytes. It bounds most
// of the memory for reading one. The zstd program has the same limit.
const maxZstdWindow = 128 << 20

// decompressed returns a reader of the decompressed file. It returns src itself
// if the magic number is not that of a compressed file.
func decompressed(magic []byte, src io.Reader) (io.Reader, error) {
	const gzipMagic, zstdMagic, lz4Magic = "\x1f\x8b\x08", "\x28\xb5\x2f\xfd", "\x04\x22\x4d\x18"
	switch {
	case bytes.HasPrefix(magic, []byte(gzipMagic)):
		z, err := gzip.NewReader(src)
		if err != nil {
			return nil, fmt.Errorf("not a capture: it is compressed by gzip, and damaged in its first bytes: %w", err)
		}
		return damageable{z}, nil
	case bytes.HasPrefix(magic, []byte(zstdMagic)):
		z, err := zstd.NewReader(src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxZstdWindow), zstd.WithDecoderMaxMemory(1<<62))
		if err != nil {
			return nil, fmt.Errorf("not a capture: it is compressed by zstd: %w", err)
		}
		return damageable{z}, nil
	case bytes.HasPrefix(magic, []byte(lz4Magic)):
		return damageable{lz4.NewReader(src)}, nil
	}
	return src, nil
}

// A damageable stream returns a formatError where its compressed form is
// damaged. It passes errors of the underlying file on.
type damageable struct{ io.Reader }

func (d damageable) Read(b []byte) (int, error) {
	n, err := d.Reader.Read(b)
	if damaged(err) {
		err = formatError(fmt.Sprintf("its compressed form is damaged (%v)", err))
	}
	return n, err
}

// damaged reports whether a decompressor's error means that its input is
// invalid.
func damaged(err error) bool {
	var corrupt flate.CorruptInputError
	for _, e := range []error{
		gzip.ErrChecksum, gzip.ErrHeader,
		zstd.ErrBlockTooSmall, zstd.ErrCompressedSizeTooBig, zstd.ErrCRCMismatch, zstd.ErrDecoderSizeExceeded,
		zstd.ErrFrameSizeExceeded, zstd.ErrFrameSizeMismatch, zstd.ErrMagicMismatch, zstd.ErrReservedBlockType,
		zstd.ErrUnexpectedBlockSize, zstd.ErrUnknownDictionary, zstd.ErrWindowSizeExceeded, zstd.ErrWindowSizeTooSmall,
		lz4.ErrInvalidFrame, lz4.ErrInvalidHeaderChecksum, lz4.ErrInvalidBlockChecksum, lz4.ErrInvalidFrameChecksum,
		lz4.ErrInvalidSourceShortBuffer, lz4.ErrOptionInvalidBlockSize,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return errors.As(err, &corrupt)
}
