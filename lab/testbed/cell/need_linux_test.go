package cell

import (
	"context"
	"errors"
	"sync"
	"testing"

	"ftplab/lab/labtest/optional"
)

// probe makes a cell once.
var probe = sync.OnceValue(func() error { return Run(context.Background(), Job{Spec: testJob{Body: "nothing"}}) })

// needCell ends a test that needs a cell where this system refuses one, as celltest.Need
// does, which these tests cannot import.
func needCell(t *testing.T) {
	t.Helper()
	if err := probe(); errors.Is(err, ErrRefused) {
		optional.Missing(t, err)
	}
}
