package pcapng

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// Annotate copies a pcapng capture and adds comments to frames, by their number
// from 1, and to the whole capture unless fileComment is empty. Existing
// comments are kept. The input may be any pcapng file, in either byte order.
func Annotate(dst io.Writer, src io.Reader, comments map[int]string, fileComment string) error {
	a := newAnnotator(dst, src)
	frame := 0
	for {
		kind, err := a.read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("reading the capture: %w", err)
		}
		comment := ""
		switch kind {
		case blockSectionHeader:
			comment, fileComment = fileComment, ""
		case blockSimplePacket:
			frame++ // a simple packet block cannot have a comment
		case blockEnhancedPacket, blockPacket:
			frame++
			comment = comments[frame]
		}
		if err := a.write(kind, comment); err != nil {
			return fmt.Errorf("writing the comments: %w", err)
		}
	}
	if err := a.out.Flush(); err != nil {
		return fmt.Errorf("writing the comments: %w", err)
	}
	return nil
}

// SetKeys copies a pcapng capture of a Writer, with lines of a TLS key log before its
// first frame in place of the secrets that it has. A reader needs the keys before the
// packets that they decrypt, and their place must not depend on when they became known.
func SetKeys(dst io.Writer, src io.Reader, keyLog string) error {
	a := newAnnotator(dst, src)
	for added := false; ; {
		kind, err := a.read()
		if err == io.EOF {
			return a.out.Flush()
		}
		if err != nil {
			return fmt.Errorf("reading the capture: %w", err)
		}
		if kind == blockDecryptionSecrets {
			continue
		}
		if isPacket(kind) && !added {
			added = true
			if _, err := a.out.Write(decryptionSecrets(keyLog)); err != nil {
				return err
			}
		}
		if err := a.write(kind, ""); err != nil {
			return err
		}
	}
}

// An annotator copies a capture block by block.
type annotator struct {
	blockScanner
	out   *bufio.Writer
	block []byte // the current block
}

func newAnnotator(dst io.Writer, src io.Reader) *annotator {
	return &annotator{
		blockScanner: blockScanner{input: &input{src: src}},
		out:          bufio.NewWriterSize(dst, 1<<20),
	}
}

// read reads the next block and returns its type. It returns io.EOF at the end
// of a file that is not cut off.
func (a *annotator) read() (kind uint32, err error) {
	first := a.order == nil
	kind, length, err := a.header()
	if first && (err == errNoMagic || err == nil && kind != blockSectionHeader) {
		return 0, errors.New("not a pcapng file")
	}
	if damaged, ok := err.(formatError); ok {
		return 0, fmt.Errorf("%w: the file is damaged", damaged)
	}
	if err == io.EOF && a.start < a.end {
		return 0, io.ErrUnexpectedEOF
	}
	if err != nil {
		return 0, err
	}
	shortest := uint32(blockOverhead)
	switch kind {
	case blockSectionHeader:
		shortest = sectionHead + 4
	case blockEnhancedPacket, blockPacket:
		shortest = packetHead + 4
	}
	if length < shortest {
		return 0, fmt.Errorf("a block of %d bytes: the file is damaged", length)
	}
	if a.block, err = a.take(int(length)); err != nil {
		return 0, err
	}
	if kind == blockSectionHeader {
		a.order.PutUint64(a.block[16:], sectionLengthUnknown) // comments make it longer
	}
	return kind, nil
}

// comment returns the option with a comment.
func (a *annotator) comment(text string) []byte {
	text = cut(text)
	option := a.order.AppendUint16(nil, optComment)
	option = a.order.AppendUint16(option, uint16(len(text)))
	return block(option).padded([]byte(text))
}

// write writes the block, and inserts the comment before its options unless it
// is empty.
func (a *annotator) write(kind uint32, comment string) error {
	if comment == "" {
		_, err := a.out.Write(a.block)
		return err
	}
	options := sectionHead
	if kind != blockSectionHeader {
		captured := int(a.order.Uint32(a.block[20:]))
		options = packetHead + captured + pad(captured)
	}
	end := len(a.block) - 4
	if options > end {
		return errors.New("a frame longer than its block: the file is damaged")
	}
	added := a.comment(comment)
	if options == end {
		added = append(added, 0, 0, 0, 0) // end of options, which the block did not have
	}
	length := a.order.AppendUint32(nil, uint32(len(a.block)+len(added)))
	for _, piece := range [][]byte{a.block[:4], length, a.block[8:options], added, a.block[options:end], length} {
		if _, err := a.out.Write(piece); err != nil {
			return err
		}
	}
	return nil
}
