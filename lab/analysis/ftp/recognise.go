// Which connections are FTP dialogue, by their first lines.

package ftp

import (
	"bytes"
	"math/bits"
	"slices"
	"strings"

	"ftplab/lab/analysis/tcp"
)

const (
	ftpPort      = 21
	ftpDataPort  = 20
	ftpsPort     = 990
	ftpsDataPort = 989
	httpsPort    = 443
)

// looked is how many lines of each side count.
const looked = 60

// verbs are the commands of FTP. Hardly any other protocol uses those with true.
var verbs = verbTable(
	`USER PASS AUTH FEAT SYST PORT PASV EPSV EPRT RETR STOR LIST NLST MLSD CWD PWD XPWD TYPE OPTS`,
	`ACCT CDUP SMNT QUIT REIN STRU MODE STOU APPE ALLO REST RNFR RNTO ABOR DELE RMD MKD SITE STAT HELP NOOP
	XCWD XCUP XMKD XRMD ADAT PROT PBSZ CCC MIC CONF ENC LPRT LPSV MDTM SIZE MLST LANG HOST CLNT
	MFMT HASH XCRC XMD5 XSHA1 XSHA256 MACB CSID AVBL ESTA ESTO SPAS SPOR DCAU DSIZ ERET SBUF TVFS`)

// mailAndNews are commands of mail and news, whose replies look like those of FTP.
var mailAndNews = verbTable(`EHLO HELO LHLO MAIL RCPT DATA NICK UIDL TOP
	GROUP LISTGROUP ARTICLE AUTHINFO CAPABILITIES IHAVE TAKETHIS NEWNEWS OVER XOVER XHDR`, ``)

// Commands and codes of replies that no other protocol with such lines has.
var (
	onlyCommands = []string{"PASV", "EPSV", "PORT", "EPRT", "CWD", "PWD", "TYPE", "STOR", "NLST", "MLSD"}
	onlyCodes    = []string{"150", "226", "227", "229", "257", "331"}
)

func verbTable(strong, weak string) map[string]bool {
	table := map[string]bool{}
	for _, v := range strings.Fields(weak) {
		table[v] = false
	}
	for _, v := range strings.Fields(strong) {
		table[v] = true
	}
	return table
}

// A tally counts what the first lines of one side of a connection are.
type tally struct {
	lines, replies, verbs, strong, notFTP int
	hellos                                int // of TLS

	// onlyCommands and onlyCodes have a bit for each of those that the side says.
	onlyCommands, onlyCodes uint16
	// auth says that the side sends AUTH, agrees that it sends 234, which no protocol but
	// FTP has (RFC 4217 section 4).
	auth, agrees bool
	// news says that the side greets like a news server (RFC 3977 section 5.1).
	news bool
	// namesFTP and namesMail say what the text of the side's greeting with 220 names.
	namesFTP, namesMail bool
}

// add counts the next line.
func (v *tally) add(line []byte) {
	v.lines++
	if code, _, ok := replyCode(line); ok {
		v.replies++
		v.agrees = v.agrees || code == 234
		v.onlyCodes |= bitOf(onlyCodes, line[:3])
		return
	}
	if tlsRecord(line) || OldHello(line) > 0 {
		v.hellos++
	}
	var upper [longestVerb]byte // not garbage for each line
	word := appendUpper(upper[:0], firstWord(line))
	v.auth = v.auth || string(word) == "AUTH"
	v.onlyCommands |= bitOf(onlyCommands, word)
	if strong, ok := verbs[string(word)]; ok {
		v.verbs++
		if strong {
			v.strong++
		}
	}
	if _, ok := mailAndNews[string(word)]; ok {
		v.notFTP++
	}
}

// bitOf is the bit of a word in a list, 0 if it is not there.
func bitOf(list []string, word []byte) uint16 {
	if i := slices.Index(list, string(word)); i >= 0 {
		return 1 << i
	}
	return 0
}

// few is how many of these a side has said that is known without the other side.
const few = 2

// asksAlone and answersAlone report whether a side is clearly a client or a server of FTP, although nothing of the other
// side was recorded.
func (v *tally) asksAlone(other *tally) bool {
	return other.lines == 0 && bits.OnesCount16(v.onlyCommands) >= few && v.verbs == v.lines
}

func (v *tally) answersAlone(other *tally) bool {
	return other.lines == 0 && bits.OnesCount16(v.onlyCodes) >= few && v.replies*2 >= min(v.lines, 8)
}

// greet looks at a line of the greeting with 220. A mail server has one, too, which begins with the
// name of its host (RFC 5321 section 4.2): ftp.example.test does not name FTP.
func (v *tally) greet(line []byte) {
	for word := range bytes.FieldsSeq(line) {
		v.namesFTP = v.namesFTP || bytes.Contains(word, []byte("FTP")) && !bytes.Contains(word, []byte("."))
		v.namesMail = v.namesMail || bytes.Contains(word, []byte("SMTP")) || bytes.Contains(bytes.ToLower(word), []byte("mail"))
	}
}

