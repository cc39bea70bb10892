package baseline

import (
	"fmt"
	"strings"

	"ftplab/lab/internal/forge"
)

// dialogueRules are the tests of the rules of the dialogue, the login and TLS.
var dialogueRules = map[string]ruleTest{
	"server-greets-first": {
		breaks: dialogue("> USER ada\n> PASS secret\n< 220 ready\n< 331 go on\n< 230 in"),
		near: func(f *forge.Capture) { // the two crossed: the server had not heard it
			t := f.Control()
			t.Say("> USER ada")
			t.Seq -= 10
			t.Peer.Segment("P.", "220 ready\r\n")
			t.Seq += 10
			t.Say("< 331 go on\n> PASS secret\n< 230 in").Close()
		},
	},
	"one-command-at-a-time": {
		breaks: session1("> TYPE I\n+ PWD\n+ SYST\n+ FEAT\n< 200 ok\n< 257 \"/\"\n< 215 UNIX\n< 502 no"),
		near:   session1("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here\n> ABOR\n< 426 broken off\n< 226 aborted"),
	},
	"reply-answers-command": {
		breaks: session1("< 227 (192,0,2,21,100,0)\n> PASV"),
		near:   session1("> PWD\n< 257 \"/\"\n< 421 it is late"),
	},
	"reply-fits-command": {
		breaks: session1("> PWD\n< 226 done"),
		near:   session1("> PWD\n< 250 \"/\"\n> FEAT\n< 502 never heard of it"),
	},
	"reply-well-formed": {
		breaks: session1("> SYST\n< UNIX of some kind"),
		near:   session1("> SYST\n< 215-UNIX\n+ of some kind\n+ 215\n> NOOP\n< 200"),
	},
	"reply-of-normal-length": {
		breaks: session1("> PWD\n< 257 " + strings.Repeat("Ab", 2050)),
		near:   session1("> PWD\n< 257 " + strings.Repeat("Ab/", 1360)),
	},
	"sides-keep-their-roles": {
		breaks: session1("< QUIT\n< 221 bye"),
		near:   session1("> HELP\n< 214-these are known:\n+ QUIT\n+ 214 no more"),
	},
	"commands-are-ftp": {
		breaks: session1("> GET / HTTP/1.0\n< 500 what?"),
		near:   session1("> XYZZY\n< 500 what?"),
	},
	"control-carries-dialogue": {
		breaks: session1(strings.Repeat("> "+strings.Repeat("ZGF0YQ", 20)+"\n< 500 what?\n", 8)),
		near:   session1("> HELP\n< 214-\n" + strings.Repeat("+   a long help, line by line, that goes on and on\n", 30) + "+ 214 that was it"),
	},
	"pbsz-before-prot": {
		breaks: session1("> PROT P\n< 200 ok"),
		near:   session1("> PROT P\n< 503 PBSZ first\n> PBSZ 0\n< 200 ok\n> PROT P\n< 200 ok"),
	},
	"login-before-transfer": {
		breaks: dialogue("< 220 ready\n> PASV\n< 227 (192,0,2,21,100,0)\n> RETR secret\n< 150 here\n< 226 done\n> QUIT\n< 221 bye"),
		near:   dialogue("< 220 ready\n> PASV\n< 530 who are you?\n> RETR secret\n< 530 who are you?\n> USER ftp\n< 230 in\n> LIST\n< 150 here\n< 226 done"),
	},
	"accounts-keep-their-folders": {
		breaks: roaming("203.0.113.66", "hr", "finance", "design"),
		near:   roaming("203.0.113.66", "sales", "finance", "design"),
	},
	"no-guessing": {
		breaks: func(f *forge.Capture) {
			for i := range 8 {
				f.Control().Say(fmt.Sprintf("< 220 hi\n> USER root\n< 331 and?\n> PASS pass%d\n< 530 no", i)).Close()
			}
		},
		near: func(f *forge.Capture) { // three users of one machine mistype, and get in
			for i := range 3 {
				user := fmt.Sprintf("> USER user%d\n< 331 and?\n", i)
				f.Control().Say("< 220 hi\n" + user + "> PASS oops\n< 530 no\n" + user + "> PASS ooops\n< 530 no\n" + user + "> PASS right\n< 230 in").Close()
			}
		},
	},
	"server-answers": {
		breaks: func(f *forge.Capture) {
			t := f.Control().Say(hello).Say("> RETR a")
			t.Peer.Segment("R.", "")
		},
		near: func(f *forge.Capture) { // the client did not wait
			t := f.Control().Say(hello).Say("> RETR a")
			t.Segment("R.", "")
		},
	},
	"usual-ports": {
		breaks: func(f *forge.Capture) { dial(f, aClient, aServer+":4444").Say(hello + bye).Peer.Close() },
		near:   func(f *forge.Capture) { dial(f, aClient, aServer+":2121").Say(hello + bye).Peer.Close() },
	},
	"tls-is-agreed": {
		breaks: func(f *forge.Capture) {
			t := f.Control().Say("< 220 ready")
			t.Segment("P.", clientHello)
			t.Say("< 500 what?\n< 500 what?").Close()
		},
		near: func(f *forge.Capture) { inTLS(f.Control().Say("< 220 ready\n> AUTH TLS\n< 234 go ahead")).Close() },
	},
	"tls-follows-auth": {
		breaks: func(f *forge.Capture) {
			inTLS(f.Control().Say("< 220 ready\n> AUTH TLS\n+ USER eve\n+ PASS x\n< 234 go ahead")).Close()
		},
		near: func(f *forge.Capture) {
			inTLS(f.Control().Say("< 220 ready\n> AUTH TLS\n< 504 no\n> USER ada\n< 331 the password?\n> AUTH TLS\n< 234 go ahead")).Close()
		},
	},
	"credentials-in-tls": {
		breaks: func(f *forge.Capture) { inTLS(f.Control().Say(hello).Say("> AUTH TLS\n< 234 go ahead")).Close() },
		near: func(f *forge.Capture) {
			inTLS(f.Control().Say("< 220 ready\n> USER ada\n< 530 TLS first\n> AUTH TLS\n< 234 go ahead")).Close()
		},
	},
}
