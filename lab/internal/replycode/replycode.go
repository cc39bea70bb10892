// Package replycode knows which reply codes FTP commands may have (RFC 959, 4.2 and 5.4).
package replycode

import (
	"slices"
	"strconv"
	"strings"
)

// Allowed are the replies below 400 that each command may have: those of RFC 959 section
// 5.4 and of the documents that added commands, and those that servers in wide use give.
// Any command may be refused, with a code from 400 on.
var Allowed = replyTable(`
	USER 230 232 331 332 336
	PASS 202 230 232 332
	ACCT 202 230
	CWD CDUP XCWD XCUP SMNT 200 202 250
	REIN 120 220
	HOST 220
	QUIT 221 226
	PORT EPRT LPRT SPOR 200
	PASV 227
	EPSV SPAS 229
	LPSV 228
	TYPE STRU MODE PROT PBSZ CCC CLNT NOOP LANG CSID PRET MACB 200
	ALLO 200 202
	REST 350
	RETR STOR STOU APPE LIST NLST MLSD 110 125 150 226 250
	RNFR 350
	RNTO DELE RMD XRMD 250
	ABOR 225 226
	MKD XMKD PWD XPWD 257
	SYST 215
	STAT 211 212 213
	HELP 211 214
	FEAT 211
	SITE 200 202 211 214 250
	OPTS 200
	AUTH 234 334
	ADAT 235 335
	SIZE MDTM HASH AVBL MFMT MFCT 213
	MLST 250
	XCRC XMD5 XSHA XSHA1 XSHA256 XSHA512 213 250
`)

func replyTable(lines string) map[string][]int {
	table := map[string][]int{}
	for line := range strings.Lines(lines) {
		var commands []string
		for _, word := range strings.Fields(line) {
			if code, err := strconv.Atoi(word); err == nil {
				for _, c := range commands {
					table[c] = append(table[c], code)
				}
			} else {
				commands = append(commands, word)
			}
		}
	}
	return table
}

// Fits reports whether a command may have a reply code. A command that is not known may
// have any.
func Fits(command string, code int) bool {
	return code >= 400 || Allowed[command] == nil || slices.Contains(Allowed[command], code)
}

// General reports whether a reply code says only that a command succeeded. Servers use
// these codes also for commands that have a code of their own.
func General(code int) bool { return code == 200 || code == 202 || code == 250 }

// Usual reports whether a code is one with which servers usually say that a command succeeded: 250, rather than
// another general code, if the command may have that.
func Usual(command string, code int) bool {
	return !General(code) || code == 250 || !slices.Contains(Allowed[command], 250)
}

// Completes reports whether a reply ends a transfer that has begun (RFC 959 section
// 5.4).
func Completes(code int) bool {
	switch code {
	case 226, 250, 421, 425, 426, 450, 451, 452, 550, 551, 552, 553:
		return true
	}
	return false
}

// Meanwhile reports whether a reply that may end a transfer, as [Completes] says, rather
// answers a command that was sent during the transfer. A general code does if the command may
// have it, and a refusal because of a file if the command names one. A transfer that has begun
// fails with 425, 426, 451, 551 or 552 (RFC 959 section 5.4).
func Meanwhile(command string, code int) bool {
	switch code {
	case 450, 452, 550, 553:
		return slices.Contains(onFiles, command)
	}
	return General(code) && Allowed[command] != nil && Fits(command, code)
}

// onFiles are the commands that a server may refuse because of a file or a directory.
var onFiles = strings.Fields(`
	CWD CDUP XCWD XCUP SMNT MKD XMKD PWD XPWD RMD XRMD
	RETR STOR STOU APPE LIST NLST MLSD MLST
	RNFR RNTO DELE SIZE MDTM HASH AVBL MFMT MFCT
	XCRC XMD5 XSHA XSHA1 XSHA256 XSHA512
`)

// Preliminary reports whether another reply will follow the one with this code.
func Preliminary(code int) bool { return code >= 100 && code < 200 }
