package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"

	"ftplab/lab"
	"ftplab/lab/oserror"
	"ftplab/lab/pcapng"
)

// openUnfinished opens a file for a capture or a report that is written while it is made; - is the
// standard output, which stays open. If there is an earlier file, the new one is written to
// NAME.unfinished, or to NAME.unfinished-2 and so on if that is a file of the user's. end(nil)
// lets it replace the earlier one. end(err) says that it is not whole.
func openUnfinished(name string, stdout io.Writer) (to io.Writer, end func(failed error) error, err error) {
	if name == standardOutput {
		return stdout, func(error) error { return nil }, nil
	}
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		file, createErr := os.Create(name)
		isNew := errors.Is(err, fs.ErrNotExist)
		return file, func(failed error) error { return closeNew(file, isNew, failed) }, oserror.Named(createErr, name, name)
	}
	earlier, err := os.OpenFile(name, os.O_WRONLY, 0) // it may be protected from writing
	if err != nil {
		return nil, nil, err
	}
	earlier.Close()
	place := linkTarget(name)
	file, err := createUnfinished(place)
	if err != nil {
		return nil, nil, err
	}
	file.Chmod(info.Mode().Perm())
	return file, func(failed error) error { return replaceBy(file, place, failed) }, nil
}

// closeNew closes a file that replaces none. If it is not whole, it stays only if it was there
// before, or is a capture with packets.
func closeNew(file *os.File, isNew bool, failed error) error {
	closed := file.Close()
	if failed == nil && closed == nil || !isNew || hasPacket(file.Name()) {
		return closed
	}
	return errors.Join(closed, os.Remove(linkTarget(file.Name())))
}

// replaceBy lets a file take the place of an earlier one. If the new file is not whole, the earlier
// one stays. The new one stays beside it only if it is a capture with packets.
func replaceBy(file *os.File, place string, failed error) error {
	if failed != nil {
		markPcap(file)
	}
	closed := file.Close()
	if failed == nil && closed == nil {
		return os.Rename(file.Name(), place)
	}
	pcapng.Repair(file.Name()) // which leaves as it is what is not a capture
	if !hasPacket(file.Name()) {
		return errors.Join(closed, os.Remove(file.Name()))
	}
	kept := fmt.Errorf("%s stays as it was; what was recorded until then is in %s", place, file.Name())
	if closed != nil {
		return fmt.Errorf("%w; %w", closed, kept)
	}
	return kept
}

// markPcap marks a file that is not whole, if it is a pcap file: these have no room for the name
// of the program that wrote them. The mark is in the place of the accuracy of the times, where
// all programs write 0, and which none reads.
func markPcap(file *os.File) {
	if begins(file.Name(), "M<") {
		file.WriteAt([]byte("lab!"), 12)
	}
}

// hasPacket reports whether a file is a capture with a whole packet.
func hasPacket(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	r, err := pcapng.NewReader(file)
	return err == nil && r.Next(new(pcapng.Packet)) == nil
}

// createUnfinished creates a file beside another one. It replaces only what ftplab has written.
func createUnfinished(place string) (*os.File, error) {
	for n := 1; ; n++ {
		name := place + lab.Unfinished
		if n > 1 {
			name += "-" + strconv.Itoa(n)
		}
		file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) && isUnfinished(name) {
			return os.Create(name)
		}
		if !errors.Is(err, fs.ErrExist) {
			return file, err
		}
	}
}

// isUnfinished reports whether a file is empty, names ftplab as the program that wrote it, or has
// the mark of [markPcap].
func isUnfinished(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().IsRegular() &&
		(info.Size() == 0 || begins(path, `\n\r\r\n(?s:.*)ftplab [0-9]|M<(?s:.{10})lab!|(<\?xml[^>]*>\s*)?<testsuite name="ftplab"`))
}
