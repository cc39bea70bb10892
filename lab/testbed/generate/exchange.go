package generate

import (
	"cmp"
	"fmt"
	"slices"

	"ftplab/lab/scenario"
	"ftplab/lab/traffic"
)

// exchange adds an exchange to the session. It returns false after the last one that a
// session can have.
func (d *draw) exchange(x traffic.Exchange) bool {
	if x.Final() < 200 {
		return true // it has no end, and so no client could go on
	}
	if traffic.Direction(x.Command) != "" {
		d.transfer(x)
		return true
	}
	if traffic.Arranges(x.Command) && x.Final()/100 == 2 && d.loggedIn {
		d.arrange(x)
		return true
	}
	switch x.Command {
	case "AUTH":
		if x.Final() == 234 {
			d.secure()
		} else {
			d.command(x, "TLS", false)
		}
	case "PROT":
		if x.Final() == 200 && !(d.secured && d.sized) {
			return true // without TLS nothing can be protected
		}
		argument, own := d.argument(x)
		d.command(x, argument, own)
	case "QUIT":
		d.think()
		d.sent(traffic.ServerTime)
		d.step(scenario.Step{Verb: "quit"})
		return false
	case "USER":
		d.sendUser(x)
	case "PASS":
		d.sendPassword(x)
	default:
		argument, own := d.argument(x)
		d.command(x, argument, own)
	}
	return true
}

// knowsTLS reports whether the kind has sessions in TLS that could be read.
func (d *draw) knowsTLS() bool {
	for _, next := range d.kind.Follows {
		if next["AUTH 234"] > 0 {
			return true
		}
	}
	return false
}

// secure adds AUTH TLS and the handshake after it. The walk says whether data connections are
// protected, too (RFC 4217, 9); otherwise secure adds that next.
func (d *draw) secure() {
	if d.secured || d.scenario.Server.TLS.Mode == "" {
		return // a server says 234 once
	}
	d.command(traffic.Exchange{Command: "AUTH", Codes: []int{234}}, "TLS", true)
	d.secured = true
	if d.unread {
		d.command(traffic.Exchange{Command: "PBSZ", Codes: []int{200}}, "0", true)
		d.command(traffic.Exchange{Command: "PROT", Codes: []int{200}}, "P", true)
	}
}

// command adds a command without data connection. Own says that the server by itself
// answers as the exchange says.
func (d *draw) command(x traffic.Exchange, argument string, own bool) {
	d.think()
	name := traffic.ServerTime
	if x.Command == "PASS" && x.Final() >= 400 {
		name = traffic.RefusalTime
	}
	if own {
		d.sent(name)
	} else {
		var actions []scenario.Action
		for _, code := range x.Codes {
			actions = append(actions, d.says(x.Command, argument, code))
		}
		d.sent(name, actions...)
	}
	line := x.Command
	if argument != "" {
		line += " " + argument
	}
	d.step(scenario.Step{Verb: "quote", Command: line, Code: x.Final()})
}

// sendUser adds USER. The name is the same in the whole session.
func (d *draw) sendUser(x traffic.Exchange) {
	if d.user == "" {
		d.user = pick(d.random, userNames)
		if d.kind.Logins.At(d.random.Float64()) == "anonymous" {
			d.user = "anonymous"
		}
		d.scenario.Server.Users = []scenario.User{{Name: d.user, Password: d.password()}}
	}
	if x.Final() == 230 {
		d.think()
		d.sent(traffic.ServerTime, scenario.Action{Verb: scenario.LogIn, Repeat: 1}, d.says(x.Command, d.user, 230))
		d.step(scenario.Step{Verb: "quote", Command: "USER " + d.user, Code: 230})
		d.loggedIn, d.pending = true, false
		return
	}
	own := slices.Equal(x.Codes, []int{331}) && !d.loggedIn
	d.command(x, d.user, own)
	d.pending = own
}

// password is the right one of the session's user.
func (d *draw) password() string {
	if d.user == "anonymous" {
		return pick(d.random, userNames) + "@example.com"
	}
	return fmt.Sprintf("%s%02d", pick(d.random, fileNames), d.random.IntN(100))
}

// sendPassword adds PASS.
func (d *draw) sendPassword(x traffic.Exchange) {
	password := "guest@example.com"
	if users := d.scenario.Server.Users; len(users) > 0 {
		password = users[0].Password
	}
	switch {
	case d.pending && slices.Equal(x.Codes, []int{230}):
		d.command(x, password, true)
		d.loggedIn = true
	case d.pending && slices.Equal(x.Codes, []int{530}):
		d.command(x, password+"x", true)
	case x.Final() == 230 && !d.loggedIn:
		d.think()
		d.sent(traffic.ServerTime, scenario.Action{Verb: scenario.LogIn, Repeat: 1}, d.says(x.Command, d.user, 230))
		d.step(scenario.Step{Verb: "quote", Command: "PASS " + password, Code: 230})
		d.loggedIn = true
	default:
		d.command(x, password, false)
	}
	d.pending = false
}

