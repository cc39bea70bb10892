package lab

import (
	"testing"

	"ftplab/lab/scenario"
)

// TestUnansweredSYN has sessions go on after a connection that the path refuses, or that is
// given up: nobody waits for an answer to its SYN.
func TestUnansweredSYN(t *testing.T) {
	for name, text := range map[string][]string{
		"rejected data connection":    {"reject server.20 > client [S] count=1", "file a.txt \"hello\"", "open", "login anonymous", "active 3300", "! get a.txt", "get a.txt", "quit"},
		"rejected control connection": {"reject client > server.21 [S] count=1", "expect refused: open", "open", "quit"},
		"given up":                    {"deadline 500ms", "server dataports=50000-50005", "drop client > server.50000 [S] count=1", "file a.txt \"hello\"", "open", "login anonymous", "passive", "expect timeout: get a.txt", "get a.txt", "quit"},
	} {
		for _, tcp := range []scenario.TCP{scenario.GVisorTCP, scenario.LinuxTCP} {
			t.Run(name+" on "+string(tcp), func(t *testing.T) {
				if testing.Short() && tcp == scenario.LinuxTCP {
					t.Skip("-short: the test makes a network")
				}
				s := parse(t, append([]string{"network wire"}, text...)...)
				result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: tcp})
				needCells(t, err)
				if err != nil {
					t.Fatal(err)
				}
				if result.Outcome == Failed {
					t.Error(result.Report)
				}
			})
		}
	}
}
