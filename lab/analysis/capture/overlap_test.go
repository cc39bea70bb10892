package capture_test

import "testing"

// Where commands overlap, each has the replies that fit it, and one too many or too few
// does not shift the rest.
func TestOverlappingCommands(t *testing.T) {
	transfer := func(f *forge, meanwhile string, replies ...string) {
		x := f.entered()
		x.ask("PASV", "227 (192,0,2,21,0,99)")
		x.client.send("RETR f\r\n")
		x.server.send("150 here\r\n")
		connect(f, 99)
		x.client.send(meanwhile)
		for _, r := range replies {
			x.server.send(r + "\r\n")
		}
		x.ask("PWD", `257 "/"`)
	}
	const before, after = in + "PASV 227; ", "; PWD 257; 1 for RETR f"
	checkRules(t, []rule{
		{"NOOP is answered first", before + "RETR f 150 226; NOOP 200" + after, func(f *forge) {
			transfer(f, "NOOP\r\n", "200 ok", "226 done")
		}},
		{"NOOP is answered last", before + "RETR f 150 226; NOOP 200" + after, func(f *forge) {
			transfer(f, "NOOP\r\n", "226 done", "200 ok")
		}},
		{"NOOP is refused", before + "RETR f 150 226; NOOP 500" + after, func(f *forge) {
			transfer(f, "NOOP\r\n", "500 busy", "226 done")
		}},
		{"several NOOPs", before + "RETR f 150 226; NOOP 200; NOOP 200; NOOP 200" + after, func(f *forge) {
			transfer(f, "NOOP\r\nNOOP\r\nNOOP\r\n", "200 ok", "200 ok", "226 done", "200 ok")
		}},
		{"STAT of many lines", before + "RETR f 150 226; STAT 213" + after, func(f *forge) {
			transfer(f, "STAT\r\n", "213-status\r\n 100 bytes so far\r\n213 end", "226 done")
		}},
		{"STAT as a system's status", before + "RETR f 150 226; STAT 211" + after, func(f *forge) {
			transfer(f, "STAT\r\n", "211 fine", "226 done")
		}},
		{"ABOR with two replies", before + "RETR f 150 426; ABOR 226" + after, func(f *forge) {
			transfer(f, "\xff\xf4\xff\xf2ABOR\r\n", "426 aborted", "226 ABOR ok")
		}},
		{"ABOR behind the end", before + "RETR f 150 226; ABOR 225" + after, func(f *forge) {
			transfer(f, "ABOR\r\n", "226 done", "225 nothing to abort")
		}},
		{"ABOR is answered first", before + "RETR f 150 426; ABOR 225" + after, func(f *forge) {
			transfer(f, "ABOR\r\n", "225 ok", "426 aborted")
		}},
		{"CWD meanwhile", before + "RETR f 150 226; CWD a 250" + after, func(f *forge) {
			transfer(f, "CWD a\r\n", "250 there", "226 done")
		}},
		{"226 is missing", before + "RETR f 150; CWD a 250" + after, func(f *forge) {
			transfer(f, "CWD a\r\n", "250 there")
		}},
		{"226 comes before 150", in + "PASV 227; RETR f 226 150; PWD 257; 1 for RETR f", func(f *forge) {
			x := f.entered()
			x.passive(99)
			x.ask("RETR f", "226 done", "150 here")
			x.ask("PWD", `257 "/"`)
		}},
		{"226 comes twice, behind the next command", "user a; - 220; - 226; USER a 230; PASV 227; RETR f 150 226; PASV 227; RETR g 150 226; 1 for RETR f; 2 for RETR g", func(f *forge) {
			x := f.entered()
			x.passive(99)
			x.ask("RETR f", "150 here", "226 done")
			x.passive(100)
			x.ask("RETR g", "226 done", "150 here", "226 done")
		}},
		{"226 is missing, and the next transfer has its own", in + "PASV 227; RETR f 150; PASV 227; RETR g 150 226; 1 for RETR f; 2 for RETR g", func(f *forge) {
			x := f.entered()
			x.passive(99)
			x.ask("RETR f", "150 here")
			x.passive(100)
			x.ask("RETR g", "150 here", "226 done")
		}},
	})
}

// A reply that does not fit is taken for the answer only if none comes that does.
func TestStrayReplies(t *testing.T) {
	checkRules(t, []rule{
		{"in front of a 227", "user a; - 220; - 250; USER a 230; CWD b 250; PASV 227; NOOP 200", func(f *forge) {
			x := f.entered()
			x.ask("CWD b", "250 ok")
			x.ask("PASV", "250 ok", "227 (192,0,2,21,0,99)")
			x.ask("NOOP", "200 ok")
		}},
		{"behind an answer", "user a; - 220; - 250; USER a 230; CWD b 200; CWD c 250", func(f *forge) {
			x := f.entered()
			x.ask("CWD b", "200 ok", "250 ok")
			x.ask("CWD c", "250 ok")
		}},
		{"an odd answer is one", in + "EPSV 227; MLSD 200; NOOP 200; QUIT 220", func(f *forge) {
			x := f.entered()
			x.ask("EPSV", "227 (192,0,2,21,0,99)")
			x.ask("MLSD", "200 ok")
			x.ask("NOOP", "200 ok")
			x.ask("QUIT", "220 bye")
		}},
		{"commands at once, and one without an answer", in + "TYPE I; PWD 257; SYST 215; CWD a 250", func(f *forge) {
			x := f.entered()
			x.client.send("TYPE I\r\nPWD\r\nSYST\r\n")
			x.server.send("257 \"/\"\r\n215 UNIX\r\n")
			x.ask("CWD a", "250 ok")
		}},
		{"behind a gap, and of another command", "user a; - 220; - 221; USER a 230; SYST", func(f *forge) {
			x := f.entered()
			x.client.send("SYST\r\n")
			x.server.seq += 20
			x.server.send("221 You could at least say goodbye.\r\n")
		}},
	})
}

// A reply of many lines is over when the client has gone on and is answered, even if its
// last line never came.
func TestRepliesWithoutEnd(t *testing.T) {
	checkRules(t, []rule{
		{"a greeting", "user a; - 220; USER a 331; PASS b 230", func(f *forge) {
			c, s := f.dial(clientIP+":3171", serverIP+":21")
			s.send("220---Welcome---\r\n---second---\r\n-- Version 2024 --\r\n")
			session{f, c, s}.ask("USER a", "331 password?")
			session{f, c, s}.ask("PASS b", "230 in")
		}},
		{"an answer", in + "FEAT 211; PWD 257; NOOP 500", func(f *forge) {
			x := f.entered()
			x.ask("FEAT", "211-Features:\r\n SIZE\r\n MDTM")
			x.ask("PWD", `257 "/"`)
			x.ask("NOOP", "500 no")
		}},
		{"lines that look like replies", in + "HELP 214; NOOP 200", func(f *forge) {
			x := f.entered()
			x.ask("HELP", "214-Help:\r\n200 is fine\r\n500 is not\r\n214 end")
			x.ask("NOOP", "200 ok")
		}},
		{"a client that does not wait for the end", in + "HELP 214; NOOP 200", func(f *forge) {
			x := f.entered()
			x.client.send("HELP\r\n")
			x.server.send("214-Help:\r\n")
			x.client.send("NOOP\r\n")
			x.server.send(" USER\r\n214-and\r\n PASS\r\n214 end\r\n200 ok\r\n")
		}},
	})
}
