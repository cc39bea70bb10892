package generate

import (
	"fmt"
	"math/rand/v2"
	"path"
	"strings"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/ftpserver"
	"ftplab/lab/traffic"
)

// pick draws one of some words.
func pick(random *rand.Rand, words []string) string { return words[random.IntN(len(words))] }

// userNames are names of users.
var userNames = strings.Fields(`anna bruno carla david elena felix greta henri ines jonas karin lukas maria nadia oscar paula
	quentin rosa stefan tanja ulrich vera walter yvonne backup deploy web scanner printer reports sales lab guest`)

// fileNames are names of files and folders.
var fileNames = strings.Fields(`report invoice backup readme index photo notes draft letter budget minutes plan map audio clip
	release patch archive data log summary results orders stock prices catalog manual guide poster slides scan export import
	mirror public incoming pub docs images music video tools source module driver firmware config table survey agenda list`)

// suffixes are those of files.
var suffixes = strings.Fields(`.txt .pdf .zip .jpg .csv .html .tar.gz .log .doc .xml .bin .png .iso .dat`)

// equipServer gives the session's server its wording, and enough idle time for the session.
func (p *plotter) equipServer(d *draw, server server) {
	programs := p.population.ofServers(func(k *traffic.Kind) traffic.Counts { return k.Servers })
	program := programs.At(p.corpus.random(forServer, 1<<32+uint64(server.number)).Float64())
	d.scenario.Server.Port = 21
	d.scenario.Server.Idle = longest
	if d.scenario.Server.Wording = wordings[program]; d.scenario.Server.Wording == "" {
		d.scenario.Server.Replies = append(d.scenario.Server.Replies, greetingOf(program))
	}
}

// wordings are the wordings of the lab's server, by the name of the program in a profile.
var wordings = map[string]string{
	"vsFTPd": "vsftpd", "ProFTPD": "proftpd", "Pure-FTPd": "pureftpd", "pyftpdlib": "pyftpdlib", "inetutils": "inetutils", "Microsoft FTP": "iis",
}

// greetingOf is how another program greets.
func greetingOf(program string) scenario.Reply {
	texts := map[string]string{
		"FileZilla": "FileZilla Server ready.", "wu": "FTP server (Version wu-2.6.2) ready.", "Serv-U": "Serv-U FTP Server ready...", "NcFTPd": "NcFTPd Server ready.",
		"ftplab": "ftplab FTP server ready.",
	}
	text, ok := texts[program]
	if !ok {
		text = "FTP server ready."
	}
	return scenario.Reply{Code: 220, Text: text}
}

// texts of replies that the lab's server does not give by itself (RFC 959, 4.2.1).
var texts = map[int]string{
	110: "Restart marker reply.", 120: "Service ready in a moment.", 125: "Data connection already open; transfer starting.",
	150: "File status okay; about to open data connection.", 200: "Command okay.", 202: "Command not implemented, superfluous at this site.",
	211: "System status.", 212: "Directory status.", 213: "0", 214: "Help message.", 215: "UNIX Type: L8", 220: "Service ready for new user.",
	221: "Service closing control connection.", 225: "Data connection open; no transfer in progress.", 226: "Closing data connection.",
	227: "Entering Passive Mode.", 230: "User logged in, proceed.", 250: "Requested file action okay, completed.", 257: `"/" created.`,
	331: "User name okay, need password.", 332: "Need account for login.", 350: "Requested file action pending further information.",
	421: "Service not available, closing control connection.", 425: "Can't open data connection.", 426: "Connection closed; transfer aborted.",
	450: "Requested file action not taken.", 451: "Requested action aborted: local error in processing.", 452: "Insufficient storage space in system.",
	500: "Syntax error, command unrecognized.", 501: "Syntax error in parameters or arguments.", 502: "Command not implemented.",
	503: "Bad sequence of commands.", 504: "Command not implemented for that parameter.", 522: "Network protocol not supported.",
	530: "Not logged in.", 532: "Need account for storing files.", 534: "Request denied for policy reasons.",
	550: "Requested action not taken. File unavailable.", 551: "Page type unknown.", 552: "Exceeded storage allocation.", 553: "File name not allowed.",
}

// says is an action that sends a reply to a command with an argument: in the wording of the
// server's program, if it is known.
func (d *draw) says(command, argument string, code int) scenario.Action {
	text := textOf(code)
	switch {
	case command == "MDTM" && code == 213:
		text = "20260101000000" // RFC 3659, 3
	case command == "SIZE" && code == 213 && d.about != nil:
		text = fmt.Sprint(d.about.size)
	}
	if phrase, ok := ftpserver.Phrase(d.scenario.Server.Wording, command, code); ok {
		if worded := d.inWords(phrase, command, argument); !strings.Contains(worded, "{") {
			text = worded
		}
	}
	return scenario.Action{Verb: scenario.SendReply, Bytes: string(ftpserver.Reply{Code: code, Text: text}.Bytes()), Repeat: 1}
}

// inWords puts what the session knows in the place of a phrase's placeholders.
func (d *draw) inWords(phrase, command, argument string) string {
	full := argument
	if !path.IsAbs(full) {
		full = path.Join(d.dir.path(), argument)
	}
	kind, letter, words := "BINARY", "I", "8-bit binary"
	if d.ascii {
		kind, letter, words = "ASCII", "A", "ASCII"
	}
	return strings.NewReplacer("{path}", argument, "{full}", full, "{command}", command, "{line}", strings.TrimSpace(command+" "+argument),
		"{user}", d.user, "{cwd}", d.dir.path(), "{type}", kind, "{kind}", kind, "{letter}", letter, "{words}", words).Replace(phrase)
}

// textOf is the text of a reply with a code.
func textOf(code int) string {
	if text, ok := texts[code]; ok {
		return text
	}
	return fmt.Sprintf("Reply %d.", code)
}
