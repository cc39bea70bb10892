package traffic

import (
	"strconv"
	"strings"
)

// A session is a walk from exchange to exchange. An exchange is a command with the
// codes of its replies, such as "PASS 230". One that uses a data connection begins with
// the command that arranged it: "PASV RETR 150 226", or "PASV REST RETR 150 226". TYPE
// and PROT have their argument: "TYPE I 200", "PROT P 200".
//
// What comes next depends on the two exchanges before it, since one alone would not
// say whether the session is active or passive, or what a TYPE was for. A walk begins
// with [Start] and ends with [End].
const (
	Start = "(start)"
	End   = "(end)"
	// Then stands between the two exchanges that are before a third.
	Then = " | "
)

// Learn counts a walk, and the commands that it has. Whole says that the session was seen
// from its beginning. Where the capture ends, the session ends; otherwise a session that
// repeats a command would never end.
func (k *Kind) Learn(walk []string, whole bool) {
	before, commands := [2]string{"", Start}, 0
	for i, exchange := range walk {
		commands += ParseExchange(exchange).Commands()
		if i > 0 || whole {
			k.count(before, exchange)
		}
		if i == 0 && !whole {
			before[1] = ""
		}
		before = [2]string{before[1], exchange}
	}
	if len(walk) > 0 {
		k.count(before, End)
		k.Numbers[Commands].Add(float64(commands))
	}
}

// count counts what follows two exchanges, and what follows the last of them, for pairs that
// were never seen.
func (k *Kind) count(before [2]string, next string) {
	if before[0] != "" {
		k.follows(before[0] + Then + before[1])[next]++
	}
	k.follows(before[1])[next]++
}

// Next draws what follows two exchanges, by a random u (0 to 1, without 1). It is
// [End] where nothing is known to follow.
func (k *Kind) Next(before [2]string, u float64) string {
	for _, after := range memories(before) {
		if next := k.Follows[after]; len(next) > 0 {
			return next.At(u)
		}
	}
	return End
}

// memories are the keys of what follows two exchanges, the one that remembers more first.
func memories(before [2]string) []string { return []string{before[0] + Then + before[1], before[1]} }

// lastOf is the last exchange that a key has.
func lastOf(memory string) string {
	if _, last, ok := strings.Cut(memory, Then); ok {
		return last
	}
	return memory
}

// An Exchange is one step of a walk.
type Exchange struct {
	Arrange  string // PASV, EPSV, PORT or EPRT; "" without a data connection
	Restart  bool   // REST came before the command
	Command  string
	Argument string // of TYPE and PROT
	Codes    []int  // of the replies
}

// Commands is how many commands it has.
func (x Exchange) Commands() int {
	n := 1
	if x.Arrange != "" {
		n++
	}
	if x.Restart {
		n++
	}
	return n
}

// Final is the last reply's code, 0 for none.
func (x Exchange) Final() int {
	if len(x.Codes) == 0 {
		return 0
	}
	return x.Codes[len(x.Codes)-1]
}

// String is the exchange as a walk has it.
func (x Exchange) String() string {
	var words []string
	if x.Arrange != "" {
		words = append(words, x.Arrange)
	}
	if x.Restart {
		words = append(words, "REST")
	}
	words = append(words, x.Command)
	if x.Argument != "" {
		words = append(words, x.Argument)
	}
	for _, code := range x.Codes {
		words = append(words, strconv.Itoa(code))
	}
	return strings.Join(words, " ")
}

// ParseExchange reads what String wrote.
func ParseExchange(text string) (x Exchange) {
	words := strings.Fields(text)
	if len(words) > 1 && Arranges(words[0]) && !isCode(words[1]) {
		x.Arrange, words = words[0], words[1:]
	}
	if len(words) > 1 && words[0] == "REST" && !isCode(words[1]) {
		x.Restart, words = true, words[1:]
	}
	for _, word := range words {
		switch code, err := strconv.Atoi(word); {
		case err == nil:
			x.Codes = append(x.Codes, code)
		case x.Command == "":
			x.Command = word
		default:
			x.Argument = word
		}
	}
	return x
}

func isCode(word string) bool {
	_, err := strconv.Atoi(word)
	return err == nil
}

// Arranges reports whether a command arranges a data connection.
func Arranges(command string) bool {
	switch command {
	case "PASV", "EPSV", "PORT", "EPRT":
		return true
	}
	return false
}

// Direction says where the data of a command goes: [Listing], [Download], [Upload], or
// "" for a command without data.
func Direction(command string) string {
	switch command {
	case "LIST", "NLST", "MLSD":
		return Listing
	case "RETR":
		return Download
	case "STOR", "APPE", "STOU":
		return Upload
	}
	return ""
}

// What moves on a data connection.
const (
	Listing  = "listing"
	Download = "download"
	Upload   = "upload"
)

// wellFormed reports whether a word is an exchange, or an end of a walk.
func wellFormed(word string) bool {
	if word == Start || word == End {
		return true
	}
	x := ParseExchange(word)
	if x.String() != word || !Known(x.Command) || x.Argument != "" && !Coded(x.Command, x.Argument) {
		return false
	}
	for _, code := range x.Codes {
		if code < 100 || code > 599 {
			return false
		}
	}
	return true
}

// Coded reports whether a letter is an argument of a command that takes codes: TYPE (RFC
// 959, 5.3.2) or PROT (RFC 2228, 3).
func Coded(command, letter string) bool {
	codes := map[string]string{"TYPE": "AIEL", "PROT": "CSEP"}
	return len(letter) == 1 && strings.Contains(codes[command], letter)
}

// Known reports whether a command is one of those that sessions are drawn from: of RFC
// 959, 2228, 2389, 2428, 2640 or 3659, or one that programs have used since RFC 775.
func Known(command string) bool { return known[command] }

var known = func() map[string]bool {
	all := map[string]bool{}
	for _, name := range strings.Fields(`USER PASS ACCT CWD CDUP SMNT QUIT REIN PORT PASV TYPE STRU MODE RETR STOR STOU APPE ALLO
		REST RNFR RNTO ABOR DELE RMD MKD PWD LIST NLST SITE SYST STAT HELP NOOP AUTH PBSZ PROT FEAT OPTS EPRT EPSV LANG HOST
		MDTM SIZE MLST MLSD MFMT CLNT XCWD XCUP XMKD XRMD XPWD`) {
		all[name] = true
	}
	return all
}()
