package trace_test

import (
	"io"
	"testing"

	"ftplab/lab/analysis/trace"
	"ftplab/lab/analysis/trace/story"
)

func TestStoryOfALongSession(t *testing.T) {
	trace.WriteLongSession(t, func(w io.Writer, t *trace.Trace) error { return story.Write(w, "long", t) })
}
