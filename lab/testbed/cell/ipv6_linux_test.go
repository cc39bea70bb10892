package cell

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

// needIPv6 calls NeedIPv6 with IPv6 and without.
func needIPv6(ctx context.Context, c *Cell, args []string) error {
	if err := NeedIPv6(); err != nil {
		return fmt.Errorf("before: %s", err) // as text, so that it does not wrap ErrRefused
	}
	if err := os.WriteFile("/proc/sys/net/ipv6/conf/all/disable_ipv6", []byte("1"), 0); err != nil {
		return err
	}
	return fmt.Errorf("raising the stage: %w", NeedIPv6())
}

// TestWithoutIPv6 also checks that Run returns the refusal of a body.
func TestWithoutIPv6(t *testing.T) {
	needCell(t)
	_, err := run(t, Job{Spec: testJob{Body: "need IPv6"}})
	if !errors.Is(err, ErrRefused) {
		t.Fatalf("got error %v, want one that wraps ErrRefused", err)
	}
	for _, want := range []string{"raising the stage: ", "IPv6", "cannot assign requested address", "net.ipv6.conf.all.disable_ipv6=0"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got error %q, want %q in it", err, want)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("got error %q, want one line", err)
	}
}
