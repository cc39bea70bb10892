package runner_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/gvisor"
	"ftplab/lab/testbed/network"
	"ftplab/lab/testbed/runner"
)

// TestLimit has a capture reach its limit during a download, and after the last step: the
// session is stopped there, one line says why, and the capture has every frame.
func TestLimit(t *testing.T) {
	s, err := scenario.Parse("flood.txtar", []byte("# x\n# y\nnetwork wire rate=8Mbit\nfile a.bin 2MB\nopen\nlogin anonymous\ntype i\nget a.bin\nquit\n"))
	if err != nil {
		t.Fatal(err)
	}
	for limit, line := range map[int64]int{500_000: 8, 0: 0} {
		var file bytes.Buffer
		recording := runner.Recording{File: &file, Format: pcapng.PCAPNG, Limit: limit}
		builder := gvisor.Builder{Seed: 1, Start: time.Unix(500_000_000, 0)}
		outcome, err := runner.Run(t.Context(), s, builder, recording, runner.Steps(nil))
		if err != nil {
			t.Fatal(err)
		}
		switch failures := outcome.Failures; {
		case line == 0 && len(failures) > 0:
			t.Errorf("limit %d: got %v, want no failure", limit, failures)
		case line > 0 && (len(failures) != 1 || failures[0].Line != line || !strings.Contains(failures[0].Message, "the session was stopped")):
			t.Errorf("limit %d: got %v, want one at line %d: the session was stopped", limit, failures, line)
		}
		size, frames := file.Len(), countFrames(t, &file)
		if frames != outcome.Frames {
			t.Errorf("limit %d: the capture has %d frames, want %d", limit, frames, outcome.Frames)
		}
		if limit > 0 && int64(size) > 2*limit {
			t.Errorf("limit %d: the capture has %d bytes, want little more than the limit", limit, size)
		}
	}
}

// TestEndsWithoutAnswer ends a session with a step that gets no answer: the connections that hang do not get the time
// to close that others get.
func TestEndsWithoutAnswer(t *testing.T) {
	const source = "# x\n# y\nnetwork wire\ndeadline 4s\ndrop client > server \"LIST\"\nopen\nlogin anonymous\npassive\n"
	for end, want := range map[string]time.Duration{"ls": 5100 * time.Millisecond, "expect timeout: ls": 5100 * time.Millisecond, "expect timeout: ls\npause 1s": 6100 * time.Millisecond} {
		s, err := scenario.Parse("x.txtar", []byte(source+end+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		recording := runner.Recording{File: &file, Format: pcapng.PCAPNG}
		if _, err := runner.Run(t.Context(), s, gvisor.Builder{Seed: 1, Start: time.Unix(500_000_000, 0)}, recording, runner.Steps(nil)); err != nil {
			t.Fatal(err)
		}
		times := frameTimes(t, &file)
		if got := times[len(times)-1].Sub(times[0]); got > want || got < want-100*time.Millisecond {
			t.Errorf("%s: the last frame came after %v, want %v", end, got, want)
		}
	}
}

// TestCancelledAtEachStage cancels a session in each of its stages. As long as frames may come,
// there is no outcome, and the error is the cause.
func TestCancelledAtEachStage(t *testing.T) {
	s, err := scenario.Parse("x.txtar", []byte("# x\n# y\nopen\nquit\n"))
	if err != nil {
		t.Fatal(err)
	}
	cause := errors.New("interrupt signal received")
	for _, stage := range []string{"not begun", "built", "client", "client is done", "closing", "closed"} {
		t.Run(stage, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			at := func(now string) {
				if now == stage {
					cancel(cause)
				}
			}
			client := func(ctx context.Context, e *runner.Environment) ([]runner.Failure, error) {
				at("client")
				failures, err := runner.Steps(nil)(ctx, e)
				at("client is done")
				return failures, err
			}
			recording := runner.Recording{File: io.Discard, Format: pcapng.PCAPNG}
			at("not begun")
			outcome, err := runner.Run(ctx, s, stagedBuilder{gvisor.Builder{Seed: 1, Start: time.Unix(500_000_000, 0)}, at}, recording, client)
			if outcome != nil || !errors.Is(err, cause) {
				t.Errorf("got the outcome %+v and the error %v, want none and %v", outcome, err, cause)
			}
		})
	}
}

// A stagedBuilder calls a function at each stage of its network. Like that of a wire, the
// network's Close says when the context of the network has ended.
type stagedBuilder struct {
	gvisor.Builder
	at func(stage string)
}

func (b stagedBuilder) Build(ctx context.Context, s scenario.Network, w *pcapng.Writer, failed func(error)) (network.Network, error) {
	n, err := b.Builder.Build(ctx, s, w, failed)
	b.at("built")
	return stagedNetwork{n, ctx, b.at}, err
}

type stagedNetwork struct {
	network.Network
	ctx context.Context
	at  func(stage string)
}

func (n stagedNetwork) Close(silence time.Duration) error {
	n.at("closing")
	err := errors.Join(n.Network.Close(silence), context.Cause(n.ctx))
	n.at("closed")
	return err
}

// TestIncompleteRecording loses frames outside the path: that is an error, and no failure of the
// session, whether something else failed or not.
func TestIncompleteRecording(t *testing.T) {
	for _, last := range []string{"quit", "get missing"} {
		s, err := scenario.Parse("x.txtar", []byte("# x\n# y\nopen\nlogin anonymous\n"+last+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		recording := runner.Recording{File: io.Discard, Format: pcapng.PCAPNG}
		builder := losingBuilder{gvisor.Builder{Seed: 1, Start: time.Unix(500_000_000, 0)}}
		outcome, err := runner.Run(t.Context(), s, builder, recording, runner.Steps(nil))
		if outcome != nil || !errors.Is(err, network.ErrIncomplete) {
			t.Errorf("%s: got the outcome %+v and the error %v, want none and %v", last, outcome, err, network.ErrIncomplete)
		}
		recording.ByHand = true
		outcome, err = runner.Run(t.Context(), s, builder, recording, runner.Steps(nil))
		if err != nil || outcome == nil || !strings.Contains(outcome.Incomplete, network.ErrIncomplete.Error()) ||
			slices.ContainsFunc(outcome.Failures, func(f runner.Failure) bool { return f.Line == 0 }) {
			t.Errorf("%s, by hand: got the outcome %+v and the error %v, want it to be incomplete", last, outcome, err)
		}
	}
}

// A losingBuilder builds networks that lose a frame, and wait for an acknowledgement of it.
type losingBuilder struct{ gvisor.Builder }

func (b losingBuilder) Build(ctx context.Context, s scenario.Network, w *pcapng.Writer, failed func(error)) (network.Network, error) {
	n, err := b.Builder.Build(ctx, s, w, failed)
	return losingNetwork{n}, err
}

type losingNetwork struct{ network.Network }

func (n losingNetwork) Close(silence time.Duration) error {
	return errors.Join(n.Network.Close(silence), network.ErrUnacknowledged, network.ErrIncomplete)
}

// countFrames reads a capture to its end.
func countFrames(t *testing.T, file io.Reader) int {
	t.Helper()
	return len(frameTimes(t, file))
}

// frameTimes returns the time of each frame of a capture.
func frameTimes(t *testing.T, file io.Reader) (times []time.Time) {
	t.Helper()
	r, err := pcapng.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	for {
		_, info, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) {
			return times
		}
		if err != nil {
			t.Fatal(err)
		}
		times = append(times, info.Timestamp)
	}
}
