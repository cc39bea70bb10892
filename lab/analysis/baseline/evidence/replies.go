// Which replies may answer which command.

package evidence

import (
	"strconv"
	"strings"

	"ftplab/lab/analysis/baseline/internal/wording"
)

// replyTable has the success codes of each command: those of RFC 959 section 5.4, RFC 2228
// section 5, RFC 2389, RFC 2428, RFC 3659 section 2, RFC 4217 and RFC 7151, and others that
// common servers use. Any command may be refused (4xx, 5xx) or answered by 221 or 421.
var replyTable = parseReplyTable(`
USER  230 331 332 232 336
PASS  230 202 332 331
ACCT  230 202
AUTH  234 334 335
ADAT  235 335
PBSZ  200
PROT  200
CCC   200
MIC   631 632 633
CONF  631 632 633
ENC   631 632 633
CWD   250 200 257
XCWD  250 200 257
CDUP  200 250 257
XCUP  200 250 257
SMNT  202 250
REIN  120 220 200
HOST  220 200
QUIT  221 200 226 231
PORT  200
EPRT  200
LPRT  200
PASV  227
P@SW  227
EPSV  229 200
LPSV  228
SPSV  227 229
CPSV  227
TYPE  200
STRU  200 250
MODE  200
RETR  125 150 110 226 250
STOR  125 150 110 226 250
STOU  125 150 110 226 250
APPE  125 150 110 226 250
LIST  125 150 226 250
NLST  125 150 226 250
MLSD  125 150 226 250
MLST  250 213 200
ALLO  200 202
REST  350 200
RNFR  350 200
RNTO  250 200
ABOR  225 226 200 250
DELE  250 200
RMD   250 200
XRMD  250 200
MKD   257 250 200
XMKD  257 250 200
PWD   257 200 250
XPWD  257 200 250
SITE  *
SYST  215 200
STAT  211 212 213 150 226 200 250
HELP  211 214 200
NOOP  200 250
FEAT  211 214 200
OPTS  200 202 211 250
SIZE  213 200
MDTM  213 200 253 250
MFMT  213 200 250 253
MFCT  213 200 250
MFF   213 200 250
LANG  200
CLNT  200
CSID  200
HASH  213
`)

// seenReplies are codes of other commands that some real servers use.
var seenReplies = parseReplyTable(`
QUIT  220 250
EPSV  227
PASV  229
PASS  220
NOOP  220 225 226
TYPE  226
CWD   226
DELE  226
MKD   226
RMD   226
RNTO  226
SIZE  226
FEAT  220
HELP  220
SYST  220
STAT  220
`)

// unsettled are commands that no RFC defines, so that servers may answer as they like.
var unsettled = wording.Set("CLNT CSID HASH MFMT MFCT MFF P@SW SPSV CPSV")

// Telling are codes that belong to certain commands, while 200 or 250 means the same for every
// command.
var Telling = map[int]bool{
	125: true, 150: true, 215: true, 220: true, 225: true, 226: true, 227: true, 228: true, 229: true,
	230: true, 234: true, 235: true, 331: true, 332: true, 334: true, 335: true, 350: true,
}

func parseReplyTable(text string) map[string]map[int]bool {
	table := map[string]map[int]bool{}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		words := strings.Fields(line)
		codes := map[int]bool{}
		for _, w := range words[1:] {
			code := 0
			for _, digit := range w {
				code = code*10 + int(digit-'0')
			}
			codes[code] = true
		}
		if words[1] == "*" {
			codes = nil
		}
		table[words[0]] = codes
	}
	return table
}

// Fit is how well a reply fits a command.
type Fit int

const (
	Fits   Fit = iota
	Rare       // not in the table, but means the same everywhere, or real servers say it
	Misfit     // answers another command
)

// FitOf looks up how well a reply code fits a command. Any code fits a command that is not in
// the table.
func FitOf(command string, code int) Fit {
	if code >= 400 || code == 221 || code < 100 {
		return Fits
	}
	codes, known := replyTable[command]
	switch {
	case known && (codes == nil || codes[code]):
		return Fits
	case Telling[code] && known && !seenReplies[command][code] && !unsettled[command]:
		return Misfit
	case known:
		return Rare
	}
	return Fits
}

// ExpectedReplies prints the codes that may answer a command.
func ExpectedReplies(command string) string {
	var words []string
	for code := 100; code < 640; code++ {
		if replyTable[command][code] {
			words = append(words, strconv.Itoa(code))
		}
	}
	return strings.Join(words, ", ") + ", or a refusal (4xx, 5xx)"
}
