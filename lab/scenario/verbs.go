package scenario

import "strings"

// verbs are all verbs, in the order of the manual.
var verbs = []verb{
	{
		name: "open", args: []arg{nowait, optional(name)}, traits: early, example: "open",
		does: "Open the control connection and wait for the greeting. With nowait, do not wait: a step await waits for it, and the session continues even if the greeting is not one, as in open nowait, then expect unreadable: await. A session that is open must end before the next open. With a NAME of a setting `name`, first ask the name server for the address; with the host of a `replica`, connect to that host.",
		also: map[string]string{"connect": "open"},
	}, {
		name: "auth", args: []arg{optional(mechanism)}, traits: scripted, example: "auth TLS",
		does: "Send AUTH, with TLS or another MECHANISM, and begin TLS if the server accepts (RFC 4217). If it refuses, the session continues in clear.",
	}, {
		name: "pbsz", traits: scripted, example: "pbsz",
		does: "Send PBSZ 0, which comes between AUTH and PROT (RFC 4217, 9).",
	}, {
		name: "prot", args: []arg{protection}, traits: scripted, example: "prot p",
		does: "Send PROT. With p, later data connections use TLS, and resume the session of the control connection; with c, the default, they are in clear.",
	}, {
		name: "ccc", traits: scripted, example: "ccc",
		does: "Send CCC: TLS ends on the control connection, and the dialogue continues in clear (RFC 4217, 5).",
	}, {
		name: "login", args: []arg{user, optional(password)}, example: "login anonymous me@mypc.test",
		does: "Send USER and, if the server asks for it, PASS.",
		also: map[string]string{"user": "login", "pass": "login"},
	}, {
		name: "quit", args: []arg{nowait}, example: "quit",
		does: "Send QUIT, wait for the reply, and close the connection after the server has. With nowait, close it at once. Another open may follow.",
		also: map[string]string{"bye": "quit", "exit": "quit", "disconnect": "quit"},
	}, {
		name: "hangup", traits: scripted, example: "hangup",
		does: "Wait until the server ends the session: it sends 421 or nothing, and closes or resets the connection. Another open may follow.",
	}, {
		name: "session", args: []arg{name, {form: "[HOST]"}}, traits: early | noStep | instant, example: "session second",
		does: "The following steps belong to another client with this name, on HOST, or on the host client by default. The same name again continues that session. The name of the session with which a scenario begins is first.",
	}, {
		name: "wait", args: []arg{optional(ofSession)}, traits: early | instant, example: "wait",
		does: "Wait until all steps that began with & have ended, or only those of one SESSION.",
	}, {
		name: "pause", args: []arg{pause}, traits: early, example: "pause 1.5s",
		does: "Do nothing for this time.",
		also: map[string]string{"sleep": "pause"},
	}, {
		name: "run", args: []arg{{form: "COMMAND"}, {form: "[ARGUMENT]..."}, {form: "[brings FILE...]"}}, traits: early | program,
		example: "run curl -sSO ftp://$SERVER/README brings README",
		does: "Run a program on the session's host. It must end within the deadline, with status 0, or with another status if the step begins with !; a signal that ends it, such as SIGSEGV, is always a failure, and so is the status by which a shell says that of a program (129 and more), or that it cannot run one (126, 127). " +
			"$SERVER, $PORT, $USER and $PASSWORD mean the server's name, its port, and a user who may log in; the program's environment has them, too. $DIR is the folder of the scenario file, for a script beside it, such as run python3 $DIR/client.py. $CA is a file with the certificate to trust if the lab's server has TLS. " +
			"The program runs in a folder of the session, its home, with the files of local/. " +
			"Each FILE after brings is a file of the server. After the run it must be in that folder, under its path or its base name, with the same content; if the program removes the server's file, with the content that it had before. The program must have made or written it: a file that was there before, and that the program leaves as it is, does not count. Programs that run at the same time bring one file only in different sessions. " +
			"Its output is in runs/line-N.log of the results. The capture also has the TLS keys that it writes to the file $SSLKEYLOGFILE, as curl, lftp, wget and Python do. It sees the same files of the machine as a server's program, and needs Linux's TCP.",
	}, {
		name: "active", args: []arg{extended("eprt"), optional(port)}, traits: early | scripted | instant, example: "active 3170",
		does: "Active mode: from now on the server opens the data connections. The client sends PORT with the port that it listens on: PORT, PORT+1 and so on, or any free port. With eprt, and always on IPv6, it sends EPRT (RFC 2428).",
		also: map[string]string{"port": "active", "eprt": "active eprt"},
	}, {
		name: "passive", args: []arg{extended("epsv")}, traits: early | instant, example: "passive epsv",
		does: "Passive mode, the default: from now on the client opens the data connections. It sends PASV or, with epsv and always on IPv6, EPSV (RFC 2428).",
		also: map[string]string{"pasv": "passive", "epsv": "passive epsv"},
	}, {
		name: "type", args: []arg{asciiOrImage}, traits: scripted, example: "type i",
		does: "Send TYPE. With a, the default, lines of text end in CR LF on the network, and the lab's server refuses SIZE. With i, files are transferred unchanged.",
		also: map[string]string{"ascii": "type a", "bin": "type i", "binary": "type i", "image": "type i"},
	}, {
		name: "ls", args: []arg{optional(serverPath)}, traits: transfer, example: "ls pub",
		does: "List a folder (LIST).",
		also: map[string]string{"list": "ls", "dir": "ls"},
	}, {
		name: "nlst", args: []arg{optional(serverPath)}, traits: transfer, example: "nlst",
		does: "List the names in a folder (NLST).",
	}, {
		name: "mlsd", args: []arg{optional(serverPath)}, traits: scripted | transfer, example: "mlsd",
		does: "List a folder in the form that programs read (MLSD, RFC 3659).",
	}, {
		name: "get", args: []arg{serverPath}, traits: transfer, example: "get README",
		does: "Download a file (RETR), and compare what arrives with the server's file.",
		also: map[string]string{"retr": "get", "recv": "get"},
	}, {
		name: "resume", args: []arg{serverPath, size("OFFSET")}, traits: transfer, example: "resume README 4KiB",
		does: "Download a file from an offset on (REST and RETR).",
		also: map[string]string{"reget": "resume"},
	}, {
		name: "abort", args: []arg{serverPath, size("BYTES"), telnet}, traits: scripted | transfer, example: "abort README 1000 telnet",
		does: "Begin to download a file (RETR), and send ABOR when this number of bytes has arrived. With telnet, send Telnet's Interrupt Process and Synch before it, the latter as urgent data (RFC 959, 4.1.3). Some servers stop only then, and some always send the whole file.",
		also: map[string]string{"abor": "abort"},
	}, {
		name: "put", args: []arg{localFile, optional(serverPath)}, traits: transfer, example: "put photo.jpg holiday.jpg",
		does: "Upload a file (STOR), and compare what the server stores with the client's file.",
		also: map[string]string{"stor": "put"},
	}, {
		name: "append", args: []arg{localFile, optional(serverPath)}, traits: transfer, example: "append photo.jpg holiday.jpg",
		does: "Add a file of the client to the end of one on the server (APPE), and compare the server's file with what it had before and the client's file. The lab's own server does not keep files of more than 16 MiB that it was sent; of them, only what is added is compared.",
		also: map[string]string{"appe": "append"},
	}, {
		name: "cd", args: []arg{serverPath}, example: "cd pub",
		does: "Change the folder (CWD).",
		also: map[string]string{"cwd": "cd", "chdir": "cd"},
	}, {
		name: "cdup", example: "cdup",
		does: "Change to the parent folder (CDUP).",
	}, {
		name: "pwd", example: "pwd",
		does: "Ask for the name of the folder (PWD).",
	}, {
		name: "mkdir", args: []arg{serverPath}, example: "mkdir drafts",
		does: "Make a folder (MKD).",
		also: map[string]string{"mkd": "mkdir"},
	}, {
		name: "rmdir", args: []arg{serverPath}, example: "rmdir drafts",
		does: "Remove an empty folder (RMD).",
		also: map[string]string{"rmd": "rmdir"},
	}, {
		name: "delete", args: []arg{serverPath}, example: "delete README",
		does: "Remove a file (DELE).",
		also: map[string]string{"dele": "delete", "rm": "delete"},
	}, {
		name: "rename", args: []arg{from, to}, example: "rename README READ.ME",
		does: "Rename a file (RNFR and RNTO).",
		also: map[string]string{"rnfr": "rename", "rnto": "rename", "mv": "rename"},
	}, {
		name: "size", args: []arg{serverPath}, example: "size README",
		does: "Ask for the size of a file (SIZE, RFC 3659).",
	}, {
		name: "mdtm", args: []arg{serverPath}, example: "mdtm README",
		does: "Ask when a file was last changed (MDTM, RFC 3659).",
		also: map[string]string{"modtime": "mdtm"},
	}, {
		name: "mlst", args: []arg{optional(serverPath)}, traits: scripted, example: "mlst README",
		does: "Ask for the facts about a file or a folder (MLST, RFC 3659).",
	}, {
		name: "syst", traits: scripted, example: "syst",
		does: "Ask for the server's operating system (SYST).",
		also: map[string]string{"system": "syst"},
	}, {
		name: "feat", traits: scripted, example: "feat",
		does: "Ask for the server's extensions (FEAT, RFC 2389).",
		also: map[string]string{"features": "feat"},
	}, {
		name: "noop", example: "noop",
		does: "Send NOOP, which does nothing.",
	}, {
		name: "quote", args: []arg{command}, traits: scripted | verbatim, example: "quote SITE HELP",
		does: "Send a command unchanged. It is the rest of the line; # and quotes in it have no special meaning.",
	}, {
		name: "download", args: []arg{command}, traits: scripted | transfer | verbatim, example: "download LIST -a",
		does: "Send a command of your own and download the data, without comparing it.",
	}, {
		name: "upload", args: []arg{localFile, command}, traits: scripted | transfer | verbatim, example: "upload photo.jpg STOU",
		does: "Upload a file with a command of your own.",
	}, {
		name: "arrange", traits: scripted, example: "arrange",
		does: "Send the command that arranges a data connection (PASV, EPSV, PORT or EPRT) before other commands, as curl does before TYPE and SIZE. The next transfer uses that connection.",
	}, {
		name: "rest", args: []arg{size("OFFSET")}, traits: noReply | scripted | instant, example: "rest 4KiB",
		does: "Begin the next transfer of the session at this offset: send REST before its command.",
	}, {
		name: "send", args: []arg{command}, traits: noReply | scripted | verbatim | instant, example: "send NOOP",
		does: "Send a command unchanged, and do not wait for a reply.",
	}, {
		name: "write", args: []arg{bytesToSend}, traits: noReply | scripted | instant, example: `write "NOOP\r\nPWD\r\n"`,
		does: "Send exactly these bytes in one segment, and do not wait for a reply: several commands, a part of a command, or one that ends in LF without CR. {80*A} means eighty times A.",
	}, {
		name: "plain", args: []arg{bytesToSend}, traits: noReply | scripted | instant, example: `plain "PWD\r\n"`,
		does: "The same, and never in TLS: on a connection in TLS, the bytes stand between its records.",
	}, {
		name: "tls", args: []arg{pipelined}, traits: noReply | scripted, example: "tls",
		does: "Begin TLS on the control connection, after an AUTH that was sent by hand. Replies that came in clear, in one segment with the 234, are dropped; with pipelined, they are read by later steps await, as by clients with CVE-2021-22947.",
	}, {
		name: "urgent", args: []arg{bytesToSend}, traits: noReply | scripted | instant, example: `urgent "\xff\xf2"`,
		does: "Send bytes as TCP's urgent data (RFC 9293, 3.8.5).",
	}, {
		name: "await", args: []arg{optional(code)}, traits: scripted, example: "await 226",
		does: "Wait for the next reply. If there is a CODE, the reply must have it. A preliminary reply such as 150 counts as a reply.",
	}, {
		name: "dial", args: []arg{optional(peer)}, traits: noReply | early | scripted, example: "dial server.40000",
		does: "Open a data connection: to the port in the last 227 or 229, or to a port of a host. Only the steps read, feed, finish, close and reset use it. After the step prot p, it is in TLS, which begins with read or feed. After a second dial they use the second connection.",
	}, {
		name: "listen", args: []arg{port}, traits: noReply | early | scripted | instant, example: "listen 3170",
		does: "Listen for a data connection; PORT is sent by quote.",
	}, {
		name: "accept", traits: noReply | early | scripted, example: "accept",
		does: "Wait for a data connection to the port of listen.",
	}, {
		name: "read", args: []arg{optional(size("BYTES"))}, traits: noReply | early | scripted | transfer, example: "read 1000",
		does: "Read this number of bytes from the data connection, or read to its end.",
	}, {
		name: "feed", args: []arg{localFile, optional(size("BYTES"))}, traits: noReply | early | scripted | transfer, example: "feed photo.jpg 1000",
		does: "Write a file of the client, or this number of its first bytes, to the data connection.",
	}, {
		name: "finish", args: []arg{dataWord}, traits: noReply | early | scripted, example: "finish data",
		does: "Send a FIN on the control connection or on the data connection, and continue to read.",
	}, {
		name: "close", args: []arg{dataWord}, traits: noReply | early | scripted | instant, example: "close data",
		does: "Close the connection without a command. After the control connection is closed, another open may follow.",
	}, {
		name: "reset", args: []arg{dataWord}, traits: noReply | early | scripted | instant, example: "reset data",
		does: "Reset the connection (RST). After the control connection is reset, another open may follow.",
	},
}

