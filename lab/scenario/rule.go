package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Rule says what the lab's server does for a command instead of what it usually does.
type Rule struct {
	Line     int
	Text     string // as written, up to the colon
	Nth      int    // which of the matching commands, counted over all sessions; 0 is all
	Command  string // in capitals; Connect for a client that has connected, "*" for any command
	Argument string // pattern of the argument, in which * matches anything; "" matches any argument
	Actions  []Action
}

// Connect is the [Rule.Command] of a rule about a client that has connected.
const Connect = "connect"

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

// rules parses the section server: lines `on COMMAND: ACTION; ACTION...`, and lines
// that begin with a space, which continue the line above.
func (p *parser) rules(text string) {
	for line := range strings.Lines(text) {
		p.line++
		p.try(func() { p.ruleLine(strings.TrimRight(line, " \t\r\n")) })
	}
	if len(p.errors) > 0 {
		return // rules with mistakes may be incomplete
	}
	for _, r := range p.s.Server.Rules {
		p.line = r.Line
		p.try(func() { p.checkRule(r) })
	}
}

func (p *parser) ruleLine(line string) {
	trimmed := strings.TrimSpace(line)
	if trimmed == "" || trimmed[0] == '#' {
		return
	}
	rules := p.s.Server.Rules
	if trimmed != line && len(rules) > 0 {
		r := &rules[len(rules)-1]
		r.Actions = append(r.Actions, p.actions(trimmed)...)
		return
	}
	head, rest, ok := strings.Cut(trimmed+" ", ": ")
	words := strings.Fields(head)
	if _, ok := settingOf(first(words)); ok {
		p.fail("%s is a setting, which comes before the steps, and this section has rules", words[0])
	}
	if _, nth := ordinal(first(words)); nth && ok {
		p.fail("a rule begins with on: on %s", trimmed)
	}
	if !ok || len(words) < 2 || words[0] != "on" {
		p.fail("%q: a rule was expected, such as `on 2nd RETR: reply 450 Busy.`", trimmed)
	}
	r := Rule{Line: p.line, Text: head}
	words = words[1:]
	if n, ok := ordinal(words[0]); ok && len(words) > 1 {
		if right := fmt.Sprintf("%d%s", n, suffix(n)); words[0] != right {
			p.fail("%q: write %s", words[0], right)
		}
		r.Nth, words = n, words[1:]
	}
	r.Command = p.ruleCommand(words[0])
	if r.Argument = strings.Join(words[1:], " "); r.Argument != "" && r.Command == Connect {
		p.fail("%s: connect is not a command and has no argument", head)
	}
	for _, other := range rules {
		if other.Nth == r.Nth && other.Command == r.Command && other.Argument == r.Argument {
			p.fail("%q appears twice, first at line %d", head, other.Line)
		}
	}
	p.s.Server.Rules = append(rules, r) // now, so that its continuation lines find it even if a check below fails
	p.s.Server.Rules[len(rules)].Actions = p.actions(strings.TrimSpace(rest))
}

// ordinal reads 1st, 2nd, 3rd, 4th and so on, also with the suffix of another number.
func ordinal(word string) (n int, ok bool) {
	digits := strings.TrimRight(word, "stndrh")
	n, err := strconv.Atoi(digits)
	return n, err == nil && n > 0 && digits != word
}

// suffix returns the suffix of an ordinal number.
func suffix(n int) string {
	last := n % 10
	if tens := n / 10 % 10; tens == 1 || last == 0 || last > 3 {
		return "th"
	}
	return [...]string{"st", "nd", "rd"}[last-1]
}

