package capture_test

import (
	"testing"
	"time"

	"ftplab/lab/internal/forge"
)

// Where commands overlap, each has the replies that fit it, and one too many or too few
// does not shift the rest.
func TestOverlappingCommands(t *testing.T) { checkRules(t, overlapping) }

// transferMeanwhile is a session in which the client sends something while a transfer goes
// on, and then gets these replies.
func transferMeanwhile(f *forge.Capture, meanwhile string, replies ...string) {
	x := entered(f)
	x.Ask("PASV", "227 (192,0,2,21,0,99)")
	x.Client.Send("RETR f\r\n")
	x.Server.Send("150 here\r\n")
	connect(f, 99)
	x.Client.Send(meanwhile)
	for _, r := range replies {
		x.Server.Send(r + "\r\n")
	}
	x.Ask("PWD", `257 "/"`)
}

// stopsWaiting is a session whose client waits for the reply to SIZE, and then sends another command,
// to which these replies come.
func stopsWaiting(f *forge.Capture, wait time.Duration, command string, replies ...string) {
	x := entered(f)
	x.Client.Send("SIZE a\r\n")
	f.Pass(wait)
	x.Ask(command, replies...)
	x.Ask("NOOP", "200 ok")
	x.Quit()
}

const before, after = in + "PASV 227; ", "; PWD 257; 1 for RETR f"

