package ftpserver

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ftplab/lab/testbed/content"
)

// A disk is what the tree wants to be like.
type disk string

func (d disk) path(name string) string { return filepath.Join(string(d), name) }

func (d disk) makeDir(name string) error   { return os.Mkdir(d.path(name), 0o755) }
func (d disk) removeDir(name string) error { return onlyIf(d.path(name), true) }
func (d disk) remove(name string) error    { return onlyIf(d.path(name), false) }
func (d disk) rename(from, to string) error {
	return syscall.Rename(d.path(from), d.path(to)) // os.Rename refuses more
}

// onlyIf removes a directory, or anything else. Os.Remove does not care.
func onlyIf(name string, dir bool) error {
	info, err := os.Lstat(name)
	if err == nil && info.IsDir() != dir {
		err = fmt.Errorf("%s: not of the kind", name)
	}
	if err == nil {
		err = os.Remove(name)
	}
	return err
}

func (d disk) store(name, text string) error {
	return os.WriteFile(d.path(name), []byte(text), 0o644)
}

// On any sequence of changes the tree agrees with a disk: on what succeeds,
// and on what is there afterwards.
func TestTreeIsLikeADisk(t *testing.T) {
	folder := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		root, err := os.MkdirTemp(folder, "")
		if err != nil {
			rt.Fatal(err)
		}
		disk := disk(root)
		tree, err := newTree(Config{ModTime: time.Unix(0, 0)})
		if err != nil {
			rt.Fatal(err)
		}
		name := rapid.StringMatching("(/[ab]){1,3}")
		for range rapid.IntRange(1, 20).Draw(rt, "changes") {
			var change string
			var got, want error
			switch a, b := name.Draw(rt, "a"), name.Draw(rt, "b"); rapid.IntRange(0, 4).Draw(rt, "change") {
			case 0:
				change, got, want = "MKD "+a, tree.Mkdir(a, 0o755), disk.makeDir(a)
			case 1:
				change, got, want = "RMD "+a, tree.RemoveDir(a), disk.removeDir(a)
			case 2:
				change, got, want = "DELE "+a, tree.Remove(a), disk.remove(a)
			case 3:
				change, got, want = "rename "+a+" "+b, tree.Rename(a, b), disk.rename(a, b)
			case 4:
				change, got, want = "STOR "+a, store(tree, a, b), disk.store(a, b)
			}
			if (got == nil) != (want == nil) {
				rt.Fatalf("%s: got %v, a disk says %v", change, got, want)
			}
			compare(rt, tree, disk, "/")
		}
	})
}

func store(tree *tree, name, text string) error {
	file, err := tree.GetHandle(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	io.WriteString(file, text)
	return file.Close()
}

// compare compares a directory of the tree with that of the disk.
func compare(t *rapid.T, tree *tree, disk disk, dir string) {
	got, err := tree.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadDir(disk.path(dir))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%s: got %v, a disk has %v", dir, got, want)
	}
	for i, info := range got {
		name := filepath.Join(dir, want[i].Name())
		if info.Name() != want[i].Name() || info.IsDir() != want[i].IsDir() {
			t.Fatalf("%s: got %v, a disk has %v", dir, info, want[i])
		}
		if info.IsDir() {
			compare(t, tree, disk, name)
			continue
		}
		file, err := tree.read(name)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(file)
		if want, _ := os.ReadFile(disk.path(name)); string(got) != string(want) || info.Size() != int64(len(want)) {
			t.Fatalf("%s: got %q of size %d, a disk has %q", name, got, info.Size(), want)
		}
		if !info.ModTime().Equal(time.Unix(0, 0)) {
			t.Fatalf("%s: modified %v", name, info.ModTime())
		}
	}
}

// The root stays, whatever is asked.
func TestRootStays(t *testing.T) {
	tree, err := newTree(Config{})
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"RMD /": tree.RemoveDir("/"), "DELE /": tree.Remove("/"), "MKD /": tree.Mkdir("/", 0o755),
		"rename / /a": tree.Rename("/", "/a"), "STOR /": store(tree, "/", "x"),
	} {
		if err == nil {
			t.Errorf("%s succeeds", name)
		}
	}
}

// A piece far behind the end of a file would be a large file of zeros.
func TestUploadFarBehindTheEnd(t *testing.T) {
	tree, err := newTree(Config{Files: []File{
		{Path: "generated", Size: 1 << 40, Seed: 1}, {Path: "short", Size: 100, Seed: 1},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		offset int64
		size   int64
		kept   bool
	}{
		{"/small", 1 << 50, 1<<50 + 3, false},
		{"/near", 10, 13, true},
		{"/generated", 10, 1 << 40, false},
		{"/generated", 1 << 40, 1<<40 + 3, false},
		{"/generated", 0, 3, true},
		{"/short", 100, 103, true},
	} {
		file, err := tree.GetHandle(test.name, os.O_WRONLY|os.O_CREATE, test.offset)
		if err != nil {
			t.Fatal(err)
		}
		file.Seek(test.offset, io.SeekStart)
		io.WriteString(file, "end")
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		if info, err := tree.Stat(test.name); err != nil || info.Size() != test.size {
			t.Errorf("%s: got size %d, %v, want %d", test.name, info.Size(), err, test.size)
		}
		if _, err := tree.read(test.name); (err == nil) != test.kept {
			t.Errorf("%s: kept: got %v, want %v", test.name, err, test.kept)
		}
	}
}

func TestAppendToGeneratedFile(t *testing.T) {
	tree, err := newTree(Config{Files: []File{{Path: "file", Size: 100, Seed: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	u, err := tree.newUpload("/file", true)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(u, "end")
	if err := u.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := tree.read("/file")
	if err != nil {
		t.Fatal(err)
	}
	got, _ := io.ReadAll(file)
	want, _ := io.ReadAll(content.New(1, 100))
	if string(got) != string(want)+"end" {
		t.Errorf("got %q, want %q and end", got, want)
	}
}

// An upload that takes the place of a generated file is a small file again.
func TestUploadReplacesGeneratedFile(t *testing.T) {
	tree, err := newTree(Config{Files: []File{{Path: "file", Size: 1 << 40}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := store(tree, "/file", "small"); err != nil {
		t.Fatal(err)
	}
	file, err := tree.read("/file")
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(file); string(got) != "small" {
		t.Errorf("got %q", got)
	}
}

// BenchmarkUploadSink measures the sink of uploads by itself: it must not be what
// a transfer waits for.
func BenchmarkUploadSink(b *testing.B) {
	tree, err := newTree(Config{})
	if err != nil {
		b.Fatal(err)
	}
	const size = 256 << 20
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		u, err := tree.newUpload("/file", false)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := u.ReadFrom(content.New(1, size)); err != nil {
			b.Fatal(err)
		}
		if err := u.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
