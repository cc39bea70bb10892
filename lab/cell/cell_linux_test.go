package cell

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// bodies are what the cells of these tests do, by the name in their job.
var bodies = map[string]Body{
	"hello": func(ctx context.Context, c *Cell) error {
		if err := c.Send("hello"); err != nil {
			return err
		}
		return c.Send(map[string]int{"pid": os.Getpid(), "uid": os.Getuid()})
	},
	"fail": func(ctx context.Context, c *Cell) error {
		return errors.New("scenario.txtar:3: no such host\nsecond line")
	},
	"empty": func(ctx context.Context, c *Cell) error { return nil },
}

// testJob is the Spec of these tests' jobs.
type testJob struct {
	Body string
	Arg  string
}

func init() {
	Init(func(ctx context.Context, c *Cell) error {
		var job testJob
		if err := c.Spec(&job); err != nil {
			return err
		}
		body, ok := bodies[job.Body]
		if !ok {
			return fmt.Errorf("no body %q", job.Body)
		}
		return body(ctx, c)
	})
}

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// run runs a body in a cell and returns its messages, as text.
func run(t *testing.T, job Job) (messages []string, err error) {
	t.Helper()
	job.Message = func(m json.RawMessage) { messages = append(messages, string(m)) }
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err = Run(ctx, job)
	return messages, err
}

func TestRunDeliversMessages(t *testing.T) {
	got, err := run(t, Job{Spec: testJob{Body: "hello"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`"hello"`, `{"pid":1,"uid":0}`}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("got messages %q, want %q", got, want)
	}
}

func TestRunReturnsTheBodysError(t *testing.T) {
	_, err := run(t, Job{Spec: testJob{Body: "fail"}})
	want := "scenario.txtar:3: no such host\nsecond line"
	if err == nil || err.Error() != want {
		t.Errorf("got error %v, want %q", err, want)
	}
}

func BenchmarkEmptyCell(b *testing.B) {
	for b.Loop() {
		if err := Run(context.Background(), Job{Spec: testJob{Body: "empty"}}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEmptyCellsOnAllCores(b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := Run(context.Background(), Job{Spec: testJob{Body: "empty"}}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "cells/s")
}
