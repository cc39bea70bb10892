package ftpserver

import (
	"testing"

	"ftplab/lab/scenario"
)

// TestFindRule has commands come one after the other.
func TestFindRule(t *testing.T) {
	s, err := scenario.Parse("x.txtar", []byte(`open
-- server --
on *: reply 200 Any.
on RETR *.zip: reply 550 Zip.
on 2nd RETR: reply 550 Second.
on 2nd connect: close
on NOOP: nothing
`))
	if err != nil {
		t.Fatal(err)
	}
	list := s.Server.Rules
	server := &Server{rules: newRules(list)}
	for _, test := range []struct{ command, argument, want string }{
		{scenario.Connect, "", ""},
		{scenario.Connect, "", "on 2nd connect"},
		{"RETR", "pub/a.zip", "on *"}, // the first that matches
		{"RETR", "b", "on 2nd RETR"},
		{"RETR", "c", "on *"},
	} {
		got := ""
		if r := server.rules.find(test.command, test.argument); r != nil {
			got = r.Text
		}
		if got != test.want {
			t.Errorf("%s %s: got %q, want %q", test.command, test.argument, got, test.want)
		}
	}
	unused := server.UnusedRules()
	if len(unused) != 2 || unused[0].Text != "on RETR *.zip" || unused[1].Text != "on NOOP" {
		t.Fatalf("got %v, want those of RETR *.zip and NOOP", unused)
	}
	if got, want := server.Got(unused[0]), "it got RETR pub/a.zip, RETR b, RETR c"; got != want {
		t.Errorf("%s: got %q, want %q", unused[0].Text, got, want)
	}
	if got, want := server.Got(unused[1]), "it got RETR"; got != want {
		t.Errorf("%s: got %q, want %q", unused[1].Text, got, want)
	}
}

// TestParseCommand takes commands apart, from which Telnet's commands before and in them are taken.
func TestParseCommand(t *testing.T) {
	for line, want := range map[string][2]string{
		"noop\r\n":                 {"NOOP", ""},
		"RETR a b\n":               {"RETR", "a b"},
		"\xff\xf4\xff\xf2ABOR\r\n": {"ABOR", ""},
		"\xff\xf4\xf2ABOR\r\n":     {"ABOR", ""}, // without the urgent byte
		"NO\xff\xf1OP\xff\xf4\r\n": {"NOOP", ""},
		"NO\xff\xfb\x01OP\r\n":     {"NOOP", ""},
		"MKD ab\xff\r\n":           {"MKD", "ab\xff"},
		"MKD \xff\xffab\r\n":       {"MKD", "\xffab"},
		"\xff\xf2":                 {"", ""},
	} {
		if name, argument := parseCommand(withoutTelnet([]byte(line), func(_, _ byte) {})); [2]string{name, argument} != want {
			t.Errorf("%q: got %q and %q, want %q", line, name, argument, want)
		}
	}
}
