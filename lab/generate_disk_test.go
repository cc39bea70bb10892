package lab_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ftplab/lab"
	"ftplab/lab/testbed/corpus"
	"ftplab/lab/testbed/generate"
)

// A fullDisk is a table for which there is no room from some row on.
type fullDisk struct {
	corpus.Table
	rows *int
}

func (f fullDisk) Flow(x *generate.Flow) error {
	if *f.rows--; *f.rows < 0 {
		return syscall.ENOSPC
	}
	return f.Table.Flow(x)
}

// TestGenerateOnAFullDisk ends a corpus in its third part. What is complete stays, and the
// recipe says how much that is.
func TestGenerateOnAFullDisk(t *testing.T) {
	g := generation(t, 40, 10)
	rows := 0
	for _, sum := range []int{10, 10} { // sessions of two parts, which have more flows than that
		rows += 4 * sum
	}
	g.Tables = []corpus.TableFormat{{Name: "csv", New: func(flows, transfers io.Writer) (corpus.Table, error) {
		table, err := corpus.CSV.New(flows, transfers)
		return fullDisk{table, &rows}, err
	}}}
	_, err := lab.Generate(t.Context(), g)
	if !errors.Is(err, syscall.ENOSPC) || !strings.HasPrefix(err.Error(), "part-0000") || !strings.Contains(err.Error(), "of 4 parts in "+g.Folder) {
		t.Fatalf("got %v, want no room in a part, and how many are complete", err)
	}
	unfinished, _ := filepath.Glob(filepath.Join(g.Folder, "*unfinished*"))
	parts, _ := filepath.Glob(filepath.Join(g.Folder, "*.pcapng"))
	if len(unfinished) > 0 || len(parts) == 0 || len(parts) == 4 {
		t.Errorf("got %v and %v, want some whole parts and nothing else", unfinished, parts)
	}
	if got := sumsOf(t, g.Folder); len(got) != 3*len(parts) {
		t.Errorf("got a recipe with %d files, want 3 for each of %d parts", len(got), len(parts))
	}
}

// TestGenerateSaysWhichFileIsNotWritten has no room for the capture of the second part. The error
// names the file once, as it is called when it is complete, and does not say where a capture ends that is removed.
func TestGenerateSaysWhichFileIsNotWritten(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full here")
	}
	g := generation(t, 40, 10)
	g.Made = func(session int) {
		if session == 0 {
			before, _ := filepath.Glob(filepath.Join(g.Folder, "part-00000.flows.csv.*"))
			file := strings.Replace(strings.Join(before, " "), "part-00000.flows.csv", "part-00001.pcapng", 1)
			if err := os.Symlink("/dev/full", file); err != nil {
				t.Error(err)
			}
		}
	}
	_, err := lab.Generate(t.Context(), g)
	want := "part-00001: write " + filepath.Join(g.Folder, "part-00001.pcapng") + ": no space left on device; complete so far: 1 of 4 parts in " + g.Folder + "; to continue, give the same command again"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestGenerateTo writes one capture of all sessions, which is that of a corpus of one part.
func TestGenerateTo(t *testing.T) {
	g := generation(t, 5, 5)
	var b bytes.Buffer
	if err := lab.GenerateTo(t.Context(), &b, g); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := lab.Explain(&text, lab.Reader("generated", &b), lab.Explanation{}); err != nil || !strings.Contains(text.String(), "QUIT") {
		t.Errorf("got %v, want five sessions:\n%s", err, text.String())
	}
}
