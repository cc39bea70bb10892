package main

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ftplab/lab"
)

// greeting is a scenario that ends soon.
const greeting = "# Greeting\nopen\nquit\n"

// contents are those of the files below a folder, by their paths; of other entries, the types.
func contents(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			files[path] = e.Type().String()
			return err
		}
		text, err := os.ReadFile(path)
		files[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// captureAndProfile returns a capture of the gallery, and the profile that is learned from it.
func captureAndProfile(t *testing.T) (capture, profile string) {
	t.Helper()
	file, err := os.ReadFile(galleryCapture)
	if err != nil {
		t.Fatal(err)
	}
	profile, _, status := judged(t, "baseline", "learn", galleryCapture)
	if status != exitPassed {
		t.Fatalf("got status %d for a profile", status)
	}
	return string(file), profile
}

// TestOutputsThatWouldBeLost names outputs that are inputs, or one another, or a result of the
// run: each is refused in one line, and no file is made or changed.
func TestOutputsThatWouldBeLost(t *testing.T) {
	capture, profile := captureAndProfile(t)
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"k.txtar": greeting, "folder/inner/z.txtar": greeting, "folder/typo.txtar": "opne\n", "ok/r/files/r.txtar": greeting,
		"x.pcapng": capture, "p.json": profile, "theirs/k/capture.pcapng": "theirs",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"link": "k.txtar", "other": "."} {
		if err := os.Symlink(target, name); err != nil {
			t.Skip(err)
		}
	}
	if err := os.Link("k.txtar", "hard"); err != nil {
		t.Skip(err)
	}
	before := contents(t, ".")
	const read = ", which this command reads; choose another name"
	const same = " are the same; choose another name for one of them"
	const exists = ": this file exists and is not a "
	const another = "; choose another name"
	const itself = ": a run replaces or removes this path itself "
	for _, test := range []struct{ args, want string }{
		{"run --tcp gvisor -w k.txtar k.txtar", "-w k.txtar would overwrite k.txtar" + read},
		{"run --tcp gvisor -w ./other/k.txtar k.txtar", "-w ./other/k.txtar would overwrite k.txtar" + read},
		{"run --tcp gvisor --junit k.txtar -o ok k.txtar", "--junit k.txtar would overwrite k.txtar" + read},
		{"run --tcp gvisor --junit hard -o ok k.txtar", "--junit hard would overwrite k.txtar" + read},
		{"run --tcp gvisor --tap link -o ok k.txtar", "--tap link would overwrite k.txtar" + read},
		{"run --tcp gvisor --tap folder/inner/z.txtar -o ok folder", "--tap folder/inner/z.txtar would overwrite folder/inner/z.txtar" + read},
		{"run --tcp gvisor --tap folder/typo.txtar -o ok folder", "--tap folder/typo.txtar would overwrite folder/typo.txtar" + read},
		{"run --tcp gvisor -o ok ok/r/files/r.txtar", "-o ok: a run would replace or remove ok/r/files/r.txtar, which this command reads; choose another folder"},
		{"run --tcp gvisor -o no --failures ok ok/r/files/r.txtar", "--failures ok: a run would replace or remove ok/r/files/r.txtar, which this command reads; choose another folder"},
		{"run --tcp gvisor --junit same.x --tap other/same.x k.txtar", "--junit same.x and --tap other/same.x" + same},
		{"run --tcp gvisor -w same.o --junit same.o k.txtar", "--junit same.o and -w same.o" + same},
		{"run --tcp gvisor --junit - --tap - k.txtar", "--junit - and --tap -" + same},
		{"run --tcp gvisor -w - --junit - k.txtar", "--junit - and -w -" + same},
		{"run --tcp gvisor -o no --failures no/../no k.txtar", "-o no and --failures no/../no" + same},
		{"run --tcp gvisor -o ok --failures other/ok k.txtar", "-o ok and --failures other/ok" + same},
		{"run --tcp gvisor -o no --junit no k.txtar", "--junit no and -o no" + same},
		{"run --tcp gvisor -o ok --junit other/ok/k/capture.pcapng k.txtar", "--junit other/ok/k/capture.pcapng" + itself + "(-o ok); choose another name"},
		{"run --tcp gvisor -o ok --tap ok/k.unfinished/x k.txtar", "--tap ok/k.unfinished/x" + itself + "(-o ok); choose another name"},
		{"run --tcp gvisor -o ok --tap ok/index.json k.txtar", "--tap ok/index.json" + itself + "(-o ok); choose another name"},
		{"run --tcp gvisor -o ok --tap ok/typo folder", "--tap ok/typo" + itself + "(-o ok); choose another name"},
		{"run --tcp gvisor -o no --failures ok --tap ok/k/verdict.json k.txtar", "--tap ok/k/verdict.json" + itself + "(--failures ok); choose another name"},
		{"run --tcp gvisor -o ok --failures ok/k/files k.txtar", "--failures ok/k/files" + itself + "(-o ok); choose another name"},
		{"run --tcp gvisor -o no --failures theirs k.txtar", "--failures theirs: theirs/k/capture.pcapng would be lost: it does not seem to be of a run of ftplab, because no verdict.json of a run is beside it; choose another folder"},
		{"run --tcp gvisor -o ok -w x k.txtar", "--write and --output do not go together: run takes one of them"},
		{"run --tcp gvisor --failures ok -w x k.txtar", "--write and --failures do not go together: run takes one of them"},
		{"run --tcp gvisor --derive 1 -w x k.txtar", "--derive and --write do not go together: run takes one of them"},
		{"run --tcp gvisor --derive 1 --junit x k.txtar", "--derive and --junit do not go together: run takes one of them"},
		{"run --tcp gvisor -o ok --junit x.pcapng k.txtar", "--junit x.pcapng" + exists + "report" + another},
		{"run --tcp gvisor -o ok --tap other/x.pcapng k.txtar", "--tap other/x.pcapng" + exists + "report" + another},
		{"run --tcp gvisor -o ok --junit folder/inner/z.txtar k.txtar", "--junit folder/inner/z.txtar" + exists + "report" + another},
		{"run --tcp gvisor -w new --tap p.json k.txtar", "--tap p.json" + exists + "report" + another},
		{"run --tcp gvisor -w folder/typo.txtar k.txtar", "-w folder/typo.txtar" + exists + "capture" + another},
		{"generate --sessions 1 -w k.txtar", "-w k.txtar" + exists + "capture" + another},
		{"explain --redact -w k.txtar x.pcapng", "-w k.txtar" + exists + "capture" + another},
		{"export zeek k.txtar --capture p.json", "--capture p.json" + exists + "capture" + another},
		{"matrix --table k.txtar", "--table k.txtar" + exists + "table" + another},
		{"extcap --capture --fifo k.txtar", "--fifo k.txtar: this is a file; Wireshark gives a pipe, and `ftplab run -w FILE` writes a file"},
		{"matrix --parallel 0", "--parallel 0: at least 1 was expected"},
		{"baseline learn x.pcapng -o k.txtar", "-o k.txtar" + exists + "profile" + another},
		{"explain --redact -w other/x.pcapng x.pcapng", "-w other/x.pcapng would overwrite x.pcapng" + read},
		{"export zeek k.txtar --capture link", "--capture link would overwrite k.txtar" + read},
		{"generate --sessions 1 --profile p.json -w p.json", "-w p.json would overwrite p.json" + read},
	} {
		stdout, stderr, status := judged(t, strings.Fields(test.args)...)
		if status != exitError || stdout != "" || stderr != "ftplab: "+test.want+"\n" {
			t.Errorf("%s: got status %d, %q and on stderr %q, want %d and %q alone", test.args, status, stdout, stderr, exitError, test.want)
		}
		after := contents(t, ".")
		for name, text := range after {
			if was, ok := before[name]; !ok || was != text {
				t.Errorf("%s: %s was made or changed", test.args, name)
			}
		}
		if len(after) != len(before) {
			t.Fatalf("%s: got %d files and folders, want the %d from before", test.args, len(after), len(before))
		}
	}
}

