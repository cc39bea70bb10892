package traffic

import "testing"

func TestKindName(t *testing.T) {
	for _, want := range []string{"person", "program, control only", "program, IPv6", "person, control only, IPv6, TLS"} {
		k, err := ParseKindName(want)
		if err != nil || k.String() != want {
			t.Errorf("got %q, %v, want %q", k, err, want)
		}
	}
	for _, bad := range []string{"", "robot", "program, TLS, IPv6", "program IPv6", "program, secret"} {
		if k, err := ParseKindName(bad); err == nil {
			t.Errorf("%q: got %+v, want an error", bad, k)
		}
	}
}
