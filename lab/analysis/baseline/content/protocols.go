// Connections that are not FTP: other protocols, forms, and shells.

package content

import (
	"bytes"
	"encoding/binary"

	"ftplab/lab/analysis/internal/pattern"
)

// protocols are the first bytes of other protocols.
var protocols = []struct{ begins, name string }{
	{"SSH-", "SSH"}, {"HTTP/", "HTTP"}, {"GET ", "HTTP"}, {"POST ", "HTTP"}, {"HEAD ", "HTTP"}, {"CONNECT ", "HTTP"},
	{"EHLO ", "SMTP"}, {"HELO ", "SMTP"}, {"+OK ", "POP3"}, {"* OK ", "IMAP"}, {"RFB ", "VNC"}, {"NICK ", "IRC"}, {"CAP LS", "IRC"},
	{"JRMI", "Java RMI"}, {"OPTIONS ", "HTTP"}, {"BitTorrent", "BitTorrent"},
	{"\x03\x00\x00", "RDP"}, {"\xffSMB", "SMB"}, {"\x00\x00\x00\x85\xffSMB", "SMB"}, {"\x05\x01\x00", "SOCKS"},
	{"\x13BitTorrent", "BitTorrent"}, {"DESCRIBE ", "RTSP"},
	{"AMQP\x00", "AMQP"}, {"ZBXD", "Zabbix"}, {"\x1b%-12345X", "PJL"}, {"@PJL", "PJL"},
	// What controllers and hospitals speak: OPC UA, FINS, MC of MELSEC, IEC 60870-5-104, DNP3 and HL7.
	{"HELF", "OPC UA"}, {"FINS", "FINS"}, {"\x50\x00\x00\xff\xff", "MC"}, {"\x68\x04\x07\x00\x00\x00", "IEC 104"}, {"\x05\x64", "DNP3"}, {"\x0bMSH|", "HL7"},
}

// Protocol names the other protocol that data begins with, "" for none.
func Protocol(data []byte) string {
	for _, p := range protocols {
		if bytes.HasPrefix(data, []byte(p.begins)) {
			return p.name
		}
	}
	switch {
	case isModbus(data):
		return "Modbus"
	case isDICOM(data):
		return "DICOM"
	}
	return ""
}

// isModbus reports whether data is a request of Modbus over TCP: its header has the protocol 0 and the length of what
// follows, of which the recorder may have cut some off, and then come a unit and a function.
func isModbus(data []byte) bool {
	const header, longest = 6, 254
	if len(data) < header || data[2] != 0 || data[3] != 0 {
		return false
	}
	length, rest := int(binary.BigEndian.Uint16(data[4:])), data[header:]
	return length > 1 && length <= longest && len(rest) <= length && (len(rest) < 2 || rest[1] > 0 && rest[1] < 0x2c)
}

// isDICOM reports whether data begins like the request for an association of DICOM (PS3.8, 9.3.2): of type 1, with a
// short length and version 1. The recorder may have cut some off.
func isDICOM(data []byte) bool {
	const length = 6
	version := []byte{0, 1, 0, 0}
	return len(data) >= length && bytes.HasPrefix(data, []byte{1, 0, 0, 0}) && bytes.HasPrefix(version, data[length:min(len(data), length+len(version))])
}

// ShellPrints says of a Shell that the data is what a shell prints, and not what is typed.
const ShellPrints = "what a shell prints"

// Patterns of what a shell prints, and of common commands.
var (
	printed = pattern.New(`uid=\d+\([^)]*\) gid=|Microsoft Windows \[Version|no job control in this shell|\) NOPASSWD: |(^|\n)(ba|da|z)?sh-\d+\.\d+[#$] |(^|\n)[\w-]+@[\w.-]+:[^\n]*[#$] ?$|(^|\n)[A-Z]:\\[^\n]*>$`)
	typed   = pattern.New(`(^|\n)(id|whoami|uname -a|ifconfig|ipconfig( /all)?|cat /etc/\w+|ls( -\w+)?|sudo -l)\r?\n|\bpty\.spawn\(`)
)

// IsOfShell reports whether data has what a shell prints when it begins, or when it is asked who its user is.
func IsOfShell(data []byte) bool { return printed.Match(data) }

// shell looks for a conversation with a shell.
func (r *Reader) shell() {
	if r.match(Shell, ShellPrints, printed); len(r.found) == 0 || r.found[len(r.found)-1].Kind != Shell {
		r.match(Shell, "a command for a shell", typed)
	}
}

// Conversation looks at a part of a connection that is not FTP, near its beginning. First says that it is the first
// part.
func (r *Reader) Conversation(data []byte, first bool) []Content {
	r.begin(data)
	if name := Protocol(data); first && name != "" {
		r.note(Service, name)
	}
	r.shell()
	return r.found
}

// AtService looks at the first bytes of a connection to the port of a service: a form, or something else than the
// service, whose port may be one for TLS. The question whether a certificate is valid (OCSP) is no form.
func (r *Reader) AtService(data []byte, tls bool) []Content {
	r.begin(data)
	switch name := Protocol(data); {
	case name == "IRC", name == "VNC":
		r.note(Service, name)
	case name == "":
		if r.shell(); tls && len(r.found) == 0 && !isRecord(data) {
			r.note(NotTLS, "no TLS")
		}
	case bytes.HasPrefix(data, []byte("POST ")) && !bytes.Contains(data, []byte("ocsp")):
		r.note(Form, "a form")
	}
	return r.found
}

// isRecord reports whether data begins like a record of TLS, or like a hello of SSL 2.
func isRecord(data []byte) bool {
	return len(data) < 3 || data[0] >= 0x14 && data[0] <= 0x18 && data[1] == 3 || data[0]&0x80 != 0 && data[2] == 1
}
