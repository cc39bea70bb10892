package main

import (
	"bytes"
	"fmt"
	"strings"
)

// programs are those that have to be installed.
var programs = []string{
	"/usr/sbin/vsftpd", "/usr/sbin/proftpd", "/usr/sbin/pure-ftpd-wrapper", "/usr/sbin/ftpd", "/usr/bin/python3",
	"/usr/bin/curl", "/usr/bin/lftp", "/usr/bin/tnftp", "/usr/bin/inetutils-ftp", "/usr/bin/ncftp", "/usr/bin/wget",
}

// A server is a server program that the clients connect to.
type server struct {
	name     string
	settings string // lines of the scenario
	sections string // after its steps
}

var servers = []server{
	{"vsftpd", "program vsftpd $CONFIG", `-- config --
listen=YES
listen_port=$PORT
anonymous_enable=NO
local_enable=YES
write_enable=YES
ascii_download_enable=YES
ascii_upload_enable=YES
ls_recurse_enable=YES
connect_from_port_20=YES
pam_service_name=vsftpd
`},
	{"proftpd", "program /usr/sbin/proftpd", ""},
	{"pureftpd", "program /usr/sbin/pure-ftpd-wrapper", ""},
	{"inetutils", "program inetd /usr/sbin/ftpd", ""},
	{"pyftpdlib", "program /usr/bin/python3 -m pyftpdlib -p 21 -w -u alice -P secret", ""},
	{"ftplab", "", ""},
	{"iis", "", iis},
	{"open", "", "-- server --\non USER: log in; reply 230 No password is needed.\n"},
	{"firewalled", "", firewalled},
}

// firewalled are answers of a server whose data connections a firewall blocks.
const firewalled = `-- server --
on LIST: reply 150 Here comes the directory listing.; reply 425 Failed to establish connection.
on NLST: reply 425 Can't open data connection.
on RETR README: reply 425 Failed to establish connection.
on STOR: reply 425 Unable to build data connection: Connection refused.
`

// iis are answers in the words and with the codes of Microsoft's server.
const iis = `-- replies --
220 Microsoft FTP Service
331 Password required for alice.
230 User logged in.
215 Windows_NT
221 Goodbye.
200 Command okay.
-- server --
on LIST: open data; reply 125 Data connection already open. Transfer starting.; send; close data; reply 226 Transfer complete.
on NLST: open data; reply 125 Data connection already open. Transfer starting.; send; close data; reply 226 Transfer complete.
on RETR README: open data; reply 125 Data connection already open. Transfer starting.; send; close data; reply 226 Transfer complete.
on RETR *picture.bin: open data; reply 125 Data connection already open. Transfer starting.; send; close data; reply 226 Transfer complete.
on STOR: open data; reply 125 Data connection already open. Transfer starting.; receive; reply 226 Transfer complete.
on MLST: reply 500 Command not understood.
on AUTH: reply 534 Local policy on server does not allow TLS secure connections.
`

// files are what the server has to offer, and the client to store.
const files = `-- files/README --
Welcome.
-- files/pub/hello.txt --
Hello.
-- files/pub/old/notes.txt --
Notes.
-- files/empty/ --
-- local/report.txt --
All is well.
-- local/second.txt --
All is still well.
`

// A pair is a server and a client that talk to each other.
type pair struct {
	server server
	client client
}

// scenario is the text of the scenario in which the two meet.
func (p pair) scenario() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s and %s\n# What they say to each other.\n\n", p.server.name, p.client.name)
	fmt.Fprintf(&b, "network wire\nhost server 192.0.2.21 rtt=4ms\ndeadline 50s\nuser alice secret\nfile pub/picture.bin 60000 seed=3\n%s\n\n", p.server.settings)
	for _, command := range p.client.commands {
		fmt.Fprintf(&b, "run sh -c %q\n", strings.TrimSpace(command)+"; true")
	}
	b.WriteString(p.client.steps)
	b.WriteString(files)
	for name, text := range p.client.files {
		fmt.Fprintf(&b, "-- local/%s --\n%s\n", name, strings.TrimSpace(text))
	}
	b.WriteString(p.server.sections)
	return b.Bytes()
}
