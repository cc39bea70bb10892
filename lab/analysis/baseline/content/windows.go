// Files in which Windows has its accounts, and the memory of its processes.

package content

import (
	"bytes"
	"strings"
)

// databaseMark is the offset of the signature in a database of Windows (ESE), behind a checksum.
const databaseMark = 4

// ofWindows reports which kind of file of Windows begins with data.
func ofWindows(data []byte) (c Content, ok bool) {
	switch {
	case bytes.HasPrefix(data, []byte("regf")):
		return Content{Kind: Hive, What: "a part of the registry of Windows", Name: hiveName(data)}, true
	case isProcessMemory(data):
		c = Content{Kind: ProcessMemory, What: "the memory of a process of Windows"}
		if bytes.Count(data, wide(".exe")) == 1 && bytes.Contains(data, loginProgram) {
			c.Name = "lsass.exe"
		}
		return c, true
	case isDatabase(data):
		return Content{Kind: Database, What: "a database of Windows"}, true
	}
	return c, false
}

func isDatabase(data []byte) bool {
	return len(data) > databaseMark && bytes.HasPrefix(data[databaseMark:], []byte("\xef\xcd\xab\x89"))
}

// directory is the name of the database with the directory of Windows, and directoryTable that of a table which only it has.
const directory = "ntds.dit"

var directoryTable = []byte("sdproptable")

// isDirectory reports whether a part of a database shows that it is the directory of Windows.
func isDirectory(data []byte) bool {
	data = appendLower(nil, data)
	return bytes.Contains(data, []byte(directory)) || bytes.Contains(data, wide(directory)) || bytes.Contains(data, directoryTable)
}

// hiveName is the name of a part of the registry as its head has it: the last letters of its path, in UTF-16.
func hiveName(data []byte) string {
	const from, to = 48, 112
	if len(data) < to {
		return ""
	}
	name := string(bytes.ReplaceAll(data[from:to], []byte{0}, nil))
	return name[strings.LastIndexByte(name, '\\')+1:]
}

func isProcessMemory(data []byte) bool { return bytes.HasPrefix(data, []byte("MDMP")) }

// loginLibrary is a library that only lsass.exe loads, which checks passwords. The list of libraries is in UTF-16.
var loginLibrary = wide(`\lsasrv.dll`)

// loginProgram is the program that checks passwords. That it is the only one which is named does not make the memory its own,
// for every program may name it.
var loginProgram = wide("lsass.exe")

// wide returns a text of ASCII in UTF-16, little-endian.
func wide(text string) (w []byte) {
	for _, c := range []byte(text) {
		w = append(w, c, 0)
	}
	return w
}
