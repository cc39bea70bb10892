package lab

import (
	"strings"
	"testing"

	"ftplab/lab/scenario"
)

// TestCodeIsNotTheOwnServer refuses settings of the lab's server for a server that is code.
func TestCodeIsNotTheOwnServer(t *testing.T) {
	for _, setting := range []string{"server idle=1s", "server port=2121 wording=vsftpd", "server tls=explicit"} {
		s, err := scenario.Parse("x.txtar", []byte("# x\n"+setting+"\nopen\nquit\n"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP, Server: &Code{Name: "mine"}})
		if want := "x.txtar:2: mine has its own replies and habits"; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got error %v, want %s", setting, err, want)
		}
	}
}
