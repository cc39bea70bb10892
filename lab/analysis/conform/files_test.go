package conform

import (
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/tcp"
)

// A sent is a command of a session that a test makes, its final reply, and what its
// data connection carried.
type sent struct {
	command, argument string
	code              int
	from              ftp.Side
	data              string
}

// sessionOf returns the facts of a session with these commands.
func sessionOf(commands ...sent) *facts {
	control := &ftp.Connection{}
	f := &facts{session: &ftp.Session{Control: control}, connections: map[int]*ftp.Connection{0: control}, data: map[flow][]byte{}}
	for i, s := range commands {
		e := &ftp.Exchange{Command: s.command, Argument: s.argument, Line: &ftp.Line{}}
		e.Packet, e.FirstPacket = 10*(i+1), 10*(i+1)
		e.Replies = []*ftp.Reply{{Code: s.code, Packet: 10*(i+1) + 1}}
		if s.from != "" {
			id := i + 1
			carried := tcp.Flow{Bytes: int64(len(s.data))}
			c := &ftp.Connection{}
			c.ID, c.FirstPacket = id, 10*id+5
			f.connections[id] = c
			if s.from == ftp.Client {
				f.connections[id].ClientFlow = carried
			} else {
				f.connections[id].ServerFlow = carried
			}
			f.data[flow{id, s.from}] = []byte(s.data)
			e.Data = []int{id}
		}
		f.session.Exchanges = append(f.session.Exchanges, e)
	}
	return f
}

func retr(data string) sent { return sent{"RETR", "a", 226, ftp.Server, data} }
func stor(data string) sent { return sent{"STOR", "a", 226, ftp.Client, data} }
func rest(at string) sent   { return sent{"REST", at, 350, "", ""} }

