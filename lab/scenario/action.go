// What the server does for a rule, one action after the other.

package scenario

import (
	"slices"
	"strings"
	"time"
)

// An Action is one thing that the server does for a rule.
type Action struct {
	Line   int
	Text   string        // as written
	Verb   string        // its name: [AtOnce], [SendReply] or another of these
	Bytes  string        // to send, with {placeholders}; a reply has its CR LF
	Size   int64         // of data, bytes; -1 is the rest
	Pause  time.Duration //
	Repeat int           // how many times, 1 or more

	Host      string // at whose address listen listens; "" is the one that the client is connected to
	Port      uint16 // at which listen listens; 0 is a data port
	Pipelined bool   // commands that came in clear before TLS are answered in TLS
}

// The names of the actions.
const (
	AtOnce     = "at once"
	AsUsual    = "as usual"
	SayNothing = "nothing"
	SendReply  = "reply"
	WriteBytes = "write"
	WritePlain = "plain"
	Pause      = "pause"
	ListenData = "listen"
	LogIn      = "log in"
	OpenData   = "open data"
	SendData   = "send"
	TakeData   = "receive"
	FinishData = "finish data"
	BeginTLS   = "begin TLS"
	CloseData  = "close data"
	ResetData  = "reset data"
	CutData    = "cut data"
	KeepData   = "keep data"
	Close      = "close"
	Reset      = "reset"
	FallSilent = "fall silent"
)

// An actionKind is one kind of action, for the parser and the manual.
type actionKind struct {
	name    string
	args    string // in the usage line
	does    string
	example string // a whole line
	parse   func(p *parser, a *Action, rest string)
}

// actionKinds are the kinds of action, in the order of the manual.
var actionKinds = []actionKind{
	{AtOnce, "", "As the first action: do the rule also during a transfer. close data, reset data and cut data then end the transfer's data connection, and nothing more of its rule is done.", `on QUIT: at once; reset data; reply 221 Bye.; close`, noWords},
	{AsUsual, "", "Do what the server does without this rule.", `on NOOP: as usual; reply 200 And again.`, noWords},
	{SayNothing, "", "Do not answer.", `on NOOP: nothing`, noWords},
	{SendReply, "LINE", "Send the line and CR LF, in a segment of its own.", `on EPSV: reply 502 Not here.`, replyText},
	{WriteBytes, `"BYTES"`, "Send exactly these bytes, in a segment of their own.", `on PWD: write "257 \"/"; pause 1s; write "pub\"\r\n"`, quotedText},
	{WritePlain, `"BYTES"`, "The same, and never in TLS: on a connection in TLS, the bytes stand between its records, or are a record themselves, such as an alert.", `on STAT: plain "211 This is not in TLS.\r\n"`, quotedText},
	{Pause, "DURATION", "Do nothing for this time.", `on RETR: pause 3s; as usual`, pauseTime},
	{ListenData, "[HOST|PORT]", "Listen for a data connection, as for PASV and EPSV. Later replies of the rule may contain its address. HOST is the name of one of the server's addresses, if it has two; by default it is the one that the client is connected to. With a PORT, listen there for a connection that no reply announces. Any host may open it, also before the login. open data waits for it, and send \"TEXT\" and receive use it.", `on USER *:)*: listen 6200; reply 331 And?; send "A back door.\n"`, listenAt},
	{LogIn, "", "Log the client in, with or without a password.", `on USER: log in; reply 230 No password needed.`, noWords},
	{BeginTLS, "[pipelined]", "Begin TLS on the control connection, as after AUTH: wait for the client's handshake. What the rule sends after it is in TLS. The server needs tls=explicit or tls=required. If the connection is in TLS already, nothing happens. Commands that came in clear, in one segment with AUTH, are dropped; with pipelined, the server answers them in TLS, as servers with CVE-2011-1575 do.", `on AUTH: write "234 Go.\r\n200 And this.\r\n"; begin TLS`, howTLS},
	{OpenData, "", "Wait for the client's data connection or, in active mode, open one. send and receive do this, too, if needed.", `on RETR: open data; reply 125 Already open.; send; reply 226 Done.`, noWords},
	{SendData, `[BYTES [every DURATION]|"TEXT"]`, "Send this many bytes of the file or the listing, or the rest of it; or send the TEXT. With every, send the rest in pieces of this size, one each DURATION.", `on 2nd RETR: reply 150 Go.; send 100; reset data; reply 426 Oh.`, dataToSend},
	{TakeData, "[BYTES]", "Receive this many bytes of the client's upload, or the rest of it.", `on STOR: reply 150 Go.; receive 1000; reply 452 Full.`, dataSize},
	{FinishData, "", "Send a FIN on the data connection, and wait for the client's.", `on LIST: reply 150 Here.; send; finish data; reply 226 Done.`, noWords},
	{CloseData, "", "Close the data connection.", `on RETR: reply 150 Go.; open data; close data; reply 550 No file.`, noWords},
	{ResetData, "", "End the data connection with a reset.", `on RETR: reply 150 Here.; open data; reset data; reply 426 Broken.`, noWords},
	{CutData, "", "Close the data connection. In TLS, send no close_notify, so that the client cannot know whether data is missing (RFC 8446, 6.1).", `on RETR: reply 150 Here.; send; cut data; reply 226 Done.`, noWords},
	{KeepData, "", "Leave the data connection open to the end of the session.", `on LIST: reply 150 Here.; send; reply 226 Done.; keep data`, noWords},
	{Close, "", "Close the control connection. The data connection may continue.", `on QUIT: close`, noWords},
	{Reset, "", "End the control connection with a reset.", `on QUIT: reset`, noWords},
	{FallSilent, "", "Leave the connections open, and answer nothing more.", `on 3rd *: fall silent`, noWords},
}

