package lab

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// captureExtensions are the endings of the names of capture files.
var captureExtensions = []string{".pcap", ".pcapng", ".cap", ".ntar", ".snoop", ".dmp", ".ncf", ".ncfx", ".5vw", ".bfr"}

// Captures returns the capture files that paths name: a file is itself, and a folder is all
// files below it whose names end like those of captures, also compressed or rotated
// (trace.pcap3), in the order of their names. It is an error if a folder has none. A folder that
// cannot be read is itself: reading it says why.
func Captures(paths []string) ([]string, error) {
	var all []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if path == "-" || err != nil || !info.IsDir() {
			all = append(all, path) // reading it says what is wrong
			continue
		}
		found := capturesBelow(path)
		if len(found) == 0 {
			return nil, fmt.Errorf("%s: there is no capture in this folder: no name ends in %s", path, strings.Join(captureExtensions, ", "))
		}
		all = append(all, found...)
	}
	return all, nil
}

func capturesBelow(folder string) []string {
	var found []string
	folder += string(filepath.Separator) // WalkDir does not follow a link to the folder itself
	filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			found = append(found, path)
			return nil
		}
		if !isCaptureName(d.Name()) {
			return nil
		}
		if info, err := os.Stat(path); err != nil || info.Mode().IsRegular() { // reading it says what is wrong
			found = append(found, path)
		}
		return nil
	})
	return found
}

// isCaptureName reports whether the name of a file ends like that of a capture.
func isCaptureName(name string) bool {
	name = strings.ToLower(name)
	for _, packed := range []string{".gz", ".zst", ".lz4"} {
		name = strings.TrimSuffix(name, packed)
	}
	ext := strings.TrimRight(filepath.Ext(name), "0123456789") // tcpdump -C numbers its files
	return slices.Contains(captureExtensions, ext)
}