var overlapping = []rule{
	{"NOOP is answered first", before + "RETR f 150 226; NOOP 200" + after, func(f *forge.Capture) {
		transferMeanwhile(f, "NOOP\r\n", "200 ok", "226 done")
	}},
	{"a server that says nothing about SIZE, and a client that waits for it", in + "SIZE a; MDTM a 550; NOOP 200; QUIT 221", func(f *forge.Capture) {
		stopsWaiting(f, 30*time.Second, "MDTM a", "550 no")
	}},
	{"a server that answers SIZE late, and then MDTM", in + "SIZE a 550; MDTM a 213; NOOP 200; QUIT 221", func(f *forge.Capture) {
		stopsWaiting(f, 30*time.Second, "MDTM a", "550 no", "213 20260101000000")
	}},
	{"a server that answers SIZE late, and then NOOP", in + "SIZE a 213; NOOP 200; NOOP 200; QUIT 221", func(f *forge.Capture) {
		stopsWaiting(f, 30*time.Second, "NOOP", "213 5", "200 ok")
	}},
	{"a server that answers SIZE before it has the next command", in + "SIZE a 550; MDTM a; NOOP 200; QUIT 221", func(f *forge.Capture) {
		x := entered(f)
		x.Client.Send("SIZE a\r\n")
		f.Pass(30 * time.Second)
		const late = "550 no\r\n"
		x.Server.SegmentAt(0, "P.", late)
		x.Client.Send("MDTM a\r\n")
		f.Late(2)
		x.Server.Seq += uint32(len(late))
		f.Pass(30 * time.Second)
		x.Ask("NOOP", "200 ok")
		x.Quit()
	}},
	{"a client that does not wait", in + "SIZE a 550; MDTM a 213; NOOP 200; QUIT 221", func(f *forge.Capture) {
		stopsWaiting(f, 0, "MDTM a", "550 no", "213 20260101000000")
	}},
	{"NOOP is answered last", before + "RETR f 150 226; NOOP 200" + after, func(f *forge.Capture) {
		transferMeanwhile(f, "NOOP\r\n", "226 done", "200 ok")
	}},
	{"NOOP is refused", before + "RETR f 150 226; NOOP 500" + after, func(f *forge.Capture) {
		transferMeanwhile(f, "NOOP\r\n", "500 busy", "226 done")
	}},
	{"several NOOPs", before + "RETR f 150 226; NOOP 200; NOOP 200; NOOP 200" + after, func(f *forge.Capture) {
		transferMeanwhile(f, "NOOP\r\nNOOP\r\nNOOP\r\n", "200 ok", "200 ok", "226 done", "200 ok")
	}},
	{"STAT of many lines", before + "RETR f 150 226; STAT 213" + after, func(f *forge.Capture) {
		transferMeanwhile(f, "STAT\r\n", "213-status\r\n 100 bytes so far\r\n213 end", "226 done")
	}},
	{"STAT as a system's status", before + "RETR f 150 226; STAT 211" + after, func(f *forge.Capture) {
		transferMeanwhile(f, "STAT\r\n", "211 fine", "226 done")
	}},
	{"STAT is answered at once, NOOP last", before + "RETR f 150 226; NOOP 200; STAT 213" + after, func(f *forge.Capture) {
		transferMeanwhile(f, "NOOP\r\nSTAT\r\n", "213 half of it", "226 done", "200 ok")
	}},
	{"STAT is answered at once, and then NOOP", before + "RETR f 150 226; NOOP 200; STAT 213" + after, func(f *forge.Capture) {
		transferMeanwhile(f, "NOOP\r\nSTAT\r\n", "213 half of it", "200 ok", "226 done")
	}},
	{"STAT is answered, and NOOP never", before + "RETR f 150 226; NOOP; STAT 213; TYPE I 200" + after, func(f *forge.Capture) {
		x := entered(f)
		x.Ask("PASV", "227 (192,0,2,21,0,99)")
		x.Client.Send("RETR f\r\n")
		x.Server.Send("150 here\r\n")
		connect(f, 99)
		x.Client.Send("NOOP\r\nSTAT\r\n")
		x.Server.Send("213 half of it\r\n226 done\r\n")
		x.Ask("TYPE I", "200 ok")
		x.Ask("PWD", `257 "/"`)
	}},
	{"ABOR with two replies", before + "RETR f 150 426; ABOR 226" + after, func(f *forge.Capture) {
		transferMeanwhile(f, "\xff\xf4\xff\xf2ABOR\r\n", "426 aborted", "226 ABOR ok")
	}},
	{"ABOR after the end", before + "RETR f 150 226; ABOR 225" + after, func(f *forge.Capture) {
		transferMeanwhile(f, "ABOR\r\n", "226 done", "225 nothing to abort")
	}},
	{"ABOR is answered first", before + "RETR f 150 426; ABOR 225" + after, func(f *forge.Capture) {
		transferMeanwhile(f, "ABOR\r\n", "225 ok", "426 aborted")
	}},
	{"ABOR makes Pure-FTPd say 150 again", before + "RETR f 150 150 226; ABOR" + after, func(f *forge.Capture) {
		transferMeanwhile(f, "ABOR\r\n", "150 0.1 seconds", "226 ABOR ok")
	}},
	{"CWD meanwhile", before + "RETR f 150 226; CWD a 250" + after, func(f *forge.Capture) {
		transferMeanwhile(f, "CWD a\r\n", "250 there", "226 done")
	}},
	{"SIZE is refused meanwhile", before + "RETR f 150 226; SIZE a 550" + after, func(f *forge.Capture) {
		transferMeanwhile(f, "SIZE a\r\n", "550 none", "226 done")
	}},
	{"SIZE is refused, and NOOP is answered last", before + "RETR f 150 226; NOOP 200; SIZE a 550" + after, func(f *forge.Capture) {
		transferMeanwhile(f, "NOOP\r\nSIZE a\r\n", "550 none", "226 done", "200 ok")
	}},
	{"the transfer fails, and not NOOP", before + "RETR f 150 550; NOOP 200" + after, func(f *forge.Capture) {
		transferMeanwhile(f, "NOOP\r\n", "550 broken", "200 ok")
	}},
	{"the transfer fails, and not SIZE", before + "RETR f 150 451; SIZE a 213" + after, func(f *forge.Capture) {
		transferMeanwhile(f, "SIZE a\r\n", "451 broken", "213 1")
	}},
	{"226 is missing", before + "RETR f 150; CWD a 250" + after, func(f *forge.Capture) {
		transferMeanwhile(f, "CWD a\r\n", "250 there")
	}},
	{"226 comes before 150", in + "PASV 227; RETR f 226 150; PWD 257; 1 for RETR f", func(f *forge.Capture) {
		x := entered(f)
		passive(x, 99)
		x.Ask("RETR f", "226 done", "150 here")
		x.Ask("PWD", `257 "/"`)
	}},
	{"226 comes twice, after the next command", "user a; - 220; - 226; USER a 230; PASV 227; RETR f 150 226; PASV 227; RETR g 150 226; 1 for RETR f; 2 for RETR g", func(f *forge.Capture) {
		x := entered(f)
		passive(x, 99)
		x.Ask("RETR f", "150 here", "226 done")
		passive(x, 100)
		x.Ask("RETR g", "226 done", "150 here", "226 done")
	}},
	{"226 is missing, and the next transfer has its own", in + "PASV 227; RETR f 150; PASV 227; RETR g 150 226; 1 for RETR f; 2 for RETR g", func(f *forge.Capture) {
		x := entered(f)
		passive(x, 99)
		x.Ask("RETR f", "150 here")
		passive(x, 100)
		x.Ask("RETR g", "150 here", "226 done")
	}},
}