// actionNames returns the names that an [Action] can have as its Verb.
func actionNames() []string {
	var names []string
	for _, k := range actionKinds {
		names = append(names, k.name)
	}
	return names
}

func (k actionKind) usage() string { return strings.TrimSpace(k.name + " " + k.args) }

// actionOf returns the place in actionKinds of the action with which a text begins, -1 for none.
func actionOf(text string) int {
	return slices.IndexFunc(actionKinds, func(k actionKind) bool {
		after, ok := strings.CutPrefix(text, k.name)
		return ok && (after == "" || after[0] == ' ' || after[0] == ';') && (k.name != Close && k.name != Reset || !strings.HasPrefix(after, " data"))
	})
}

// actions parses actions with semicolons between them.
func (p *parser) actions(text string) (list []Action) {
	for text != "" {
		var a Action
		a, text = p.action(text)
		list = append(list, a)
	}
	return list
}

// action parses the first action of a line.
func (p *parser) action(text string) (a Action, rest string) {
	a = Action{Line: p.line, Size: -1, Repeat: 1}
	whole := text
	if times, ok := strings.CutPrefix(text, "repeat "); ok {
		count, what, _ := strings.Cut(strings.TrimSpace(times), " ")
		a.Repeat, text = p.number("repeat", count, 1, 100000), strings.TrimSpace(what)
	}
	i := actionOf(text)
	if i < 0 {
		word, _, _ := strings.Cut(text, ";")
		word = strings.TrimSpace(word)
		switch {
		case word == "repeat" || word == "" && text != whole:
			p.fail("%s: repeat N ACTION was expected", strings.TrimSpace(whole))
		case word == "":
			p.fail("an action was expected before the semicolon")
		}
		p.fail("the server has no action %q; %s", word, suggestAction(word))
	}
	kind := actionKinds[i]
	a.Verb = kind.name
	argument := strings.TrimSpace(strings.TrimPrefix(text, kind.name))
	if strings.HasPrefix(argument, `"`) {
		_, rest = p.quoted(argument)
		argument = strings.TrimSuffix(argument, rest)
		if rest = strings.TrimSpace(rest); rest != "" && rest[0] != ';' {
			p.fail("%s: a semicolon was expected before %q", kind.usage(), rest)
		}
		rest = strings.TrimPrefix(rest, ";")
	} else {
		argument, rest, _ = strings.Cut(argument, ";")
	}
	a.Text = strings.Trim(strings.TrimSuffix(whole, rest), "; ")
	kind.parse(p, &a, strings.TrimSpace(argument))
	return a, strings.TrimSpace(rest)
}

