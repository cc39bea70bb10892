// Package content says what bytes show: a program, a private key, a web shell, numbers of payment cards.
//
// It looks at the bytes only. A [Reader] takes the first bytes of a file, or a later part, and returns what is in them:
// a [Content] with its kind and with words for a report. It does not judge. Who sent the bytes to whom, and whether
// that is normal, is for the rules of package baseline.
//
// Most bytes are harmless, so the Reader looks for short marks first. Only if a text has one, it tries patterns.
//
//   - carried.go: what data connections carry in other modes than that of a stream
//   - first.go and listing.go: what the first bytes of a file and of a listing show
//   - pages.go: web pages and scripts that run what a visitor sends
//   - php.go: pages of PHP that hide what they call
//   - quotes.go: logs and texts that quote a page
//   - boasts.go: what intruders write on pages that they change, and in notes of ransomware
//   - plant.go: what intruders plant, as a table: serverplants.go, pageplants.go, robbers.go and implants.go
//   - file.go and inside.go: files in several parts, and texts within archives, images and programs
//   - images.go: shortcuts in images of disks
//   - credentials.go: lists of accounts with their passwords
//   - traps.go: documents that make their readers run a command
//   - surveys.go: what programs of a system say about it
//   - utf16.go: texts in UTF-16
//   - hiddentexts.go: texts that scripts hide
//   - cards.go and random.go: numbers of payment cards, and random bytes
//   - windows.go: files of Windows with its accounts, and the memory of its processes
//   - http.go: what web servers answer
//   - protocols.go: connections that are not FTP
package content

import (
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

// A Content is something that bytes show.
type Content struct {
	Kind    Kind
	What    string   // in words, for a report
	Fetched bool     // it counts in a download, too
	Archive *Archive // that has it, nil for none
	Name    string   // that the file has in its own data, "" if none is known
	Quoted  bool     // a page in lines of a log or in pieces of code in a text, or keys of a manual
}

// A Kind is a kind of content.
type Kind int

const (
	Program         Kind = iota + 1 // an executable file
	Malicious                       // what has no other use, such as the loot of a password stealer, or a web shell
	LikelyMalicious                 // what an intruder has probably written
	Suspicious                      // what an intruder may have written, and others may, too
	Obfuscated                      // a page that runs a text which it hides
	Disguised                       // an archive that looks like a picture
	Defaced                         // a web page that an intruder changed
	Boast                           // a page that says who defaced something
	Accounts                        // the accounts of a system
	PasswordList                    // a list of passwords, perhaps of their owner
	BrowserStore                    // the passwords of a browser, as it keeps them
	CloudKeys                       // the keys of an account at a provider of services
	Secret                          // passwords of accounts, or stripes of payment cards
	PrivateKey                      // a private key
	CardNumbers                     // numbers of payment cards
	Keystrokes                      // what programs that record the keyboard write
	Lure                            // a file that makes Windows log in at another host
	Bomb                            // data that grows when it is decompressed
	Random                          // random bytes
	ShellFile                       // a file with commands for a shell, or with their output
	HarmfulListing                  // a listing with names that harm the client
	OddListing                      // a listing with names that some clients run, or that order a terminal
	LongListing                     // a listing with a line that overflows a buffer
	Shell                           // a conversation with a shell
	Service                         // a protocol that is known
	Demand                          // a text that asks for money in coins, or says where to write in secret
	Hive                            // a part of the registry of Windows
	Database                        // a database of Windows, such as its directory
	ProcessMemory                   // the memory of a process of Windows
	NotTLS                          // something else than TLS at a port for TLS
	Survey                          // what a program of Windows says about a computer or its network
	Surveys                         // what several such programs say
	Inventory                       // the hosts of a network, or the accounts of a directory
	ScanReport                      // the services of Windows at a host of a private network
	Form                            // what a program sends to a web server
)

// A Reader looks at data. It keeps its buffers, so it serves one caller at a time. What its methods return is valid
// until the next call.
type Reader struct {
	data  []byte
	text  passage // the texts in the data
	lower []byte  // the data of a page in lower case
	found []Content
}

// First looks at the first bytes of a data connection. The transfer is nil if it is not known.
func (r *Reader) First(t *ftp.Transfer, data []byte) []Content {
	r.begin(data)
	if t != nil && t.Mode != "" {
		if swells(data) {
			r.note(Bomb, "data that grows to more than five hundred times its size")
			return r.found
		}
		data = Carried(t.Mode, data)
		r.data = data
	}
	lists := t != nil && t.Lists() && isScript(data) // names of files may begin like a program
	if what := program(data); what != "" && !lists {
		r.note(Program, what)
		return r.found
	}
	for _, look := range []func([]byte) (Content, bool){ofWindows, trap} {
		if c, ok := look(data); ok {
			r.found = append(r.found, c)
			return r.found
		}
	}
	if wide := orderOf(data); wide != nil {
		data = fromUTF16(wide, data)
		r.data = data
	}
	r.text.read(data)
	r.begins(t)
	r.page()
	r.quoted(true)
	return r.found
}

// Later looks at a later part of an upload.
func (r *Reader) Later(data []byte) []Content {
	r.begin(data)
	r.page()
	r.quoted(false)
	return r.found
}

func (r *Reader) begin(data []byte) { r.data, r.found = data, r.found[:0] }

func (r *Reader) match(kind Kind, what string, p *pattern.Pattern) {
	if p.Match(r.data) {
		r.note(kind, what)
	}
}

func (r *Reader) note(kind Kind, what string) {
	r.found = append(r.found, Content{Kind: kind, What: what})
}