// argument returns the argument of a command, and whether the server by itself answers as
// the exchange says. It changes what the draw knows of the server.
func (d *draw) argument(x traffic.Exchange) (argument string, own bool) {
	is := func(code int) bool { return d.loggedIn && slices.Equal(x.Codes, []int{code}) }
	switch x.Command {
	case "CWD", "XCWD":
		return d.changeTo(is(250))
	case "CDUP", "XCUP":
		own = is(250) && d.dir.in != nil
		if own {
			d.dir = d.dir.in
		}
		return "", own
	case "MKD":
		return d.makeFolder(is(257))
	case "RMD":
		return d.removeFolder(is(250))
	case "DELE", "RNFR", "SIZE", "MDTM", "MLST":
		return d.aboutFile(x, is)
	case "RNTO":
		return d.newName(is(250))
	case "TYPE":
		if is(200) && (x.Argument == "A" || x.Argument == "I") {
			d.ascii = x.Argument == "A"
			return x.Argument, true
		}
		return x.Argument, false
	case "PWD", "XPWD":
		return "", is(257)
	case "SYST":
		return "", is(215)
	case "FEAT":
		return "", is(211)
	case "NOOP":
		return "", is(200)
	case "OPTS":
		return "UTF8 ON", is(200)
	case "PBSZ", "PROT":
		own = d.secured && slices.Equal(x.Codes, []int{200}) && (d.sized || x.Command == "PBSZ")
		d.sized = d.sized || own
		return cmp.Or(x.Argument, arguments[x.Command]), own
	case "PORT", "EPRT":
		return d.port(x.Command), false
	}
	return arguments[x.Command], false
}

// arguments are those of commands that the lab's server does not know.
var arguments = map[string]string{
	"SITE": "HELP", "CLNT": "NcFTP", "ALLO": "1024", "ACCT": "guest", "STRU": "F", "MODE": "S", "LANG": "en", "HOST": "ftp.example.com",
	"REST": "0", "PBSZ": "0", "PROT": "P", "MFMT": "20260101000000 file", "XCWD": "pub", "XMKD": "new", "XRMD": "old", "SMNT": "/",
}

// port is the argument of a PORT or EPRT after which no data connection comes.
func (d *draw) port(command string) string {
	port := 61000 + d.random.IntN(4000) // of which a client takes none by itself
	if command == "EPRT" {
		version := 1 // RFC 2428, 2
		if d.client.Is6() {
			version = 2
		}
		return fmt.Sprintf("|%d|%s|%d|", version, d.client, port)
	}
	a := [4]byte{127, 0, 0, 1} // of a client of IPv6 whose PORT is refused
	if d.client.Is4() {
		a = d.client.As4()
	}
	return fmt.Sprintf("%d,%d,%d,%d,%d,%d", a[0], a[1], a[2], a[3], port>>8, port&0xff)
}

// transfer adds a command with a data connection.
func (d *draw) transfer(x traffic.Exchange) {
	refused := len(x.Codes) == 1 && x.Final() >= 400
	if !d.loggedIn && !refused {
		return // a server moves nothing for strangers
	}
	path, local := d.dataOf(x, refused)
	if x.Arrange == "" && refused || !d.loggedIn {
		d.command(x, path, false)
		return
	}
	switch {
	case d.arranged && x.Arrange != "": // once more
		d.arrange(traffic.Exchange{Command: x.Arrange})
	case !d.arranged:
		d.setMode(x.Arrange)
		d.think()
		d.sent(traffic.ServerTime) // what arranges it
	}
	d.arranged = false
	s := scenario.Step{Verb: "download", Command: x.Command, Code: x.Final()}
	if x.Restart && x.Command != "STOU" && traffic.Direction(x.Command) != traffic.Listing && !refused {
		d.sent(traffic.ServerTime)
		d.step(scenario.Step{Verb: "rest", Size: d.offset(path, local)})
	}
	d.sent("", d.moves(x, path)...)
	if path != "" {
		s.Command += " " + path
	}
	upload := traffic.Direction(x.Command) == traffic.Upload
	switch own := s.Code == 226 && !x.Restart; {
	case x.Command == "RETR" && own:
		s.Verb, s.Command, s.Path = "get", "", path // which compares it with the server's file
	case x.Command == "STOR" && own:
		s.Verb, s.Command, s.Path, s.Local = "put", "", path, local
	case upload:
		s.Verb, s.Local = "upload", local
	}
	d.step(s)
}

// arrange adds the command that arranges a data connection, after which others come before
// the one that uses it.
func (d *draw) arrange(x traffic.Exchange) {
	d.setMode(x.Command)
	d.think()
	d.sent(traffic.ServerTime)
	d.step(scenario.Step{Verb: "arrange", Code: x.Final()})
	d.arranged = true
}

// moves is what the server does for a transfer; nothing is what it does by itself.
func (d *draw) moves(x traffic.Exchange, path string) []scenario.Action {
	if slices.Equal(x.Codes, []int{150, 226}) {
		return nil
	}
	if x.Codes[0] >= 200 { // it did not begin
		return []scenario.Action{d.says(x.Command, path, x.Final())}
	}
	move := scenario.Action{Verb: scenario.SendData, Size: -1, Repeat: 1}
	if traffic.Direction(x.Command) == traffic.Upload {
		move.Verb = scenario.TakeData
	}
	actions := []scenario.Action{d.says(x.Command, path, x.Codes[0]), move}
	return append(actions, d.says(x.Command, path, x.Final()))
}

// setMode adds a step if the way of arranging data connections changes.
func (d *draw) setMode(arrange string) {
	arrange = cmp.Or(arrange, d.mode, "PASV")
	if arrange == d.mode {
		return
	}
	d.mode = arrange
	s := scenario.Step{Verb: "passive", Extended: arrange[0] == 'E'}
	if arrange == "PORT" || arrange == "EPRT" {
		s.Verb = "active"
	}
	d.step(s)
}