func noWords(p *parser, a *Action, rest string) {
	if rest != "" {
		p.fail("%s has no argument, and %q follows it; separate actions by semicolons", a.Verb, rest)
	}
}

func listenAt(p *parser, a *Action, rest string) {
	if rest == "" || strings.Trim(rest, "0123456789") != "" {
		a.Host = rest
		return
	}
	a.Port = uint16(p.number(a.Verb, rest, 1, 65535))
}

func howTLS(p *parser, a *Action, rest string) {
	a.Pipelined = rest != "" && p.oneOf(a.Verb, rest, "pipelined") != ""
}

// replyText parses a line of a reply. A line in quotes may contain a semicolon.
func replyText(p *parser, a *Action, rest string) {
	if rest == "" {
		p.fail("reply needs a line, such as: reply 200 Fine.")
	}
	a.Bytes = rest
	if rest[0] == '"' {
		a.Bytes, _ = p.quoted(rest)
	}
	if strings.ContainsAny(a.Bytes, "\r\n") {
		p.fail("%s: reply sends one line; use another reply for the next line, or write for any bytes", rest)
	}
	a.Bytes += "\r\n"
}

func quotedText(p *parser, a *Action, rest string) {
	if strings.HasPrefix(rest, `"`) {
		a.Bytes, _ = p.quoted(rest)
	}
	if a.Bytes == "" {
		p.fail(`%s needs bytes in quotes, such as: %[1]s "200 Fi"`, a.Verb)
	}
}

func dataToSend(p *parser, a *Action, rest string) {
	if strings.HasPrefix(rest, `"`) {
		a.Bytes, _ = p.quoted(rest)
		a.Size = 0
		return
	}
	size, pause, pieces := strings.Cut(rest, " every ")
	dataSize(p, a, size)
	if !pieces {
		return
	}
	if a.Pause = p.duration("every", pause); a.Pause == 0 || a.Size < 1 {
		p.fail("send %s: a number of bytes and a time were expected, such as send 100 every 10ms", rest)
	}
}

func dataSize(p *parser, a *Action, rest string) {
	if rest != "" {
		a.Size = p.size(a.Verb, rest)
	}
}

func pauseTime(p *parser, a *Action, rest string) { a.Pause = p.duration("pause", rest) }

// Expand returns the bytes that the action sends. It replaces each placeholder by its
// value, and {80*A} by eighty times A.
func (a Action) Expand(values map[string]string) []byte {
	var b strings.Builder
	for rest := a.Bytes; ; {
		before, after, ok := strings.Cut(rest, "{")
		b.WriteString(before)
		if !ok {
			return []byte(b.String())
		}
		name, then, closed := strings.Cut(after, "}")
		n, of, repeated := repetition(name)
		value, known := values[name]
		switch {
		case closed && known:
			b.WriteString(value)
		case closed && repeated:
			b.WriteString(strings.Repeat(of, n))
		default:
			b.WriteByte('{')
			then = after
		}
		rest = then
	}
}

// actionManual returns the manual's list of the actions.
func actionManual() string {
	var b strings.Builder
	for i, k := range actionKinds {
		if i > 0 {
			b.WriteByte('\n')
		}
		writeEntry(&b, k.usage(), k.does, nil, k.example)
	}
	return b.String()
}
