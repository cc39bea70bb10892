package main

import (
	"testing"

	"ftplab/lab/scenario"
)

// TestSessions parses the scenario of every pair, so that no change of the language makes it
// impossible to learn the profile anew.
func TestSessions(t *testing.T) {
	texts, err := sessions(options{output: "x", traffic: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if want := len(servers)*len(clients("")) + len(programServers); len(texts) != want {
		t.Errorf("got %d sessions, want %d", len(texts), want)
	}
	for name, text := range texts {
		if _, err := scenario.Parse(name+scenario.Extension, text); err != nil {
			t.Error(err)
		}
	}
}
