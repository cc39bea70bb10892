package rules

import "testing"

func TestIsTransposed(t *testing.T) {
	for _, test := range []struct {
		password string
		want     bool
	}{
		{"anna2032!", true}, {"anna202!3", true}, {"nana2023!", true},
		{"anna2023!", false}, {"anna3202!", false}, {"naan2023!", false}, {"anna2023", false}, {"anna2024!", false}, {"", false},
	} {
		if got := isTransposed(test.password, "anna2023!"); got != test.want {
			t.Errorf("%q: got %v, want %v", test.password, got, test.want)
		}
	}
}
