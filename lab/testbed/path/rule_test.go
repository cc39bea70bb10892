package path

import (
	"testing"
	"time"

	"ftplab/lab/scenario"
)

// TestRuleClaims has a rule look at segments one after the other.
func TestRuleClaims(t *testing.T) {
	client, server, other := &End{}, &End{}, &End{}
	out, back := synFrame(t, false, 64, 1460), synFrame(t, false, 64, 1460)
	there, _ := out.segment()
	here, _ := back.segment()
	here.from, here.to = there.to, there.from
	from := there.from.Port()
	const second = int64(time.Second)
	type look struct {
		s        segment
		from, to *End
		at       int64 // seconds
		want     bool
		data     string
	}
	syn, data := with(there, flagSYN, 0, 0, 0), with(there, flagACK, 1, 1, 100)
	here = with(here, flagACK, 1, 1, 0)
	for name, test := range map[string]struct {
		rule  scenario.PathRule
		looks []look
	}{
		"all": {scenario.PathRule{Length: -1}, []look{
			{syn, client, server, 0, true, ""}, {data, client, server, 1, true, ""}, {here, server, client, 2, false, ""}, {syn, client, other, 3, false, ""},
		}},
		"both ways": {scenario.PathRule{Length: -1, Both: true, FromPort: from}, []look{
			{data, client, server, 0, true, ""}, {here, server, client, 1, true, ""}, {here, other, client, 2, false, ""},
		}},
		"another port": {scenario.PathRule{Length: -1, FromPort: from + 1}, []look{{data, client, server, 0, false, ""}}},
		"a length":     {scenario.PathRule{Length: 100}, []look{{syn, client, server, 0, false, ""}, {data, client, server, 0, true, ""}}},
		"the second and third": {scenario.PathRule{Length: -1, Skip: 1, Count: 2}, []look{
			{data, client, server, 0, false, ""}, {data, client, server, 0, true, ""}, {data, client, server, 0, true, ""}, {data, client, server, 0, false, ""},
		}},
		"from a moment on": {scenario.PathRule{Length: -1, After: 2 * time.Second}, []look{
			{data, client, server, 1, false, ""}, {data, client, server, 2, true, ""},
		}},
		"for a time": {scenario.PathRule{Length: -1, After: 2 * time.Second, For: 3 * time.Second}, []look{
			{data, client, server, 1, false, ""}, {data, client, server, 2, true, ""}, {data, client, server, 4, true, ""}, {data, client, server, 5, false, ""},
		}},
		"a line": {scenario.PathRule{Length: -1, Text: "PORT *"}, []look{
			{data, client, server, 0, false, "NOOP\r\nport 1,2\r\n"}, {data, client, server, 0, true, "NOOP\r\nPORT 1/2\r\n"}, {syn, client, server, 0, false, ""},
		}},
		"after silence": {scenario.PathRule{Length: -1, Idle: 5 * time.Second, Both: true}, []look{
			{syn, client, server, 0, false, ""}, {data, client, server, 4, false, ""}, {here, server, client, 8, false, ""},
			{data, client, server, 14, true, ""}, {here, server, client, 15, true, ""}, {syn, client, server, 16, false, ""}, {data, client, server, 17, false, ""},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRule(test.rule, client, server)
			for i, l := range test.looks {
				if got := r.claims(l.s, []byte(l.data), l.from, l.to, l.at*second, 0); got != l.want {
					t.Errorf("segment %d: got %v, want %v", i, got, l.want)
				}
			}
		})
	}
}
