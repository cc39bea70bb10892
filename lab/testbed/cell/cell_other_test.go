//go:build !linux

package cell

import (
	"errors"
	"testing"
)

// TestRunIsRefused: tests that need cells are skipped here, and do not fail.
func TestRunIsRefused(t *testing.T) {
	if err := Run(t.Context(), Job{}); !errors.Is(err, ErrRefused) {
		t.Errorf("got error %v, want one that wraps ErrRefused", err)
	}
}
