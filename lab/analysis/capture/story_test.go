package capture_test

import (
	"io"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/report/text"
)

func TestStoryOfALongSession(t *testing.T) {
	writeLongSessions(t, func(w io.Writer, c *capture.Capture) error { return text.Story(w, "long", c) })
}
