// Files in which Windows has its accounts, and the memory of its processes.

package content

import "bytes"

// databaseMark is the offset of the signature in a database of Windows (ESE), behind a checksum.
const databaseMark = 4

// ofWindows reports which kind of file of Windows begins with data.
func ofWindows(data []byte) (c Content, ok bool) {
	switch {
	case bytes.HasPrefix(data, []byte("regf")):
		return Content{Kind: Hive, What: "a part of the registry of Windows"}, true
	case isProcessMemory(data):
		return Content{Kind: ProcessMemory, What: "the memory of a process of Windows"}, true
	case len(data) > databaseMark && bytes.HasPrefix(data[databaseMark:], []byte("\xef\xcd\xab\x89")):
		return Content{Kind: Database, What: "a database of Windows"}, true
	}
	return c, false
}

func isProcessMemory(data []byte) bool { return bytes.HasPrefix(data, []byte("MDMP")) }

// loginLibrary is a library that only lsass.exe loads, which checks passwords. The list of libraries is in UTF-16.
var loginLibrary = wide(`\lsasrv.dll`)

// wide returns a text of ASCII in UTF-16, little-endian.
func wide(text string) (w []byte) {
	for _, c := range []byte(text) {
		w = append(w, c, 0)
	}
	return w
}