// TestOutputsThatCannotBeWritten names files in a folder that is not there, folders, and files that may
// not be written: every command says so in the same line, before it does anything.
func TestOutputsThatCannotBeWritten(t *testing.T) {
	capture, profile := captureAndProfile(t)
	t.Chdir(t.TempDir())
	if err := os.Mkdir("folder", 0o777); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"k.txtar": greeting, "x.pcapng": capture} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for command, earlier := range map[string]string{
		"baseline learn x.pcapng -o": profile, "explain x.pcapng --redact -w": capture, "export zeek k.txtar --capture": capture,
		"generate --sessions 1 -w": capture, "matrix --table": tableTitle, "run --tcp gvisor k.txtar -w": capture,
		"run --tcp gvisor k.txtar --junit": "<testsuite", "run --tcp gvisor k.txtar --tap": "TAP version 14\n",
	} {
		if err := os.WriteFile("locked", []byte(earlier), 0o444); err != nil {
			t.Fatal(err)
		}
		before := contents(t, ".")
		for path, want := range map[string]string{
			"no/x":   "no/x cannot be used, because there is no folder no; make it, or check the path",
			"folder": "folder is a folder; a file was expected",
			"locked": "there is no permission to use locked; choose another path, or change its permissions",
		} {
			if path == "locked" && os.Geteuid() == 0 {
				continue // who may write all files
			}
			_, stderr, status := judged(t, strings.Fields(command+" "+path)...)
			if status != exitError || stderr != "ftplab: "+want+"\n" {
				t.Errorf("%s %s: got status %d, %q, want %d, %q", command, path, status, stderr, exitError, want)
			}
		}
		if after := contents(t, "."); !maps.Equal(after, before) {
			t.Errorf("%s: got the files %q, want those from before", command, slices.Sorted(maps.Keys(after)))
		}
		if err := os.Remove("locked"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOutputsBesideResults names outputs that are near the results and the scenarios of a run,
// and at their places afterwards.
func TestOutputsBesideResults(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"k", "old/k"} {
		if err := os.MkdirAll(name, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile("k/k.txtar", []byte(greeting), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args  string
		files []string
	}{
		{"-o new/rr --junit ./new/rr/j.xml --tap new/rr/x.tap", []string{"new/rr/j.xml", "new/rr/x.tap", "new/rr/k/capture.pcapng", "k/k.txtar"}},
		{"-o old --junit old/k/j.xml", []string{"old/k/j.xml", "old/k/capture.pcapng"}},
		{"-o .", []string{"k/k.txtar", "k/capture.pcapng"}},
		{"-o dev --junit " + os.DevNull + " --tap " + os.DevNull, []string{"dev/k/capture.pcapng"}},
		{"-w w.pcapng --junit w.xml", []string{"w.pcapng", "w.xml"}},
	} {
		args := append([]string{"run", "--tcp", "gvisor"}, append(strings.Fields(test.args), "k/k.txtar")...)
		stdout, stderr, status := judged(t, args...)
		if status != exitPassed || stderr != "" {
			t.Errorf("%s: got status %d, %s%s, want %d", test.args, status, stdout, stderr, exitPassed)
		}
		for _, name := range test.files {
			if info, err := os.Stat(name); err != nil || info.Size() == 0 {
				t.Errorf("%s: %s is missing or empty: %v", test.args, name, err)
			}
		}
	}
	if _, _, status := judged(t, "run", "--tcp", "gvisor", "-o", "none", "--junit", "none/no/x", "k/k.txtar"); status != exitError {
		t.Errorf("a report in a folder that a run does not make: got status %d, want %d", status, exitError)
	}
	if _, err := os.Stat("none"); err == nil {
		t.Error("a folder was made for a run that was refused")
	}
}

// TestStandardOutput writes outputs to -, the standard output: what else the command says is on
// stderr then, and no file is made.
func TestStandardOutput(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("k.txtar", []byte(greeting), 0o644); err != nil {
		t.Fatal(err)
	}
	const totals = "0 passed, 0 failed, 1 recorded, in "
	for _, test := range []struct{ args, begins, stderr string }{
		{"run --tcp gvisor --junit - k.txtar", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite ", totals},
		{"run --tcp gvisor --tap - k.txtar", "TAP version 14\n1..1\nok 1 - k ", totals},
		{"run --tcp gvisor --json --tap - k.txtar", "TAP version 14\n1..1\nok 1 - k ", `{"scenario":"k",`},
		{"run --tcp gvisor -w - k.txtar", "\x0a\x0d\x0d\x0a", totals},
		{"export zeek k.txtar --capture -", "\xd4\xc3\xb2\xa1", ""},
		{"generate --sessions 1 -w -", "\x0a\x0d\x0d\x0a", ""},
		{"explain --redact -w - results/k/capture.pcapng", "\x0a\x0d\x0d\x0a", ""},
	} {
		stdout, stderr, status := judged(t, strings.Fields(test.args)...)
		if status != exitPassed || !strings.HasPrefix(stdout, test.begins) || strings.Contains(stdout, totals) || !strings.Contains(stderr, test.stderr) {
			t.Errorf("%s: got status %d, %.100q and on stderr %q, want %d, %q and %q", test.args, status, stdout, stderr, exitPassed, test.begins, test.stderr)
		}
	}
	if files, _ := filepath.Glob("*"); strings.Join(files, " ") != "k.txtar results" {
		t.Errorf("got the files %q, want the scenario and its results", files)
	}
}

// TestOutputsThatAreBrokenLinks names outputs that are symbolic links to what is not there: a file
// is made where the link leads, if it can be; else one line says what is wrong. The links stay.
func TestOutputsThatAreBrokenLinks(t *testing.T) {
	capture, err := os.ReadFile(galleryCapture)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"k.txtar": greeting, "x.pcapng": string(capture)} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("res", 0o777); err != nil {
		t.Fatal(err)
	}
	links := map[string]string{"near": "made", "far": "no/made", "res/k": "gone", "n.txtar": "new", "loop": "loop", "index": "res2/index.html"}
	for name, target := range links {
		if err := os.Symlink(target, name); err != nil {
			t.Skip(err)
		}
	}
	before := contents(t, ".")
	broken := func(link string) string {
		return link + " is a symbolic link to " + links[link] + ", which does not exist; remove the link or correct it\n"
	}
	for _, test := range []struct {
		args, want string
		made       string
	}{
		{"run --tcp gvisor -o near k.txtar", "error     k\nftplab: cannot make the results folder (-o): " + broken("near"), ""},
		{"run --tcp gvisor -o far/sub k.txtar", "error     k\nftplab: cannot make the results folder (-o): " + broken("far"), ""},
		{"run --tcp gvisor -o res k.txtar", "error     k\nftplab: cannot write the results: " + broken("res/k"), ""},
		{"run --tcp gvisor --failures near k.txtar", "ftplab: --failures: " + broken("near"), ""},
		{"run --tcp gvisor -w far k.txtar", "ftplab: " + broken("far"), ""},
		{"run --tcp gvisor -w near --junit made k.txtar", "ftplab: --junit made and -w near are the same; choose another name for one of them\n", ""},
		{"run --tcp gvisor -o res2 --junit index k.txtar", "ftplab: --junit index: a run replaces or removes this path itself (-o res2); choose another name\n", ""},
		{"new n.txtar", "ftplab: " + broken("n.txtar"), ""},
		{"explain --extract near x.pcapng", "ftplab: " + broken("near"), ""},
		{"explain --redact -w far x.pcapng", "ftplab: " + broken("far"), ""},
		{"explain --redact -w loop x.pcapng", "ftplab: loop is a symbolic link to itself; remove the link or correct it\n", ""},
		{"run --tcp gvisor -o loop k.txtar", "error     k\nftplab: cannot make the results folder (-o): loop is a symbolic link to itself; remove the link or correct it\n", ""},
		{"explain --extract loop x.pcapng", "ftplab: loop is a symbolic link to itself; remove the link or correct it\n", ""},
		{"show loop", "ftplab: loop: cannot read the scenario: loop is a symbolic link to itself; remove the link or correct it\n", ""},
		{"open loop", "ftplab: loop is a symbolic link to itself; remove the link or correct it\n", ""},
		{"export zeek k.txtar -o near", "ftplab: " + broken("near"), ""},
		{"run --tcp gvisor -w near k.txtar", "", "made"},
		{"explain --redact -w near x.pcapng", "", "made"},
	} {
		_, stderr, status := judged(t, strings.Fields(test.args)...)
		if wanted := map[bool]int{true: exitError, false: exitPassed}[test.want != ""]; status != wanted || stderr != test.want {
			t.Errorf("%s: got status %d and %q, want %d and %q", test.args, status, stderr, wanted, test.want)
		}
		after := contents(t, ".")
		for name, text := range after {
			if was, ok := before[name]; (!ok || was != text) && name != test.made {
				t.Errorf("%s: %s was made or changed", test.args, name)
			}
		}
		for name, target := range links {
			if to, err := os.Readlink(name); err != nil || to != target {
				t.Errorf("%s: the link %s leads to %q: %v", test.args, name, to, err)
			}
		}
		if test.made != "" && os.Remove(test.made) != nil {
			t.Errorf("%s: %s was not made", test.args, test.made)
		}
	}
}

// TestFullStandardOutput prints to a full disk: each command says so, even if it is only help.
func TestFullStandardOutput(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("k.txtar", []byte(greeting), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"", "help", "help want", "help scenario late", "help run", "run -h", "--version", "list", "new mine",
		"run --tcp gvisor k.txtar", "export zeek k.txtar", "generate --sessions 1"} {
		var stderr strings.Builder
		const want = "ftplab: /dev/full cannot be written, because the disk is full; "
		if status := run(t.Context(), strings.Fields(args), strings.NewReader(""), full, &stderr); status != exitError || !strings.HasPrefix(stderr.String(), want) {
			t.Errorf("%s: got status %d, %q, want %d and %q", args, status, stderr.String(), exitError, want)
		}
	}
}

// TestReportsThatCannotBeWritten writes reports to a full disk, and the results of failed
// scenarios to a folder that cannot be made: the totals come before the error.
func TestReportsThatCannotBeWritten(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"k.txtar": greeting, "fails.txtar": "open\n! login anonymous\nquit\n"} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("nowhere", "broken"); err != nil {
		t.Skip(err)
	}
	const full = "ftplab: /dev/full cannot be written, because the disk is full; free some space, or write to another place\n"
	for _, test := range []struct {
		args           string
		totals, stderr string
	}{
		{"--junit /dev/full k.txtar", "0 passed, 0 failed, 1 recorded", full},
		{"--junit /dev/full --tap /dev/full k.txtar fails.txtar", "0 passed, 1 failed, 1 recorded", full + full},
		{"--failures broken/x fails.txtar", "0 passed, 1 failed",
			"ftplab: cannot copy the results of fails: broken is a symbolic link to nowhere, which does not exist; remove the link or correct it\n"},
	} {
		stdout, stderr, status := judged(t, append([]string{"run", "--tcp", "gvisor"}, strings.Fields(test.args)...)...)
		if status != exitError || stderr != test.stderr {
			t.Errorf("%s: got status %d, %q on stderr, want %d, %q", test.args, status, stderr, exitError, test.stderr)
		}
		if !strings.Contains(stdout, "\n"+test.totals+", in ") || !strings.Contains(stdout, "\nNext, in a browser: ") {
			t.Errorf("%s: got %q, want %q and the page to look at next", test.args, stdout, test.totals)
		}
	}
}

// TestRecordingStatus has the exit status of what a person recorded. What the lab itself lost is no failure of theirs.
func TestRecordingStatus(t *testing.T) {
	for _, test := range []struct {
		name string
		r    lab.Recording
		want error
	}{
		{"whole", lab.Recording{}, nil},
		{"a server that ended", lab.Recording{Failures: []string{"a.txtar: the server ended"}}, errFailed},
		{"frames that the lab lost", lab.Recording{Incomplete: "a.txtar: the recording is incomplete"}, errBroken},
		{"both", lab.Recording{Incomplete: "a.txtar: the recording is incomplete", Failures: []string{"a.txtar: the server ended"}}, errBroken},
		{"a wrong capture of which the lab lost frames", lab.Recording{Incomplete: "a.txtar: the recording is incomplete", Verdict: &lab.Verdict{}}, errBroken},
		{"the command's status", lab.Recording{Incomplete: "a.txtar: the recording is incomplete", Status: 7}, exitStatus(7)},
	} {
		var out strings.Builder
		if err := printRecording(&out, &test.r); err != test.want || !strings.Contains(out.String(), test.r.Incomplete) {
			t.Errorf("%s: got the error %v and %q, want %v", test.name, err, out.String(), test.want)
		}
	}
}