func (p *parser) ruleCommand(word string) string {
	switch upper := strings.ToUpper(word); {
	case word == Connect, word == "*":
		return word
	case strings.Trim(upper, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "":
		return upper
	}
	p.fail("%q is not a command; a rule is for an FTP command such as RETR, for connect, or for *, any command", word)
	return ""
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
	i := slices.IndexFunc(actionKinds, func(k actionKind) bool {
		after, ok := strings.CutPrefix(text, k.name)
		return ok && (after == "" || after[0] == ' ' || after[0] == ';') && (k.name != Close && k.name != Reset || !strings.HasPrefix(after, " data"))
	})
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

// checkRule checks that the actions of a rule fit together.
func (p *parser) checkRule(r Rule) {
	if len(r.Actions) == 0 {
		p.fail("%s: an action was expected after the colon, such as: %s: reply 450 Busy.", r.Text, r.Text)
	}
	handed, listens := false, false // whether the server does its usual part, and whether it listens
	for i, a := range r.Actions {
		p.line = a.Line
		switch {
		case a.Verb == AtOnce && (i > 0 || r.Command == Connect || len(r.Actions) == 1):
			p.fail("at once comes before the other actions of a rule for a command")
		case i > 0 && r.AtOnce() && (a.uses(ownAction) || a.uses(dataAction) && !a.uses(endAction)):
			p.fail("%s: a rule that begins with at once uses no data connection of its own; it can only end that of a transfer", a.Text)
		case a.uses(ownAction) && handed:
			p.fail("%s: a rule can have only one of as usual, listen and log in, and only once", a.Text)
		case a.uses(dataAction) && handed:
			p.fail("%s: after as usual, listen and log in a rule has no data connection", a.Text)
		case (a.uses(dataAction) || a.uses(ownAction) && a.Verb != AsUsual) && r.Command == Connect:
			p.fail("%s: a client that has just connected has neither a data connection nor a user", a.Text)
		case a.uses(ownAction) && slices.ContainsFunc(r.Actions, func(a Action) bool { return a.uses(dataAction) }):
			p.fail("%s: with as usual, the server uses the data connection itself; use either as usual or the actions that send and receive", a.Text)
		case a.Verb == SendData && a.Size != 0 && !slices.Contains(withContent, r.Command):
			p.fail("%s: for %s the server has no data to send; it has for %s; send \"TEXT\" sends a text", a.Text, r.Command, strings.Join(withContent, ", "))
		case a.uses(lastAction) && i < len(r.Actions)-1 && (a.Verb == FallSilent || !r.Actions[i+1].uses(dataAction) && r.Actions[i+1].Verb != Pause):
			p.fail("%s: this is the last action of a rule, and %q follows it", a.Text, r.Actions[i+1].Text)
		case a.Verb == BeginTLS && (r.AtOnce() || slices.ContainsFunc(r.Actions, func(a Action) bool { return a.uses(dataAction) })):
			p.fail("begin TLS: TLS does not begin during a transfer; a rule with it has neither at once nor a data connection")
		case a.Host != "" && a.Host != "server" && p.s.Network.of(a.Host) != "server":
			p.fail("%s: %q is not an address of the host server", a.Text, a.Host)
		case a.Port > 0 && slices.Contains(moving, r.Command):
			p.fail("%s: a rule for %s has the data connection that the client and the server have agreed on", a.Text, r.Command)
		case a.Verb == SayNothing && len(r.Actions) > 1:
			p.fail("nothing must be the only action of its rule, and there %s", thereAre(len(r.Actions)-1, "other"))
		}
		handed = handed || a.uses(ownAction)
		listens = listens || a.Verb == ListenData && a.Port == 0
		p.checkPlaceholders(r, a, listens)
	}
}

// moving are the commands that use a data connection.
var moving = append([]string{"STOR", "STOU", "APPE"}, withContent...)

// withContent are the commands for which the server has data to send.
var withContent = []string{"RETR", "LIST", "NLST", "MLSD"}

type actionUse int

const (
	dataAction actionUse = iota // needs a data connection
	ownAction                   // done by the server's usual code
	lastAction                  // ends the session for the server
	endAction                   // ends the data connection
)

// AtOnce reports whether the rule is followed also during a transfer.
func (r Rule) AtOnce() bool { return len(r.Actions) > 0 && r.Actions[0].Verb == AtOnce }

func (a Action) uses(use actionUse) bool {
	if a.Port > 0 {
		return use == dataAction
	}
	switch a.Verb {
	case CloseData, ResetData, CutData:
		return use == dataAction || use == endAction
	case OpenData, SendData, TakeData, FinishData, KeepData:
		return use == dataAction
	case AsUsual, ListenData, LogIn:
		return use == ownAction
	case Close, Reset, FallSilent:
		return use == lastAction
	}
	return false
}

// checkPlaceholders refuses unknown placeholders.
func (p *parser) checkPlaceholders(r Rule, a Action, listens bool) {
	for rest := a.Bytes; ; {
		_, after, ok := strings.Cut(rest, "{")
		name, then, closed := strings.Cut(after, "}")
		if !ok || !closed {
			return
		}
		rest = then
		switch {
		case name == "argument" && r.Command != Connect:
		case slices.Contains([]string{"hostport", "port", "p1", "p2"}, name):
			if !listens {
				p.fail("%s: {%s} has no value without the action listen before it", a.Text, name)
			}
		default:
			if _, _, ok := repetition(name); !ok {
				p.fail("%s: unknown placeholder {%s}; there are {argument}, {80*A} and, after listen, {hostport}, {port}, {p1} and {p2}", a.Text, name)
			}
		}
	}
}

// repetition parses a placeholder such as 80*A.
func repetition(name string) (n int, of string, ok bool) {
	count, of, ok := strings.Cut(name, "*")
	n, err := strconv.Atoi(count)
	return n, of, ok && err == nil && n > 0 && n <= 1<<20 && of != ""
}

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

// Matches reports whether the rule matches a command. It does not count the commands.
func (r Rule) Matches(command, argument string) bool {
	if r.Command != command && (r.Command != "*" || command == Connect) {
		return false
	}
	if r.Argument == "" {
		return true
	}
	return matchesText(r.Argument, argument)
}

// matchesText reports whether a text matches a pattern, in which a * is any text.
func matchesText(pattern, text string) bool { return IsJoined(strings.Split(pattern, "*"), text) }

// IsJoined reports whether a text consists of the parts, in order, with any text between them.
func IsJoined(parts []string, text string) bool {
	first, rest := parts[0], parts[1:]
	if len(rest) == 0 {
		return first == text
	}
	last := rest[len(rest)-1]
	if len(text) < len(first)+len(last) || !strings.HasPrefix(text, first) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range rest[:len(rest)-1] {
		_, after, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = after
	}
	return true
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