// A reply that does not fit is taken for the answer only if none comes that does.
func TestStrayReplies(t *testing.T) {
	checkRules(t, []rule{
		{"in front of a 227", "user a; - 220; - 250; USER a 230; CWD b 250; PASV 227; NOOP 200", func(f *forge.Capture) {
			x := entered(f)
			x.Ask("CWD b", "250 ok")
			x.Ask("PASV", "250 ok", "227 (192,0,2,21,0,99)")
			x.Ask("NOOP", "200 ok")
		}},
		{"after an answer", "user a; - 220; - 250; USER a 230; CWD b 200; CWD c 250", func(f *forge.Capture) {
			x := entered(f)
			x.Ask("CWD b", "200 ok", "250 ok")
			x.Ask("CWD c", "250 ok")
		}},
		{"an odd answer is one", in + "EPSV 227; MLSD 200; NOOP 200; QUIT 220", func(f *forge.Capture) {
			x := entered(f)
			x.Ask("EPSV", "227 (192,0,2,21,0,99)")
			x.Ask("MLSD", "200 ok")
			x.Ask("NOOP", "200 ok")
			x.Ask("QUIT", "220 bye")
		}},
		{"200 in the place of 150", "user a; - 220; - 226; USER a 230; MLSD 200 226; LIST 200; NOOP 200", func(f *forge.Capture) {
			x := entered(f)
			x.Ask("MLSD", "200 ok", "226 done")
			x.Ask("LIST", "200 ok")
			x.Ask("NOOP", "200 ok", "226 done")
		}},
		{"commands at once, and one without an answer", in + "TYPE I; PWD 257; SYST 215; CWD a 250", func(f *forge.Capture) {
			x := entered(f)
			x.Client.Send("TYPE I\r\nPWD\r\nSYST\r\n")
			x.Server.Send("257 \"/\"\r\n215 UNIX\r\n")
			x.Ask("CWD a", "250 ok")
		}},
		{"empty lines that the server ignores", in + "; PWD 257; ; ; NOOP 200; SYST 500; QUIT 221", func(f *forge.Capture) {
			x := entered(f)
			x.Client.Send("\r\n")
			x.Ask("PWD", `257 "/"`)
			x.Client.Send("\r\n\r\n")
			x.Ask("NOOP", "200 ok")
			x.Ask("SYST", "500 what?")
			x.Ask("QUIT", "221 bye")
		}},
		{"an empty line that the server ignores, and a lost reply", in + "; PWD 257; TYPE I; CWD a 250", func(f *forge.Capture) {
			x := entered(f)
			x.Client.Send("\r\n")
			x.Ask("PWD", `257 "/"`)
			x.Client.Send("TYPE I\r\n")
			x.Server.Seq += 8
			x.Ask("CWD a", "250 ok")
		}},
		{"empty lines that the server refuses, and answers", in + " 500; PWD 257;  200; NOOP 200", func(f *forge.Capture) {
			x := entered(f)
			x.Ask("", "500 what?")
			x.Ask("PWD", `257 "/"`)
			x.Ask("", "200 ok")
			x.Ask("NOOP", "200 ok")
		}},
		{"after a gap, and of another command", "user a; - 220; - 221; USER a 230; SYST", func(f *forge.Capture) {
			x := entered(f)
			x.Client.Send("SYST\r\n")
			x.Server.Seq += 20
			x.Server.Send("221 You could at least say goodbye.\r\n")
		}},
	})
}

// A reply of many lines is over when the client has gone on and is answered, even if its
// last line never came.
func TestRepliesWithoutEnd(t *testing.T) {
	checkRules(t, []rule{
		{"a greeting", "user a; - 220; USER a 331; PASS b 230", func(f *forge.Capture) {
			c, s := f.Dial(forge.Client+":3171", forge.Server+":21")
			s.Send("220---Welcome---\r\n---second---\r\n-- Version 2024 --\r\n")
			forge.Session{Capture: f, Client: c, Server: s}.Ask("USER a", "331 password?")
			forge.Session{Capture: f, Client: c, Server: s}.Ask("PASS b", "230 in")
		}},
		{"an answer", in + "FEAT 211; PWD 257; NOOP 500", func(f *forge.Capture) {
			x := entered(f)
			x.Ask("FEAT", "211-Features:\r\n SIZE\r\n MDTM")
			x.Ask("PWD", `257 "/"`)
			x.Ask("NOOP", "500 no")
		}},
		{"lines that look like replies", in + "HELP 214; NOOP 200", func(f *forge.Capture) {
			x := entered(f)
			x.Ask("HELP", "214-Help:\r\n200 is fine\r\n500 is not\r\n214 end")
			x.Ask("NOOP", "200 ok")
		}},
		{"a client that does not wait for the end", in + "HELP 214; NOOP 200", func(f *forge.Capture) {
			x := entered(f)
			x.Client.Send("HELP\r\n")
			x.Server.Send("214-Help:\r\n")
			x.Client.Send("NOOP\r\n")
			x.Server.Send(" USER\r\n214-and\r\n PASS\r\n214 end\r\n200 ok\r\n")
		}},
	})
}
