package baseline

import (
	"strings"
	"time"

	"ftplab/lab/internal/forge"
)

// requestRules are the tests of the rules of what clients ask for.
var requestRules = map[string]ruleTest{
	"arguments-of-normal-length": {
		breaks: session1("> RETR " + strings.Repeat("Ab", 128) + "\n< 550 no"),
		near:   session1("> RETR " + strings.Repeat("dir/", 60) + strings.Repeat("é", 255) + "\n< 550 no"),
	},
	"arguments-are-text": {
		breaks: session1("> RETR " + strings.Repeat("\x90", 16) + "\xeb\x1f\x5e\n< 550 no"),
		near:   session1("> RETR caf\xe9 \x90\x91\x92 men\xfc\n< 550 no"), // an old character set
	},
	"no-format-strings": {
		breaks: session1("> CWD %08x%08x%n\n< 550 no"),
		near:   session1("> CWD 100%natural%20food%20%28new%29 %Y-%m-%d\n< 550 no"),
	},
	"no-climbing": {
		breaks: session1("> RETR ../../../../etc/hosts\n< 550 no"),
		near:   session1("> CWD ../..\n< 250 ok\n> CWD ../../..\n< 250 ok\n> RETR ../readme...txt\n< 550 no"),
	},
	"no-known-exploits": {
		breaks: dialogue("< 220 ready\n> USER ada:)\n< 331 go on\n> PASS x"),
		near:   dialogue("< 220 ready\n> USER ada\n< 331 go on\n> PASS :)\n< 230 in\n> SITE CHMOD 644 smile:).txt\n< 200 ok"),
	},
	"no-floods": {
		breaks: session1(strings.Repeat("> CWD /pub\n< 250 ok\n", 9)),
		near:   session1(strings.Repeat("> CWD /pub\n< 250 ok\n> CWD /\n< 250 ok\n", 20)),
	},
	"no-search-for-room": {
		breaks: anonymous("> MKD pub/x\n< 550 no\n> MKD incoming/x\n< 550 no\n> MKD upload/x\n< 550 no\n> MKD home/x\n< 550 no\n> STOR wwwroot/x\n< 553 no"),
		near:   anonymous("> STOR a\n< 553 no\n> STOR b\n< 553 no\n> MKD c\n< 550 no\n> MKD d\n< 550 no\n> MKD e\n< 550 no\n> STOR incoming/a\n< 553 no"),
	},
	"files-are-kept": {
		breaks: session1(numberedLines(60, "> DELE file%d.txt\n< 250 ok\n")),
		near: func(f *forge.Capture) { // old records, a folder that goes, and a mailbox that is emptied
			session1(numberedLines(30, "> DELE record%d.txt\n< 250 ok\n"))(f)
			session1("> CWD old\n< 250 ok\n" + numberedLines(60, "> DELE file%d.txt\n< 250 ok\n") + "> CDUP\n< 250 ok\n> RMD old\n< 250 ok")(f)
			session1(numberedLines(60, "> RETR mail%[1]d\n< 150 here\n< 226 done\n> DELE mail%[1]d\n< 250 ok\n"))(f)
		},
	},
	"no-sensitive-names": {
		breaks: session1("> CWD /users/ada/keys\n< 250 ok\n> RETR id_rsa\n< 550 no"),
		near:   session1("> CWD passwordmanager\n< 250 ok\n> RETR etc_passwd.html\n< 550 no"),
	},
	"names-are-known": {
		breaks: session1(numberedLines(25, "> RETR SEP0004F2A1B2%02d.cnf.xml\n< 550 no\n")),
		near:   session1(numberedLines(25, "> RETR log-202601%02d.txt\n< 550 no\n")),
	},
	"times-are-true": {
		breaks: replacedSetup("> MFMT 20250611080000 setup.exe\n< 213 ok", "changed"),
		near: func(f *forge.Capture) { // a file that is stored again as it was, and one with a new time
			replacedSetup("> MFMT 20250611080000 setup.exe\n< 213 ok", "before")(f)
			replacedSetup("> MFMT 20260611080000 setup.exe\n< 213 ok", "changed")(f)
		},
	},
	"names-can-be-seen": {
		breaks: session1("> MKD   \n< 257 ok"),
		near:   session1("> MKD .well-known\n< 257 ok\n> MKD My Documents\n< 257 ok\n> RETR aux.txt\n< 550 no"),
	},
	"names-are-words": {
		breaks: func(f *forge.Capture) { // a host with no other names
			t := dial(f, "198.51.100.77", aServer+":21").Say(hello)
			t.Say("> MKD cm9vdDp4OjA6MDpyb290\n< 257 ok\n> MKD OmJpbi9iYXNoCmRhZW1v\n< 257 ok\n> MKD bjp4OjE6MTpkYWVtb246\n< 257 ok").Say(bye).Peer.Close()
		},
		near: session1("> MKD HolidayPicturesItaly\n< 257 ok\n> MKD 6f1ed002ab5595859014ebf0951522d9\n< 257 ok\n> MKD MyDocumentsBackup2023\n< 257 ok\n> MKD 20231114221320\n< 257 ok"),
	},
	"numbers-are-no-code": {
		breaks: noops(time.Second, 2*time.Second, 60),
		near:   noops(30*time.Second, time.Minute, 60),
	},
	"preparations-are-used": {
		breaks: session1(numberedLines(14, "> REST 18689839%02d\n< 350 ok\n")),
		near: session1(numberedLines(14, "> REST 18689839%02d\n< 350 ok\n> RETR a\n< 150 here\n< 426 broken off\n") +
			strings.Repeat("> REST 0\n< 350 ok\n", 14) + numberedLines(14, "> ALLO %d\n< 202 ok\n> STOR a\n< 150 go on\n< 226 done\n> MFMT 202603%02[1]d120000 a%[1]d\n< 213 ok\n")),
	},
}

// noops sends NOOP after one of two pauses, as the bits of a number say.
func noops(zero, one time.Duration, n int) func(*forge.Capture) {
	const bits = 0x5a1f_2c37_93e6_b04d
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range n {
			if f.Pass(zero); bits>>(i%64)&1 == 1 {
				f.Pass(one - zero)
			}
			t.Say("> NOOP\n< 200 ok")
		}
		t.Say(bye).Peer.Close()
	}
}

// replacedSetup is a session that fetches a program and stores it.
func replacedSetup(then, content string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> MDTM setup.exe\n< 213 20250611080000")
		move(t, 40000, "RETR setup.exe", "before")
		move(t, 40001, "STOR setup.exe", content)
		t.Say(then).Say(bye).Peer.Close()
	}
}
