//go:build !linux

package cell

import (
	"errors"
	"testing"
)

// TestRunIsRefused checks the error by which tests that need cells are skipped here.
func TestRunIsRefused(t *testing.T) {
	if err := Run(t.Context(), Job{}); !errors.Is(err, ErrRefused) {
		t.Errorf("got error %v, want one that wraps ErrRefused", err)
	}
}