// longestVerb is at least the length of any verb.
const longestVerb = 16

// firstWord returns the first word of a line, at most as long as the longest verb.
func firstWord(line []byte) []byte {
	line = bytes.TrimSpace(line)
	line = line[:min(len(line), longestVerb)]
	if i := bytes.IndexAny(line, " \t"); i >= 0 {
		line = line[:i]
	}
	return line
}

// appendUpper appends a word in capital letters. Letters other than ASCII's are in no verb.
func appendUpper(to, word []byte) []byte {
	for _, c := range word {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		to = append(to, c)
	}
	return to
}

// replyCode reads the three digits of a reply, and reports whether more lines follow
// (RFC 959 section 4.2).
func replyCode[T string | []byte](line T) (code int, more, ok bool) {
	if len(line) < 3 {
		return 0, false, false
	}
	for i := range 3 {
		c := line[i]
		if c < '0' || c > '9' {
			return 0, false, false
		}
		code = code*10 + int(c-'0')
	}
	if len(line) > 3 && line[3] != ' ' && line[3] != '-' {
		return 0, false, false
	}
	return code, len(line) > 3 && line[3] == '-', true
}

// clientOf decides by the tallies of both sides which is the client: 0 or 1, -1 if this is
// not FTP. at21 is the side at the port of a server, -1 for none; it is never the client.
func clientOf(sides [2]tally, at21 int) int {
	for dir, client := range sides {
		server := sides[1-dir]
		switch {
		case client.notFTP > 0 && client.strong == 0:
		case at21 == dir:
		case at21 >= 0:
			commands := client.verbs > 0 && client.replies <= client.verbs
			replies := server.replies > 0 && client.replies == 0
			odd := server.lines > 0 && server.replies == 0 && client.strong == 0
			if (commands || replies) && !odd {
				return dir
			}
		case client.notFTP > 0 || server.news:
		case client.auth && server.agrees:
			return dir
		case server.namesFTP && !server.namesMail && client.lines >= 1 && client.verbs+client.hellos == client.lines && server.replies >= 2:
			return dir
		case client.strong >= 1 && client.verbs >= 2 && server.replies >= 2 && server.replies*2 >= min(server.lines, 8):
			return dir
		case server.answersAlone(&client), client.asksAlone(&server):
			return dir
		}
	}
	return -1
}

// serverByPort is the direction of the side at port 21 or a known one, -1 for none. A side that opens
// the connection from such a port to another port is not a server, but may be a client.
func (c *Candidate) serverByPort() int {
	a, b := c.serves(0, ftpPort), c.serves(1, ftpPort)
	switch {
	case a && b && c.Initiator() >= 0:
		return 1 - c.Initiator()
	case a && !b && c.Initiator() != 0:
		return 0
	case b && !a && c.Initiator() != 1:
		return 1
	}
	return -1
}

// clientDirection decides by the lines of both directions which one is the FTP client's, -1
// if the connection is not dialogue. at21 is that of serverByPort.
func clientDirection(s *tcp.State, streams [2]tcp.Stream, at21 int) int {
	for dir := range streams {
		if client, server, proxy := behindProxy(streams[dir], streams[1-dir]); proxy != nil {
			streams[dir], streams[1-dir] = client, server
			break
		}
	}
	var sides [2]tally
	for dir := range sides {
		side := &sides[dir]
		lines := lineReader{stream: streams[dir]}
		greets := s.Halves[dir].Begins()
		names := greets && at21 < 0 // what it names counts
		for l, ok := lines.next(); ok && side.lines < looked; l, ok = lines.next() {
			if side.lines == 0 {
				side.news = greets && greetsWithNews(l.text)
			}
			if names = names && bytes.HasPrefix(l.text, []byte("220")); names {
				side.greet(l.text)
			}
			side.add(l.text)
		}
	}
	return clientOf(sides, at21)
}

// greetsWithNews reports whether a first line is the greeting of a news server.
func greetsWithNews(line []byte) bool {
	code, _, _ := replyCode(line)
	return code == 200 || code == 201
}

// plausible reports whether anything recorded so far looks like FTP.
func plausible(recorded [2]*tcp.Recording) bool {
	for _, r := range recorded {
		if r == nil {
			continue
		}
		var v tally
		for line := range bytes.SplitSeq(r.Bytes(), []byte("\n")) {
			if v.add(line); v.replies > 0 || v.verbs > 0 {
				return true
			}
			if v.lines == looked {
				break
			}
		}
	}
	return false
}
