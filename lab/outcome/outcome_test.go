package outcome

import "testing"

func TestCount(t *testing.T) {
	for _, test := range []struct {
		count Count
		want  string
	}{
		{nil, "0 passed, 0 failed"},
		{Count{Passed: 3, Recorded: 1, Error: 1}, "3 passed, 0 failed, 1 recorded, 1 error"},
		{Count{Failed: 1, Unjudged: 2, Error: 2}, "0 passed, 1 failed, 2 unjudged, 2 errors"},
	} {
		if got := test.count.String(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
