// The wording of real servers, for lessons in which pupils see what they will meet.

package ftpserver

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// A phrase is what a real server says with a code, in reply to some commands. In its
// text {path} stands for the command's argument, {full} for it from the root on, {user} for who logs in, {cwd} for the
// current directory, {size} for the bytes of the file, and {type} for ASCII or BINARY.
type phrase struct {
	code     int
	commands string // apart by spaces; "" is any other
	text     string
}

// phrases are those of the servers that [Config].Wording can name, as their sessions
// show them: vsftpd 3.0.3, ProFTPD 1.3.8, Pure-FTPd 1.0.50 and Microsoft's.
var phrases = map[string][]phrase{
	"vsftpd": {
		{220, "", "(vsFTPd 3.0.3)"},
		{331, "", "Please specify the password."},
		{230, "", "Login successful."},
		{530, "PASS", "Login incorrect."},
		{530, "", "Please login with USER and PASS."},
		{215, "", "UNIX Type: L8"},
		{257, "PWD XPWD", "\"{cwd}\" is the current directory"},
		{257, "MKD XMKD", "\"{full}\" created"},
		{250, "CWD CDUP", "Directory successfully changed."},
		{250, "RNTO", "Rename successful."},
		{250, "DELE", "Delete operation successful."},
		{250, "RMD", "Remove directory operation successful."},
		{350, "RNFR", "Ready for RNTO."},
		{200, "TYPE", "Switching to {type} mode."},
		{200, "PORT", "PORT command successful. Consider using PASV."},
		{200, "EPRT", "EPRT command successful. Consider using EPSV."},
		{200, "NOOP", "NOOP ok."},
		{227, "", "Entering Passive Mode ({hostport})."},
		{229, "", "Entering Extended Passive Mode (|||{port}|)"},
		{150, "LIST NLST MLSD", "Here comes the directory listing."},
		{150, "STOR STOU APPE", "Ok to send data."},
		{150, "", "Opening {type} mode data connection for {path} ({size} bytes)."},
		{226, "LIST NLST MLSD", "Directory send OK."},
		{226, "", "Transfer complete."},
		{550, "CWD", "Failed to change directory."},
		{550, "RETR SIZE", "Failed to open file."},
		{550, "", "Permission denied."},
		{221, "", "Goodbye."},
	},
	"proftpd": {
		{220, "", "ProFTPD Server (Debian)"},
		{331, "", "Password required for {user}"},
		{230, "", "User {user} logged in"},
		{530, "PASS", "Login incorrect."},
		{530, "", "Please login with USER and PASS"},
		{215, "", "UNIX Type: L8"},
		{257, "PWD XPWD", "\"{cwd}\" is the current directory"},
		{257, "MKD XMKD", "\"{full}\" - Directory successfully created"},
		{250, "", "{command} command successful"},
		{350, "RNFR", "File or directory exists, ready for destination name"},
		{200, "TYPE", "Type set to {letter}"},
		{200, "PORT EPRT NOOP", "{command} command successful"},
		{227, "", "Entering Passive Mode ({hostport})."},
		{229, "", "Entering Extended Passive Mode (|||{port}|)"},
		{150, "LIST NLST", "Opening ASCII mode data connection for file list"},
		{150, "MLSD", "Opening BINARY mode data connection for MLSD"},
		{150, "STOR STOU APPE", "Opening {type} mode data connection for {path}"},
		{150, "", "Opening {type} mode data connection for {path} ({size} bytes)"},
		{226, "", "Transfer complete"},
		{550, "", "{path}: No such file or directory"},
		{221, "", "Goodbye."},
	},
	"pureftpd": {
		{220, "", "--------- Welcome to Pure-FTPd [privsep] [TLS] ----------\nYou are user number 1 of 50 allowed.\nThis is a private system - No anonymous login\nIPv6 connections are also welcome on this server.\nYou will be disconnected after 15 minutes of inactivity."},
		{331, "", "User {user} OK. Password required"},
		{230, "", "OK. Current directory is {cwd}"},
		{530, "PASS", "Login authentication failed"},
		{530, "", "You aren't logged in"},
		{215, "", "UNIX Type: L8"},
		{257, "PWD XPWD", "\"{cwd}\" is your current location"},
		{257, "MKD XMKD", "\"{path}\" : The directory was successfully created"},
		{250, "CWD CDUP", "OK. Current directory is {cwd}"},
		{250, "RNTO", "File successfully renamed or moved"},
		{250, "DELE", "Deleted {path}"},
		{250, "RMD", "The directory was successfully removed"},
		{350, "RNFR", "RNFR accepted - file exists, ready for destination"},
		{200, "TYPE", "TYPE is now {words}"},
		{200, "PORT EPRT", "{command} command successful"},
		{200, "NOOP", "Zzz..."},
		{227, "", "Entering Passive Mode ({hostport})"},
		{229, "", "Extended Passive mode OK (|||{port}|)"},
		{150, "", "Accepted data connection"},
		{226, "LIST NLST MLSD", "Options: -l"},
		{226, "", "File successfully transferred"},
		{550, "CWD", "Can't change directory to {path}: No such file or directory"},
		{550, "RETR SIZE", "Can't open {path}: No such file or directory"},
		{221, "", "Logout."},
	},
	"iis": {
		{220, "", "Microsoft FTP Service"},
		{331, "", "Password required for {user}."},
		{230, "", "User logged in."},
		{530, "PASS", "User cannot log in."},
		{530, "", "Please login with USER and PASS."},
		{215, "", "Windows_NT"},
		{257, "PWD XPWD", "\"{cwd}\" is current directory."},
		{257, "MKD XMKD", "\"{path}\" directory created."},
		{250, "", "{command} command successful."},
		{350, "RNFR", "Requested file action pending further information."},
		{200, "TYPE", "Type set to {letter}."},
		{200, "PORT EPRT", "{command} command successful."},
		{200, "NOOP", "noop command successful."},
		{227, "", "Entering Passive Mode ({hostport})."},
		{229, "", "Entering Extended Passive Mode (|||{port}|)"},
		{150, "", "Opening {type} mode data connection."},
		{226, "", "Transfer complete."},
		{550, "", "The system cannot find the file specified."},
		{221, "", "Goodbye."},
	},
}