// The arguments of the verbs.
var (
	name       = arg{"NAME", func(_ *parser, s *Step, word string) { s.Name = word }}
	mechanism  = arg{"MECHANISM", func(_ *parser, s *Step, word string) { s.Mechanism = word }}
	protection = arg{"p|c", func(p *parser, s *Step, word string) {
		s.Protect = p.oneOf("prot", strings.ToLower(word), "p", "c") == "p"
	}}
	user         = arg{"USER", func(_ *parser, s *Step, word string) { s.User = word }}
	password     = arg{"PASSWORD", func(_ *parser, s *Step, word string) { s.Password = word }}
	nowait       = arg{"[nowait]", func(_ *parser, s *Step, _ string) { s.NoWait = true }}
	pause        = arg{"DURATION", func(p *parser, s *Step, word string) { s.Pause = p.duration("pause", word) }}
	port         = arg{"PORT", func(p *parser, s *Step, word string) { s.Port = p.port(word) }}
	ofSession    = arg{"SESSION", func(_ *parser, s *Step, word string) { s.Of = word }}
	asciiOrImage = arg{"a|i", func(p *parser, s *Step, word string) {
		s.ASCII = p.oneOf("type", strings.ToLower(word), "a", "i") == "a"
	}}
	serverPath = arg{"PATH", func(_ *parser, s *Step, word string) { s.Path = word }}
	localFile  = arg{"LOCAL", func(_ *parser, s *Step, word string) { s.Local, s.Path = word, word }}
	telnet     = arg{"[telnet]", func(_ *parser, s *Step, _ string) { s.Telnet = true }}
	pipelined  = arg{"[pipelined]", func(_ *parser, s *Step, _ string) { s.Pipelined = true }}
	dataWord   = arg{"[data]", func(_ *parser, s *Step, _ string) { s.Data = true }}
	code       = arg{"CODE", func(p *parser, s *Step, word string) { s.Code = p.number("reply code", word, 100, 599) }}
	peer       = arg{"HOST.PORT", func(p *parser, s *Step, word string) {
		if s.Peer, s.Port = p.endpoint(word); s.Port == 0 {
			p.fail("dial %s: a host and a port were expected, such as server.40000", word)
		}
	}}
	bytesToSend = arg{`"BYTES"`, func(_ *parser, s *Step, word string) { s.Bytes = string(Action{Bytes: word}.Expand(nil)) }}
	from        = arg{"FROM", serverPath.set}
	to          = arg{"TO", func(_ *parser, s *Step, word string) { s.To = word }}
	command     = arg{"COMMAND...", func(_ *parser, s *Step, word string) { s.Command = word }}
)

func extended(keyword string) arg {
	return arg{"[" + keyword + "]", func(_ *parser, s *Step, _ string) { s.Extended = true }}
}

func size(form string) arg {
	return arg{form, func(p *parser, s *Step, word string) { s.Size = p.size(s.Verb, word) }}
}

func optional(a arg) arg { return arg{"[" + a.form + "]", a.set} }
