package ftpserver

import "testing"

func TestPlain(t *testing.T) {
	for _, test := range []struct {
		code        int
		first, want string // "" is the library's own
	}{
		{257, "257 Created dir \"/pub/drafts\"\r\n", `"/pub/drafts" created`},
		{257, "257 \"/\" is the current directory\r\n", ""},
		{350, "350 Sure, give me a target\r\n", "File is there, ready for its new name"},
		{350, "350 Ready\r\n", ""},
		{250, "250 Done !\r\n", "File renamed"},
		{550, "550 Could not access file: driver error: calling GetHandle: open /x: file does not exist\r\n", "Could not access file: /x: file does not exist"},
		{425, "425 failed to accept passive transfer connection: 127.0.0.1:3170: connection refused\r\n", "Can't open data connection: 127.0.0.1:3170: connection refused"},
		{425, "425 no\r\n", ""},
		{0, "no", ""},
	} {
		if got, other := plain(test.code, test.first); got != test.want && other || other != (test.want != "") {
			t.Errorf("%q: got %q, %v, want %q", test.first, got, other, test.want)
		}
	}
}