// TestFilesAreCompared has servers that send or store as many bytes as they should, but
// other bytes.
func TestFilesAreCompared(t *testing.T) {
	appe := sent{"APPE", "a", 226, ftp.Client, "cd"}
	refused := sent{"STOR", "a", 451, "", ""}
	for name, test := range map[string]struct {
		judge   judge
		session *facts
		want    Finding
	}{
		"the rest":               {resumesAt, sessionOf(retr("abcd"), rest("1"), retr("bcd")), Finding{Keeps, "REST: 350 in frame 21, then 3 bytes", 35}},
		"too much":               {resumesAt, sessionOf(retr("abcd"), rest("1"), retr("abcd")), Finding{Breaks, "REST: 350 in frame 21, then 4 bytes, and 3 were left", 35}},
		"the start":              {resumesAt, sessionOf(retr("abcd"), rest("1"), retr("abc")), Finding{Breaks, "REST: 350 in frame 21, then 3 bytes that are not those at byte 1 of the file", 35}},
		"beyond the end":         {resumesAt, sessionOf(retr("ab"), rest("9"), retr("")), Finding{Breaks, "REST: 350 in frame 21, then 0 bytes, and -7 were left", 35}},
		"stored from there":      {storesAt, sessionOf(stor("ab"), rest("2"), stor("xyz"), retr("abxyz")), Finding{Keeps, "RETR sends 5 bytes then", 45}},
		"stored from the start":  {storesAt, sessionOf(stor("ab"), rest("2"), stor("xyz"), retr("xyz")), Finding{Breaks, "RETR sends 3 bytes then, not 5", 45}},
		"stored in front":        {storesAt, sessionOf(stor("ab"), rest("2"), stor("x"), retr("xab")), Finding{Breaks, "RETR sends 3 bytes then, but not those that were sent", 45}},
		"stored in the middle":   {storesAt, sessionOf(stor("abcd"), rest("2"), stor("xyz"), retr("abxyz")), Finding{NotApplicable, "REST 2 is not at the end of the 4 bytes that were stored", 21}},
		"not stored":             {storesAt, sessionOf(stor("abcd"), rest("4"), refused), Finding{NotApplicable, "STOR a after REST is not permitted: 451 in frame 31", 31}},
		"appended":               {appends, sessionOf(retr("ab"), appe, retr("abcd")), Finding{Keeps, "2 and 2 bytes, and then 4", 35}},
		"put in front":           {appends, sessionOf(retr("ab"), appe, retr("cdab")), Finding{Breaks, "2 and 2 bytes, and then 4 that are not those", 35}},
		"replaced":               {appends, sessionOf(retr("ab"), appe, retr("cd")), Finding{Breaks, "2 and 2 bytes, and then 2 that are not those", 35}},
		"nothing after REST":     {storesAt, sessionOf(stor("abcd"), rest("4")), Finding{NotApplicable, "nothing was stored after REST", 0}},
		"nothing retrieved then": {resumesAt, sessionOf(retr("ab"), rest("1")), Finding{NotApplicable, "nothing was retrieved after REST", 0}},
	} {
		if got := test.judge(test.session); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}

func TestAbortsTransfer(t *testing.T) {
	for _, test := range []struct {
		retr, abor int
		want       Verdict
	}{
		{426, 226, Keeps},
		{226, 226, Keeps},
		{226, 225, Keeps},
		{250, 226, Keeps},
		{426, 225, Breaks}, // 225 is for no transfer
		{451, 226, Breaks},
		{226, 426, Breaks},
		{226, 500, Breaks},
	} {
		f := sessionOf(sent{"ABOR", "", 226, "", ""}, sent{"RETR", "a", test.retr, "", ""}, sent{"ABOR", "", test.abor, "", ""})
		if got := abortsTransfer(f); got.Verdict != test.want {
			t.Errorf("RETR %d, ABOR %d: got %+v, want %s", test.retr, test.abor, got, test.want)
		}
	}
}

// TestTransferGoesOnAfterAbort has a server that sends the rest of a file after ABOR, and
// then says that the transfer was complete.
func TestTransferGoesOnAfterAbort(t *testing.T) {
	for name, test := range map[string]struct {
		code, late int
		want       Verdict
	}{
		"what the buffer held":             {226, 1 << 20, Keeps},
		"the rest of the file":             {226, 3 << 20, Breaks},
		"much, and then it says 426":       {426, 3 << 20, Keeps},
		"the whole file, to the last byte": {250, 4 << 20, Breaks},
	} {
		file := retr(strings.Repeat("x", 4<<20))
		file.code = test.code
		f := sessionOf(sent{"ABOR", "", 226, "", ""}, file, sent{"ABOR", "", 226, "", ""})
		f.beforeAbort = map[flow]int64{{2, ftp.Server}: int64(4<<20 - test.late)}
		if got := abortsTransfer(f); got.Verdict != test.want {
			t.Errorf("%s: got %+v, want %s", name, got, test.want)
		}
	}
}

// TestClientIsJudgedByTheRule has clients that end early, and clients that get the file: a rule is
// judged only by a session that has what the rule is about.
func TestClientIsJudgedByTheRule(t *testing.T) {
	user, pass, quit := sent{"USER", "a", 230, "", ""}, sent{"PASS", "b", 230, "", ""}, sent{"QUIT", "", 221, "", ""}
	with := func(code int) sent { return sent{"RETR", "a", code, ftp.Server, "ab"} }
	refused := sent{"RETR", "a", 425, "", ""}
	const greeting, noPass = "The client waits for the greeting.", "When USER gets 230, the client sends no PASS."
	const early, last = "The client reads data until the server closes, also if 226 comes first.", "The client waits for the last line of a final reply."
	const late, code125, code250 = "The client waits for the final reply to a transfer.", "The client should take 125 like 150.", "The client should take 250 like 226."
	const code426, code550 = "When RETR gets 426, the client fails.", "When RETR gets 550, the client fails."
	for _, test := range []struct {
		what     string
		commands []sent
		ending   Ending
		want     map[string]Verdict
	}{
		{"asks for no file", []sent{user, quit}, Failed, map[string]Verdict{greeting: Keeps, noPass: Keeps, early: NotApplicable, last: NotApplicable,
			late: NotApplicable, code125: NotApplicable, code250: NotApplicable, code426: NotApplicable, code550: NotApplicable}},
		{"has no data connection", []sent{user, pass, refused, quit}, Succeeded, map[string]Verdict{greeting: Keeps, noPass: Breaks, early: NotApplicable, last: NotApplicable,
			late: NotApplicable, code125: NotApplicable, code250: NotApplicable, code426: NotApplicable, code550: NotApplicable}},
		{"gets the file", []sent{user, with(226), quit}, Succeeded, map[string]Verdict{greeting: Keeps, noPass: Keeps, early: Keeps, last: Keeps, late: Keeps}},
		{"does not believe it", []sent{user, with(226), quit}, Failed, map[string]Verdict{early: Breaks}},
		{"takes no 250", []sent{user, with(250), quit}, Failed, map[string]Verdict{code250: Breaks, late: Keeps}},
		{"takes no 125", []sent{user, with(125), quit}, Failed, map[string]Verdict{code125: Breaks, late: Breaks}},
		{"believes 426", []sent{user, with(426), quit}, Succeeded, map[string]Verdict{code426: Breaks, code550: NotApplicable}},
	} {
		f := sessionOf(test.commands...)
		f.run.Ending = test.ending
		f.session.Unsolicited = []*ftp.Reply{{Code: 220, Packet: 4, Lines: []*ftp.Line{{Text: "220 Here."}}}}
		for text, want := range test.want {
			i := slices.IndexFunc(ClientRules(), func(r Rule) bool { return r.Text == text })
			if got := ClientRules()[i].judge(f); got.Verdict != want {
				t.Errorf("a client that %s: %s: got %+v, want %s", test.what, text, got, want)
			}
		}
	}
}

// TestHowClientsConnect has clients whose data connection does not come about, or whose transfer fails: each is judged by
// what the rule is about.
func TestHowClientsConnect(t *testing.T) {
	const digits, noEPSV = "The client finds the six numbers in a reply 227 without parentheses.", "When EPSV is refused, the client uses PASV or PORT."
	const early, code125 = "The client reads data until the server closes, also if 226 comes first.", "The client should take 125 like 150."
	pasv, epsv, failed := sent{"PASV", "", 227, "", ""}, sent{"EPSV", "", 500, "", ""}, sent{"RETR", "a", 550, "", ""}
	port, eprt := sent{"PORT", "127,0,0,1,4,1", 200, "", ""}, sent{"EPRT", "|1|127.0.0.1|1025|", 200, "", ""}
	for _, test := range []struct {
		what, rule string
		commands   []sent
		connects   bool // to the port of PASV
		want       Verdict
	}{
		{"finds the numbers, and fails", digits, []sent{epsv, pasv, failed}, true, Keeps},
		{"does not find the numbers", digits, []sent{epsv, pasv, port, retr("ab")}, false, Breaks},
		{"hears no numbers", digits, []sent{epsv, {"PASV", "", 502, "", ""}}, false, NotApplicable},
		{"hears nothing", digits, []sent{epsv, {"PASV", "", 0, "", ""}}, false, NotApplicable},
		{"tries PORT, and fails", noEPSV, []sent{epsv, port, failed}, false, Keeps},
		{"tries EPRT, and fails", noEPSV, []sent{epsv, eprt, failed}, false, Keeps},
		{"gives up", noEPSV, []sent{port, epsv, failed}, false, Breaks},
		{"is not refused", noEPSV, []sent{{"EPSV", "", 229, "", ""}, failed}, false, NotApplicable},
		{"refuses the data connection", early, []sent{port, retr("")}, false, NotApplicable},
		{"refuses the data connection", code125, []sent{port, {"RETR", "a", 125, ftp.Server, ""}}, false, NotApplicable},
	} {
		f := sessionOf(test.commands...)
		f.run.Ending = Failed
		for _, c := range f.connections {
			c.Mode, c.ResetBy = ftp.Active, ftp.Client
		}
		if test.connects {
			f.connections[9] = &ftp.Connection{}
			f.session.DataPorts = []*ftp.DataPort{{Command: "PASV", Mode: ftp.Passive, Connections: []int{9}}}
		}
		i := slices.IndexFunc(ClientRules(), func(r Rule) bool { return r.Text == test.rule })
		if got := ClientRules()[i].judge(f); got.Verdict != test.want {
			t.Errorf("a client that %s: %s: got %+v, want %s", test.what, test.rule, got, test.want)
		}
	}
}

// TestGreetingIsAwaited has clients that do something before the last line of the greeting.
func TestGreetingIsAwaited(t *testing.T) {
	whole, begun := []*ftp.Line{{Text: "220-Wait."}, {Text: "220 Here."}}, []*ftp.Line{{Text: "220-Wait."}}
	for name, test := range map[string]struct {
		lines    []*ftp.Line
		packet   int
		commands []sent
		fin      int
		want     Finding
	}{
		"waits":               {whole, 4, []sent{{"USER", "a", 331, "", ""}}, 30, Finding{Keeps, "220 in frame 4, USER in frame 10", 10}},
		"speaks first":        {whole, 12, []sent{{"USER", "a", 331, "", ""}}, 30, Finding{Breaks, "USER in frame 10 comes before the greeting", 10}},
		"closes first":        {begun, 4, nil, 5, Finding{Breaks, "the client's close in frame 5 comes before the greeting", 5}},
		"closes then":         {whole, 4, nil, 5, Finding{Keeps, "220 in frame 4, the client's close in frame 5", 5}},
		"does nothing at all": {whole, 4, nil, 0, Finding{Keeps, "220 in frame 4, and nothing before it", 4}},
	} {
		f := sessionOf(test.commands...)
		f.connections[0].ClientFlow.FIN = test.fin
		f.session.Unsolicited = []*ftp.Reply{{Code: 220, Packet: test.packet, Lines: test.lines}}
		if got := startsBehindGreeting(f); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}

// TestWaitsForEnd has a client that closes before the final reply to RETR.
func TestWaitsForEnd(t *testing.T) {
	for name, test := range map[string]struct {
		fin   int
		quit  bool
		lines []string
		want  Finding
	}{
		"QUIT":          {31, true, nil, Finding{Keeps, "RETR: 226 in frame 11; the client goes on in frame 20", 11}},
		"closes":        {15, false, []string{"226-Done.", "226 Really."}, Finding{Keeps, "RETR: 226 in frame 11; the client goes on in frame 15", 11}},
		"closes before": {10, false, nil, Finding{Breaks, "RETR: 226 in frame 11, and the client closes in frame 10", 10}},
		"closes within": {15, false, []string{"226-Done."}, Finding{Breaks, "RETR: 226 in frame 11, whose last line did not come, and the client closes in frame 15", 15}},
		"QUIT within":   {31, true, []string{"226-Done.", "2260 bytes"}, Finding{Breaks, "RETR: 226 in frame 11, whose last line did not come, and the client sends QUIT in frame 20", 20}},
	} {
		commands := []sent{retr("ab")}
		if test.quit {
			commands = append(commands, sent{"QUIT", "", 221, "", ""})
		}
		f := sessionOf(commands...)
		f.connections[0].ClientFlow.FIN = test.fin
		for _, text := range test.lines {
			r := f.session.Exchanges[0].Replies[0]
			r.Lines = append(r.Lines, &ftp.Line{Text: text})
		}
		if got := waitsForEnd(f); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}

// TestClosesToo has clients that the server leaves with 421: its FIN is in frame 12. A client that
// sends QUIT then is answered by a reset.
func TestClosesToo(t *testing.T) {
	const late = int64(timeToClose) + 1
	for name, test := range map[string]struct {
		client, server tcp.Flow
		ending         Ending
		want           Finding
	}{
		"closes":                 {tcp.Flow{FIN: 14}, tcp.Flow{}, Failed, Finding{Keeps, "RETR: 421 in frame 11; the client closes in frame 14, and the client says that it has failed", 14}},
		"resets":                 {tcp.Flow{RST: 14}, tcp.Flow{}, Failed, Finding{Keeps, "RETR: 421 in frame 11; the client closes in frame 14, and the client says that it has failed", 14}},
		"sends QUIT":             {tcp.Flow{}, tcp.Flow{RST: 15}, Failed, Finding{Keeps, "RETR: 421 in frame 11; the server resets the connection in frame 15, and the client says that it has failed", 15}},
		"sends QUIT and is glad": {tcp.Flow{}, tcp.Flow{RST: 15}, Succeeded, Finding{Breaks, "RETR: 421 in frame 11, and the client says that it has succeeded", 11}},
		"sends QUIT and hangs":   {tcp.Flow{}, tcp.Flow{RST: 15}, NotEnded, Finding{NotApplicable, "RETR: 421 in frame 11; the server resets the connection in frame 15, and the client does not end in time", 15}},
		"hangs":                  {tcp.Flow{}, tcp.Flow{}, NotEnded, Finding{Breaks, "RETR: 421 in frame 11, and the client does not close within 5s", 11}},
		"closes too late":        {tcp.Flow{FIN: 14, FINTime: late}, tcp.Flow{}, NotEnded, Finding{Breaks, "RETR: 421 in frame 11, and the client does not close within 5s", 11}},
	} {
		f := sessionOf(sent{"RETR", "a", 421, "", ""})
		f.run.Ending = test.ending
		test.server.FIN = 12
		f.connections[0].ClientFlow, f.connections[0].ServerFlow = test.client, test.server
		if got := closesToo(f); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}