// Wordings are the names that [Config].Wording can have, besides "".
func Wordings() []string {
	var names []string
	for name := range phrases {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// A said command is what a session's client said last.
type saidCommand struct{ command, argument string }

// note keeps what a phrase may need to know of a command.
func (s *session) note(command, argument string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = saidCommand{command, argument}
	switch command {
	case "USER":
		s.user = argument
	case "TYPE":
		s.binary = !strings.HasPrefix(strings.ToUpper(argument), "A")
	case "LIST", "NLST", "MLSD", "RETR", "STOR", "STOU", "APPE":
		s.moves = s.last
	}
}

// phrase is what the server that this one speaks like says with a code; ok is false if
// nothing is known.
func (s *session) phrase(code int) (text string, ok bool) {
	s.mu.Lock()
	last, moves, user, binary := s.last, s.moves, s.user, s.binary
	s.mu.Unlock()
	if code == 150 || code == 226 {
		last = moves // another command may have come meanwhile
	}
	for _, p := range phrases[s.server.config.Wording] {
		if p.code == code && (p.commands == "" || slices.Contains(strings.Fields(p.commands), last.command)) {
			text, ok = p.text, true
			break
		}
	}
	if !ok {
		return "", false
	}
	kind, letter, words := "ASCII", "A", "ASCII"
	if binary {
		kind, letter, words = "BINARY", "I", "8-bit binary"
	}
	if last.command == "TYPE" && s.server.config.Wording == "vsftpd" && binary {
		kind = "Binary"
	}
	cwd := "/"
	if s.context != nil && s.context.Path() != "" {
		cwd = s.context.Path()
	}
	full := last.argument
	if !path.IsAbs(full) {
		full = path.Join(cwd, full)
	}
	return strings.NewReplacer("{path}", last.argument, "{full}", full, "{command}", last.command, "{user}", user, "{cwd}", cwd,
		"{size}", s.sizeOf(full), "{type}", kind, "{letter}", letter, "{words}", words).Replace(text), true
}

// sizeOf is the size of a file in bytes.
func (s *session) sizeOf(name string) string {
	info, err := s.server.tree.Stat(name)
	if err != nil {
		return "0"
	}
	return strconv.FormatInt(info.Size(), 10)
}
