package corpus

import (
	"bytes"
	"encoding/csv"
	"errors"
	"slices"
	"testing"

	"ftplab/lab/testbed/generate"
)

// TestEmptyFields writes a row of each table in which there is nothing to say in some columns.
// Package parquet has the same columns as NULL.
func TestEmptyFields(t *testing.T) {
	var flows, transfers bytes.Buffer
	table, err := CSV.New(&flows, &transfers)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(
		table.Flow(&generate.Flow{Session: session, Role: generate.Control, OpenedBy: generate.Client}),
		table.Transfer(&generate.Transfer{Session: session, Command: "RETR", Type: "I", Result: "timeout"}),
		table.Close(),
	); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[*bytes.Buffer][]string{&flows: {"user", "mode"}, &transfers: {"user", "path", "mode", "code", "sha256"}} {
		rows, err := csv.NewReader(file).ReadAll()
		if err != nil || len(rows) != 2 {
			t.Fatalf("got %v, %v, want a header and a row", rows, err)
		}
		var got []string
		for i, field := range rows[1] {
			if field == "" {
				got = append(got, rows[0][i])
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got nothing in %v, want nothing in %v", got, want)
		}
	}
}

// session is what all labels of a session have that nobody logs in to.
var session = generate.Session{Label: generate.Abnormal, Kind: "nohost", Why: "An address that nobody has"}
