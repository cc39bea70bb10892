package lab

import (
	"strings"
	"testing"

	"ftplab/lab/scenario"
)

// TestQuestionsThatCannotWork has mistakes in the sections questions and twin, which are found
// before a session begins or, if only the capture shows them, after it.
func TestQuestionsThatCannotWork(t *testing.T) {
	const steps = "open\nlogin anonymous me@mypc.test\nquit\n"
	const want = "-- want --\nctl client.* > server.21\nctl ...\n"
	const twin = "-- twin --\nopen\nlogin anonymous me@mypc.test\nquit\n"
	for _, test := range []struct{ name, sections, want string }{
		{"most of one capture", "-- questions --\nWhich?\n    choice first | second = most capture.resets\n", "x.txtar:6: most capture.resets: there is one capture only; a section twin makes"},
		{"a twin that is not there", "-- questions --\nHow many?\n    count = twin capture.resets\n", "x.txtar:6: twin capture.resets: there is one capture only; a section twin makes"},
		{"most of two captures", twin + "-- questions --\nWhich?\n    choice first | second = most capture.resets\n", ""},
		{"a step of the twin", "-- twin --\nopen\nlgin anonymous\n", "x.txtar:6: unknown step \"lgin\"; did you mean login?"},
		{"no step of the twin", "-- twin --\nfoo\n", "x.txtar:5: unknown step \"foo\"; steps are abort, "},
		{"a setting of the twin", "-- twin --\nfile a 10\nopen\n", "x.txtar:5: file is a setting; a twin has steps, and the settings above it"},
		{"a step of the twin that another one needs", "-- twin --\nls\n", "x.txtar:5: ls: the session is not open; a step open comes first"},
		{"a twin that is forged", "-- twin --\nforged\n", ""},
		{"no right word", want + "-- questions --\nWho logs in?\n    choice alice | bob = ctl.user\n", "x.txtar:9: ctl.user is anonymous, which is none of the choices"},
		{"nothing that can be measured", want + "-- questions --\nWhich code?\n    count = ctl.reply.code.LIST\n", "x.txtar:9: ctl.reply.code.LIST: there is no LIST with a reply"},
		{"the right word", want + "-- questions --\nWho logs in?\n    choice alice | anonymous = ctl.user\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := scenario.Parse("x.txtar", []byte(steps+test.sections))
			if err != nil {
				t.Fatal(err)
			}
			result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
			report := ""
			switch {
			case err != nil:
				report = err.Error()
			case result.Outcome == Failed:
				report = result.Report
			}
			if !strings.HasPrefix(report, test.want) || test.want == "" && report != "" {
				t.Errorf("got %q, want %q", report, test.want)
			}
		})
	}
}
