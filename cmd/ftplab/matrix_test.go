package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// TestInterruptedMatrix interrupts the matrix before the first pair: an earlier table stays.
func TestInterruptedMatrix(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	const earlier = tableTitle + "\n\n| all pairs |\n"
	table := filepath.Join(t.TempDir(), "matrix.md")
	if err := os.WriteFile(table, []byte(earlier), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := (matrixFlags{t.TempDir(), table, 2}).run(ctx, io.Discard, io.Discard); err == nil {
		t.Error("got no error")
	}
	if got, err := os.ReadFile(table); string(got) != earlier {
		t.Errorf("got %q and %v, want the earlier table", got, err)
	}
}
