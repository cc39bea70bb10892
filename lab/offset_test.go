package lab

import (
	"testing"

	"ftplab/lab/scenario"
)

// TestOffsetOfAbort has a step rest before abort: REST is sent before RETR, and not before the
// transfer after it.
func TestOffsetOfAbort(t *testing.T) {
	s, err := scenario.Parse("x.txtar", []byte(`# x
file a.bin 1MB
open
login anonymous me@mypc.test
type i
rest 4
abort a.bin 1000
ls
quit
-- want --
ctl client.* > server.21
file client.* > server.*
list client.* > server.*
ctl ...
ctl client > server "REST 4"
ctl server > client "350 *"
ctl client > server "RETR a.bin"
ctl ...
ctl client > server "PASV"
ctl server > client "227 *"
ctl client > server "LIST"
ctl ...
file ...
list ...
`))
	if err != nil {
		t.Fatal(err)
	}
	result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
	if err != nil {
		t.Fatal(err)
	}
	if result.Outcome == Failed {
		t.Error(result.Report)
	}
}
