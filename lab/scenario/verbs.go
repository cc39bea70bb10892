package scenario

import "strings"

// verbs are the kinds of step, in the order of the manual.
var verbs = []verb{
	{
		name: "open", args: []arg{optional(name)}, traits: early, example: "open",
		does: "Open the control connection and wait for the greeting. With a NAME, which a setting `name` gives, ask the name server for the address first; with the host of a `replica`, connect to that.",
		also: map[string]string{"connect": "open"},
	}, {
		name: "auth", args: []arg{optional(mechanism)}, traits: scripted, example: "auth TLS",
		does: "Send AUTH, for TLS unless another mechanism is given, and begin TLS when the server accepts (RFC 4217). When it refuses, the session goes on in clear.",
	}, {
		name: "pbsz", traits: scripted, example: "pbsz",
		does: "Send PBSZ 0, which comes between AUTH and PROT (RFC 4217, 9).",
	}, {
		name: "prot", args: []arg{protection}, traits: scripted, example: "prot p",
		does: "Send PROT. With p data connections are in TLS from here on, and resume the session of the control connection; with c, as at first, they are in clear.",
	}, {
		name: "ccc", traits: scripted, example: "ccc",
		does: "Send CCC: the control connection leaves TLS, and the dialogue goes on in clear (RFC 4217, 6).",
	}, {
		name: "login", args: []arg{user, optional(password)}, example: "login anonymous me@mypc.test",
		does: "Send USER and, when the server asks for it, PASS.",
		also: map[string]string{"user": "login", "pass": "login"},
	}, {
		name: "quit", args: []arg{nowait}, example: "quit",
		does: "Send QUIT, wait for the reply, and close the connection after the server has. With nowait, close it at once. Another open may follow.",
		also: map[string]string{"bye": "quit", "exit": "quit", "disconnect": "quit"},
	}, {
		name: "hangup", traits: scripted, example: "hangup",
		does: "Wait until the server ends the session: it says 421 or nothing, and closes or resets the connection. Another open may follow.",
	}, {
		name: "session", args: []arg{name, {form: "[HOST]"}}, traits: early | noStep, example: "session second",
		does: "The steps below are those of another client program, on HOST, or on client if there is none. The same line again goes back to that session. The session with which a scenario begins is called first.",
	}, {
		name: "wait", args: []arg{optional(ofSession)}, traits: early, example: "wait",
		does: "Wait for the end of all steps that were begun with &, or of those of one SESSION.",
	}, {
		name: "pause", args: []arg{pause}, traits: early, example: "pause 1.5s",
		does: "Do nothing, for so long.",
		also: map[string]string{"sleep": "pause"},
	}, {
		name: "run", args: []arg{{form: "COMMAND"}, {form: "[ARGUMENT]..."}, {form: "[brings FILE...]"}}, traits: early | program,
		example: "run curl -sSO ftp://$SERVER/README brings README",
		does: "Run a program on the session's host, which is to end with status 0, within the deadline, or with another status if there is a ! in front. " +
			"$SERVER, $PORT, $USER and $PASSWORD stand for the server's name, its port, and a user that may log in; they are in its environment, too. " +
			"It runs in a folder of the session's own, its home, which has the files local/. " +
			"Each FILE behind brings is one of the server's, and must then be in that folder, under its path or its last name, with the same content. " +
			"What it prints is in runs/line-N.log of the results. What it writes to the file $SSLKEYLOGFILE names, as curl, lftp, wget and Python do, are keys of TLS for the capture. It sees of the machine what a server's program does, and needs Linux's TCP.",
	}, {
		name: "active", args: []arg{extended("eprt"), optional(port)}, traits: early | scripted, example: "active 3170",
		does: "From here on the server opens the data connections. The client sends PORT with the port that it listens on: PORT, PORT+1 and so on, or any that is free. With eprt, and always on IPv6, it sends EPRT (RFC 2428).",
		also: map[string]string{"port": "active", "eprt": "active eprt"},
	}, {
		name: "passive", args: []arg{extended("epsv")}, traits: early, example: "passive epsv",
		does: "From here on the client opens the data connections, which is the default. It sends PASV or, with epsv and always on IPv6, EPSV (RFC 2428).",
		also: map[string]string{"pasv": "passive", "epsv": "passive epsv"},
	}, {
		name: "type", args: []arg{asciiOrImage}, traits: scripted, example: "type i",
		does: "Send TYPE. With a, which every session begins with, text crosses the network with CR LF at the end of a line, and a server tells no size. With i, files cross as they are.",
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
		does: "Begin to download a file (RETR), and send ABOR when so many bytes have arrived. With telnet, Telnet's Interrupt Process and Synch come before it, the latter as urgent data (RFC 959, 4.1.3). Some servers stop only then, and some send the whole file all the same.",
		also: map[string]string{"abor": "abort"},
	}, {
		name: "put", args: []arg{localFile, optional(serverPath)}, traits: transfer, example: "put photo.jpg holiday.jpg",
		does: "Upload a file (STOR), and compare what the server stores with the client's file.",
		also: map[string]string{"stor": "put"},
	}, {
		name: "append", args: []arg{localFile, optional(serverPath)}, traits: transfer, example: "append photo.jpg holiday.jpg",
		does: "Add a file of the client to the end of one on the server (APPE).",
		also: map[string]string{"appe": "append"},
	}, {
		name: "cd", args: []arg{serverPath}, example: "cd pub",
		does: "Change the folder (CWD).",
		also: map[string]string{"cwd": "cd", "chdir": "cd"},
	}, {
		name: "cdup", example: "cdup",
		does: "Change to the folder above (CDUP).",
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
		does: "Give a file another name (RNFR and RNTO).",
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
		does: "Send a command as it stands. It ends with the line, and # and quotes in it mean nothing.",
	}, {
		name: "download", args: []arg{command}, traits: scripted | transfer | verbatim, example: "download LIST -a",
		does: "Download what a command of your own asks for, and do not compare it with anything.",
	}, {
		name: "upload", args: []arg{localFile, command}, traits: scripted | transfer | verbatim, example: "upload photo.jpg STOU",
		does: "Upload a file with a command of your own.",
	}, {
		name: "rest", args: []arg{size("OFFSET")}, traits: noReply | scripted, example: "rest 4KiB",
		does: "Let the next transfer of the session begin there: REST is sent before its command.",
	}, {
		name: "send", args: []arg{command}, traits: noReply | scripted | verbatim, example: "send NOOP",
		does: "Send a command as it stands, and wait for nothing.",
	}, {
		name: "write", args: []arg{bytesToSend}, traits: noReply | scripted, example: `write "NOOP\r\nPWD\r\n"`,
		does: "Send bytes as they stand, in one segment, and wait for nothing: several commands, a part of one, or one that ends in LF alone. {80*A} stands for eighty times A.",
	}, {
		name: "urgent", args: []arg{bytesToSend}, traits: noReply | scripted, example: `urgent "\xff\xf2"`,
		does: "Send bytes as TCP's urgent data (RFC 9293, 3.8.5).",
	}, {
		name: "await", args: []arg{optional(code)}, traits: scripted, example: "await 226",
		does: "Wait for the next reply, which must have the code, if there is one. A preliminary reply such as 150 is one of its own.",
	}, {
		name: "dial", args: []arg{optional(peer)}, traits: noReply | early | scripted, example: "dial server.40000",
		does: "Open a data connection: to the port that the last 227 or 229 named, or to a port of a host. It is used only by the steps below that say so. A second one may follow; steps mean the last.",
	}, {
		name: "listen", args: []arg{port}, traits: noReply | early | scripted, example: "listen 3170",
		does: "Listen for a data connection; PORT is sent by quote.",
	}, {
		name: "accept", traits: noReply | early | scripted, example: "accept",
		does: "Wait for the data connection for which listen listens.",
	}, {
		name: "read", args: []arg{optional(size("BYTES"))}, traits: noReply | early | scripted | transfer, example: "read 1000",
		does: "Read so many bytes from the data connection, or up to its end.",
	}, {
		name: "feed", args: []arg{localFile, optional(size("BYTES"))}, traits: noReply | early | scripted | transfer, example: "feed photo.jpg 1000",
		does: "Write a file of the client, or so much of its beginning, to the data connection.",
	}, {
		name: "finish", args: []arg{dataWord}, traits: noReply | early | scripted, example: "finish data",
		does: "End what the client sends, with a FIN, and go on reading: on the control connection, or on the data connection.",
	}, {
		name: "close", args: []arg{dataWord}, traits: noReply | early | scripted, example: "close data",
		does: "Close the connection without a word. After that of a control connection, another open may follow.",
	}, {
		name: "reset", args: []arg{dataWord}, traits: noReply | early | scripted, example: "reset data",
		does: "End the connection with a reset. After that of a control connection, another open may follow.",
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
