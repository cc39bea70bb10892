package ftpclient

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestTelnetReader(t *testing.T) {
	for sent, want := range map[string]string{
		"200 Fine.\r\n":                             "200 Fine.\r\n",
		"\xff\xfc\x01200 Fine.\r\n":                 "200 Fine.\r\n",      // WONT ECHO
		"20\xff\xfb\x030 \xff\xf1Fine.\r\n\xff\xf9": "200 Fine.\r\n",      // WILL, NOP and GA
		"257 \"a\xff\xffb\"\r\n":                    "257 \"a\xffb\"\r\n", // a byte 255
	} {
		for name, reader := range map[string]io.Reader{"at once": strings.NewReader(sent), "by bytes": iotest.OneByteReader(strings.NewReader(sent))} {
			got, err := io.ReadAll(&telnetReader{from: reader})
			if err != nil || string(got) != want {
				t.Errorf("%q %s: got %q, %v, want %q", sent, name, got, err, want)
			}
		}
	}
}
