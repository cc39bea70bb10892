// What lines of a dialogue are: commands of FTP, those of other protocols, greetings.

package evidence

import (
	"slices"
	"strings"

	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
)

// extensions are commands that are not in replyTable: those of RFC 1639, 2228 and 7151, and of
// common servers.
var extensions = wording.Set(`AVBL COMB DSIZ ESTA ESTO ESTP ERET HASH MACB RANG RMDA SBUF SCMT SPAS SPOR
	STAB THMB TVFS UTF8 XAUT XCRC XMD5 XPROT XSHA XSHA1 XSHA256 XSHA512 MD5 MMD5 SHA1 DCAU SITE MLFL MAIL MSND MSOM MSAM MRSQ MRCP XRCP XRSQ XSEM XSEN BYTE SOCK
	PRET SSCN XDUPE
	RCMD ADDM ADDP ADDV CRTL CRTP CRTS DLTF DLTL`) // the last line is of IBM i, the one before of DrFTPD and glFTPD

// IsKnown reports whether a command is part of FTP or a known extension.
func IsKnown(command string) bool {
	_, ok := replyTable[command]
	return ok || extensions[command]
}

// Knows reports whether a command is known, or one that the server lists in its answer to FEAT (RFC 2389, 3.2).
func (s *Session) Knows(command string) bool { return IsKnown(command) || s.offered[command] }

// noteOffers notes the commands that a server lists in its answer to FEAT.
func (s *Session) noteOffers(x *ftp.Exchange) {
	if x.Command != "FEAT" || x.Final() != 211 {
		return
	}
	for line := range strings.Lines(x.Replies[len(x.Replies)-1].Text) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		s.offered[strings.ToUpper(word)] = true
	}
}

// AboutFiles are commands that nobody can expect to work without a login.
var AboutFiles = wording.Set("RETR STOR APPE STOU DELE RNFR MKD XMKD RMD XRMD LIST NLST MLSD SIZE MDTM CWD XCWD")

// IsWord reports whether a command is a short word of letters.
func IsWord(command string) bool {
	for _, r := range command {
		if (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '@' && r != '/' && r != '.' {
			return false
		}
	}
	return len(command) <= 32
}

// bare are the commands that take no argument.
var bare = wording.Set("QUIT PASV EPSV PWD XPWD SYST FEAT NOOP ABOR CDUP XCUP REIN CCC")

// IsCommand reports whether a line is certainly a command and not part of a message.
func IsCommand(line string) bool {
	fields := strings.Fields(line)
	if len(fields) == 0 || !strings.HasPrefix(line, fields[0]) || !IsKnown(fields[0]) || fields[0] != strings.ToUpper(fields[0]) {
		return false
	}
	if bare[fields[0]] {
		return len(fields) == 1
	}
	return len(fields) == 2
}

// OtherProtocol names the protocol that a line belongs to, "" for none.
func OtherProtocol(line string) string {
	upper := strings.ToUpper(line)
	verb, rest, _ := strings.Cut(upper, " ")
	switch {
	case strings.HasPrefix(line, "SSH-"):
		return "SSH"
	case strings.Contains(rest, "RTSP/"):
		return "RTSP"
	case strings.Contains(rest, " SIP/"):
		return "SIP"
	case strings.Contains(rest, "HTTP/"), strings.HasPrefix(upper, "HTTP/"):
		return "HTTP"
	case slices.Contains([]string{"GET", "POST", "HEAD"}, verb) && strings.HasPrefix(rest, "/"):
		return "HTTP"
	case slices.Contains([]string{"EHLO", "HELO", "RCPT"}, verb):
		return "SMTP"
	case verb == "NICK" || verb == "JOIN" || verb == "PRIVMSG":
		return "IRC"
	}
	return ""
}

// serverPrograms are names of server programs, as they appear in greetings.
var serverPrograms = []string{"vsFTPd", "ProFTPD", "Pure-FTPd", "FileZilla", "Microsoft FTP", "pyftpdlib", "wu-", "Serv-U", "NcFTPd", "inetutils", "ftplab"}

// ServerProgram is the name of the program that sent a greeting, or "other".
func ServerProgram(greeting string) string {
	for _, name := range serverPrograms {
		if strings.Contains(strings.ToLower(greeting), strings.ToLower(name)) {
			return strings.TrimSuffix(name, "-")
		}
	}
	return "other"
}
