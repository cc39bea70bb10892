package sandbox

import "testing"

// TestCrypt compares with what crypt(3) of glibc returns.
func TestCrypt(t *testing.T) {
	for _, test := range []struct{ password, salt, want string }{
		{"secret", "alice", "$6$rounds=1000$alice$CjtK9uzROr0eiHlTP1icipJQMDMNox9DqtG2vNgIOVYfMZNnDUWHYGaeidkNqTPbn1BE6oOrdTrdJCp9z.oBq."},
		{"x", "a", "$6$rounds=1000$a$g8xNDa7lPPT7t0NNQJnjbVXLz4gfYBmVrmrNAyCXiuy8T6/nLCQRbI2SD9ZZJFpJdLLsB0S.DKTdPMWfmikPP/"},
		{"a-much-longer-password-than-64-bytes-so-that-the-hash-must-be-repeated-once-more", "issle",
			"$6$rounds=1000$issle$j319t0imZWb.qpSpvvyxXlB8tkzWMcPUR2.KqYsVdR2hg5ihlkIxKMN9LfKAcmXiMMbNEbwGGIaV4El4wKEwh/"},
	} {
		if got := crypt(test.password, test.salt); got != test.want {
			t.Errorf("crypt(%q, %q):\ngot  %s\nwant %s", test.password, test.salt, got, test.want)
		}
	}
}
