package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftplab/lab/scenario"
	"ftplab/scenarios"
	"ftplab/scenarios/odd"
)

// TestArguments gives every command too few or too many arguments.
func TestArguments(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"articles x", "articles takes no arguments"},
		{"list x", "list takes no arguments"},
		{"open a b", "open takes the name of one scenario, or nothing for the index of all"},
		{"explain", "explain takes one capture; - is the standard input"},
		{"explain a b", "explain takes one capture; - is the standard input"},
		{"derive", "derive takes one capture; - is the standard input"},
		{"check active_list", "check takes a scenario, by its name or its file, and a capture; - is the standard input"},
		{"check a b c", "check takes a scenario, by its name or its file, and a capture; - is the standard input"},
		{"baseline", "baseline takes one of the commands show, rules, check, learn and compare"},
		{"baseline chek", `unknown command "chek"; did you mean check?`},
		{"completion", "completion takes one of the shells bash, fish, powershell and zsh"},
		{"completion tclsh-8", "unknown command \"tclsh-8\"; `ftplab completion -h` lists them"},
		{"baseline show a b", "baseline show takes one profile, or nothing for the one that comes with ftplab"},
		{"baseline check", "baseline check takes captures, or folders with captures; - is the standard input"},
		{"baseline learn", "baseline learn takes captures to learn from, and profiles (.json) to add them to"},
		{"serve", "serve takes one scenario; `ftplab list` lists them, or give the path of a file of your own"},
		{"shell a b", "shell takes one scenario; `ftplab list` lists them, or give the path of a file of your own; a command comes after --"},
		{"capture", "capture takes one network device, such as eth0"},
		{"chek", `unknown command "chek"; did you mean check?`},
		{"teleport", "unknown command \"teleport\"; `ftplab -h` lists them"},
		{"baseline teleport", "unknown command \"teleport\"; `ftplab baseline -h` lists them"},
		{"help wants", `unknown command "wants"; did you mean want?`},
		{"help derve", `unknown command "derve"; did you mean derive or serve?`},
		{"explain --md --html x", "--html and --md do not go together: explain takes one of them"},
		{"extcap --install --seed 7", "--install and --seed do not go together: extcap takes one of them"},
		{"extcap --capture --install", "--install and --capture do not go together: extcap takes one of them"},
		{"run activ_list", "there is no scenario \"activ_list\"; did you mean active_list? `ftplab list` lists them, or give the path of a file of your own"},
		{"run odd/abor_[2", `"abor_[2": this pattern has a [ without a ], or a \ at its end`},
		{"run --ouput x", "unknown flag: --ouput; did you mean --output?"},
		{"run --no-such x", "unknown flag: --no-such; `ftplab run -h` lists them"},
		{"conform --client curl -sS ftp://$SERVER/", "unknown flag: -s; a COMMAND with flags of its own comes after --; `ftplab conform -h` lists those of conform"},
		{"shell active_list curl --silent", "unknown flag: --silent; a COMMAND with flags of its own comes after --; `ftplab shell -h` lists those of shell"},
		{"run --derive 0 active_list", "--derive 0: at least 1 was expected"},
		{"run --derive 2 active_list passive_list", "--derive takes one scenario, and there are 2"},
		{"run --notes maybe active_list", "--notes maybe: shown, hidden or none was expected"},
		{"run --junit /nowhere/x active_list", "/nowhere/x cannot be used, because there is no folder /nowhere; make it, or check the path"},
		{"explain --notes none x", "--notes goes with --html"},
		{"exercise who_connects", "exercise needs --students FILE, with the class, and -o FOLDER, which it makes"},
		{"new .", "new takes a file, and . is a folder; write mine.txtar, for example"},
		{"new ../a/", "new takes a file, and ../a/ is a folder; write ../a/mine.txtar, for example"},
		{"open results/t", `"results/t" is not a scenario, and has no page in results; open takes the name of a scenario that ftplab run has run, or the folder of its results`},
		{"open -o mine odd/early226", "there is no mine/early226/walkthrough.html; ftplab run -o mine odd/early226 makes it"},
		{"conform a&b 'c", `the command comes after --, such as: ftplab conform -- 'a&b' ''\''c'`},
		{"grade a", "grade takes a folder with exercises and a folder with answers"},
		{"run -o", "--output: a folder was expected after it"},
		{"run --tcp", "--tcp: a value was expected after it"},
		{"run -F pcap -F", "--format: a value was expected after it"},
		{"explain --live", "--live: a network device, such as eth0, was expected after it"},
		{"open pasive_list", "there is no results/pasive_list/walkthrough.html; did you mean passive_list?"},
		{"run --parallel x", "--parallel x: a whole number was expected"},
		{"generate --sessions 3 --seed x", "--seed x: a whole number from 1 was expected"},
		{"generate --sessions 3 --seed 0", "--seed 0: a whole number from 1 was expected"},
		{"run --seed 0 active_list", "--seed 0: a whole number from 1 was expected"},
		{"run --seed -1 active_list", "--seed -1: a whole number from 1 was expected"},
		{"exercise --seed -1 -o x active_list", "--seed -1: a whole number from 1 was expected"},
		{"serve --port 0 active_list", "--port 0: a port from 1 to 65535 was expected"},
		{"serve --port 65536 active_list", "--port 65536: a port from 1 to 65535 was expected"},
		{"generate --sessions 3 --abnormal x", "--abnormal x: a number was expected"},
		{"generate --sessions 3 --abnormal 2", "--abnormal 2: a number from 0 to 1 was expected"},
		{"generate --sessions 3 --duration 1d", "--duration 1d: a duration, such as 30s or 24h, was expected"},
		{"conform --user anonymous", `--user "anonymous": NAME:PASSWORD was expected, such as alice:secret or anonymous:me@mypc.test`},
		{"conform --client --user :x -- true", `--user ":x": NAME:PASSWORD was expected, such as alice:secret or anonymous:me@mypc.test`},
		{"conform --client --user alice: -- true", `--user "alice:": NAME:PASSWORD was expected, such as alice:secret or anonymous:me@mypc.test`},
		{"run -o - active_list", "--output -: a folder was expected"},
		{"run --failures - active_list", "--failures -: a folder was expected"},
		{"explain --extract - x", "--extract -: a folder was expected"},
		{"web -o -", "--output -: a folder was expected"},
		{"explain --keylog - x", "--keylog -: a file was expected"},
		{"generate --recipe -", "--recipe -: a file was expected"},
		{"baseline check --suppress - x", "--suppress -: a file was expected"},
		{"exercise --students - -o x active_list", "--students -: a file was expected"},
		{"run --junit= active_list", `--junit "": a file was expected`},
		{"run --output= active_list", `--output "": a folder was expected`},
		{"help scenario nix", "unknown command \"nix\"; `ftplab scenario -h` lists them"},
		{"help want x", "unknown command \"x\"; `ftplab want -h` lists them"},
	} {
		stdout, stderr, status := judged(t, strings.Fields(test.args)...)
		if status != exitError || stderr != "ftplab: "+test.want+"\n" || stdout != "" {
			t.Errorf("%s: got status %d, %q on stderr and %q, want %d and %q alone", test.args, status, stderr, stdout, exitError, test.want)
		}
	}
	for _, empty := range [][]string{{"explain", ""}, {"check", "active_list", ""}, {"derive", ""}, {"baseline", "check", ""}, {"capture", ""}, {"show", ""}} {
		if _, stderr, status := judged(t, empty...); status != exitError || !strings.HasPrefix(stderr, "ftplab: \"\" is empty; "+strings.Fields(strings.Join(empty, " "))[0]) {
			t.Errorf("%q: got status %d and %q, want that the argument is empty", empty, status, stderr)
		}
	}
	if _, stderr, status := judged(t, "new", ""); status != exitError || stderr != "ftplab: \"\" is empty; new takes one file, such as mine.txtar\n" {
		t.Errorf("got status %d, %q for a file without a name", status, stderr)
	}
	if _, stderr, status := judged(t, ""); status != exitError || strings.Contains(stderr, "did you mean") {
		t.Errorf("got status %d, %q for an empty word, which no command resembles", status, stderr)
	}
	for _, args := range [][]string{{}, {"help"}, {"help", "want"}, {"help", "scenario"}, {"help", "scenario", "late"}, {"help", "baseline", "check"}} {
		if stdout, stderr, status := judged(t, args...); status != exitPassed || stdout == "" {
			t.Errorf("%v: got status %d, %q on stderr and %q, want help", args, status, stderr, stdout)
		}
	}
}

// TestMistakesOfAFolder runs a folder in which some scenarios have mistakes. It names all of
// them, runs the others, and has both in the report for continuous integration.
func TestMistakesOfAFolder(t *testing.T) {
	folder := t.TempDir()
	for name, source := range map[string]string{"a.txtar": "opne\nlgin\n", "b.txtar": "open\nquit\n", "c.txtar": "open\nqiut\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(source), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tap := filepath.Join(folder, "x.tap")
	stdout, stderr, status := judged(t, "run", "--tcp", "gvisor", "-o", t.TempDir(), "--tap", tap, folder)
	var got []string
	for line := range strings.Lines(stderr) {
		place, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "ftplab: "+folder+"/"), ": ")
		got = append(got, place)
	}
	if want := "error     a a.txtar:1 a.txtar:2 error     c c.txtar:2"; status != exitError || strings.Join(got, " ") != want {
		t.Errorf("got status %d, mistakes %q, want %d and %s", status, got, exitError, want)
	}
	if want := "\n0 passed, 0 failed, 1 recorded, 2 errors"; !strings.Contains(stdout, "recorded  b ") || !strings.Contains(stdout, want) {
		t.Errorf("got %q, want that b was run, and %q", stdout, want)
	}
	report, err := os.ReadFile(tap)
	for _, want := range []string{"1..3\nok 1 - b # SKIP", "not ok 2 - a\n# error\n# " + folder + "/a.txtar:1: ", "not ok 3 - c\n"} {
		if !strings.Contains(string(report), want) {
			t.Errorf("the report: got %q, error %v, want in it %q", report, err, want)
		}
	}
	if stdout, _, status := judged(t, "run", "-w", "-", folder); status != exitError || stdout != "" {
		t.Errorf("a capture of one scenario: got status %d and %q, want %d and nothing", status, stdout, exitError)
	}
}

// TestMistakesOfFiles runs files, of which some have mistakes or cannot be read: the others run, as
// those of a folder do. A mistake in a file that is given twice is printed once.
func TestMistakesOfFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, source := range map[string]string{"typo.txtar": "opne\n", "folder/b.txtar": "open\nquit\n", "folder/c.txtar": "open\nqiut\n"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(source), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"link": "folder", "loop": "loop"} {
		if err := os.Symlink(to, name); err != nil {
			t.Skip(err)
		}
	}
	if err := os.WriteFile("two\nlines.txtar", []byte("open\nquit\n"), 0o644); err != nil {
		t.Skip(err)
	}
	stdout, stderr, status := judged(t, "run", "--tcp", "gvisor", "-o", "results", "--junit", "x.xml",
		"typo.txtar", "missing.txtar", "loop", "folder/.", "./folder", "folder/c.txtar", "link", "two\nlines.txtar")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	want := `error     typo
ftplab: typo.txtar:1: unknown setting or step "opne"; did you mean open?
error     missing
ftplab: missing.txtar: cannot read the scenario: there is no file or folder missing.txtar in ` + here + `; check the path
error     loop
ftplab: loop: cannot read the scenario: loop is a symbolic link to itself; remove the link or correct it
error     c
ftplab: folder/c.txtar:2: unknown setting or step "qiut"; did you mean quit?
error     two\x0alines
ftplab: "two\nlines.txtar":1: the name of the file has a control character, such as a line break; rename the file
`
	if status != exitError || stderr != want || !strings.Contains(stdout, "\n0 passed, 0 failed, 1 recorded, 5 errors") {
		t.Errorf("got status %d, %q and on stderr\n%s\nwant %d, that one was run, and\n%s", status, stdout, stderr, exitError, want)
	}
	if report, err := os.ReadFile("x.xml"); err != nil || !strings.Contains(string(report), `tests="6" failures="0" errors="5"`) {
		t.Errorf("got the report %s, %v, want 6 tests and 5 errors", report, err)
	}
}

// TestUnknownHostOfWant checks a capture by a scenario whose want declares a host that is not
// there: the one mistake is that of the declaration.
func TestUnknownHostOfWant(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.txtar")
	if err := os.WriteFile(file, []byte("open\nquit\n-- want --\nctl client > sever.21\nctl client > server [S]\nctl server > client [S.]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, stderr, status := judged(t, "check", file, "no.pcap")
	if want := "ftplab: " + file + ":4: there is no host \"sever\"; did you mean server?\n"; stderr != want || status != exitError {
		t.Errorf("got status %d and %q, want %d and %q", status, stderr, exitError, want)
	}
}

// TestIndexAfterMistake runs a scenario, and again when its file has a mistake: the index says
// that it was not run now, and still leads to the earlier result.
func TestIndexAfterMistake(t *testing.T) {
	folder := t.TempDir()
	file, results := filepath.Join(folder, "a.txtar"), filepath.Join(folder, "results")
	for _, run := range []struct{ source, want string }{
		{"open\nquit\n", "<h1>0 passed, 0 failed, 1 recorded</h1>"},
		{"open\nqiut\n", "<h1>0 passed, 0 failed, 1 error</h1>"},
	} {
		if err := os.WriteFile(file, []byte(run.source), 0o644); err != nil {
			t.Fatal(err)
		}
		judged(t, "run", "--tcp", "gvisor", "-o", results, file)
		page, err := os.ReadFile(filepath.Join(results, "index.html"))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{run.want, `href="a/walkthrough.html">a</a>`} {
			if !strings.Contains(string(page), want) {
				t.Errorf("after %q: got %s, want %s", run.source, page, want)
			}
		}
	}
}

// TestFilesOfOthersStay names files that are there already for results of another kind, and
// for those of a run that cannot begin: they stay as they are.
func TestFilesOfOthersStay(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, test := range []struct {
		file, text string
		args       string
		want       string // on stderr
	}{
		{"mine.txtar", "open\nquit\n", "baseline learn x.pcapng -o mine.txtar", "-o mine.txtar: this file exists and is not a profile; choose another name"},
		{"junit.xml", "<testsuites></testsuites>\n", "run --tcp gvisor -o none --junit junit.xml --tap no/x active_list", "no/x cannot be used"},
		{"x.tap", "TAP version 14\n1..0\n", "run --tcp gvisor -o none --junit no/x --tap x.tap active_list", "no/x cannot be used"},
		{"earlier.xml", "<?xml version=\"1.0\"?>\n<testsuite></testsuite>\n", "run --tcp gvisor --junit earlier.xml -w a/b active_list", "a/b cannot be used"},
	} {
		if err := os.WriteFile(test.file, []byte(test.text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, stderr, status := judged(t, strings.Fields(test.args)...)
		if status != exitError || !strings.Contains(stderr, test.want) {
			t.Errorf("%s: got status %d and %q, want %d and %q", test.args, status, stderr, exitError, test.want)
		}
		if text, err := os.ReadFile(test.file); string(text) != test.text {
			t.Errorf("%s: %s has %q, error %v, want what was in it", test.args, test.file, text, err)
		}
	}
}

// TestScenarioNames gives run names that are almost those of a file here, and an empty one.
func TestScenarioNames(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("base.txtar", []byte("open\nquit\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"base":     `there is no scenario "base" among those that come with ftplab; for the file, write base.txtar`,
		"base.txt": `there is no scenario "base.txt" among those that come with ftplab; for the file, write base.txtar`,
		"":         "the name of a scenario is empty; leave it out to select all of them",
	} {
		if _, stderr, status := judged(t, "run", name); status != exitError || stderr != "ftplab: "+want+"\n" {
			t.Errorf("run %q: got status %d, %q, want %d, %q", name, status, stderr, exitError, want)
		}
	}
}

// TestCompletion asks for what the shell offers.
func TestCompletion(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"help", "scenario\tHow"}, {"help scenario", "late\n"},
		{"run --tcp", "auto\nlinux\ngvisor\n:4\n"}, {"conform --tcp", "auto\nlinux\ngvisor\n:4\n"},
		{"run --format", "pcapng\npcap\n:4\n"}, {"generate -F", "pcapng\npcap\n:4\n"}, {"baseline check --format", "zeek\n"},
		{"generate --profile", "vsftpd-wget\n"}, {"baseline show", "office\n"}, {"baseline check --normal", "office\n"},
		{"exercise", strings.Join(scenarios.Lessons().Names, "\n") + "\n:0\n"},
	} {
		stdout, _, _ := judged(t, append(strings.Fields("__complete "+test.args), "")...)
		if !strings.Contains(stdout, test.want) || test.args == "exercise" && strings.Contains(stdout, "active_list") { // which has no questions
			t.Errorf("%s: got %s, want %s among it", test.args, stdout, test.want)
		}
	}
}

// TestFilesThatAreNoCapture gives every command that reads a capture files that are no
// captures, or captures without a packet.
func TestFilesThatAreNoCapture(t *testing.T) {
	t.Chdir(t.TempDir())
	var header bytes.Buffer
	binary.Write(&header, binary.LittleEndian, []uint32{0xa1b2c3d4, 2 | 4<<16, 0, 0, 65535, 1})
	block := []uint32{0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff, 28}
	var section bytes.Buffer
	binary.Write(&section, binary.LittleEndian, block)
	for name, content := range map[string][]byte{
		"empty.pcap": nil, "half.pcap": header.Bytes()[:12], "text.pcap": []byte("hello\n"),
		"header.pcap": header.Bytes(), "header.pcapng": section.Bytes(),
	} {
		if err := os.WriteFile(name, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("folder", 0o777); err != nil {
		t.Fatal(err)
	}
	commands := []string{"explain FILE", "explain --packets FILE", "explain --md FILE", "check active_list FILE", "derive FILE", "baseline check FILE", "baseline learn FILE"}
	for _, command := range commands {
		for _, test := range []struct{ file, want string }{
			{"empty.pcap", "empty.pcap: not a capture: only 0 bytes long"},
			{"half.pcap", "half.pcap: not a capture: cut off in the header of the file"},
			{"text.pcap", `text.pcap: not a capture: it begins with "hell", unlike every format of captures that ftplab reads`},
			{"folder", "folder is a folder; a capture file was expected"},
			{"none.pcap", "there is no file or folder none.pcap in "},
			{"header.pcap", "header.pcap: there is no "},
			{"header.pcapng", "header.pcapng: there is no "},
		} {
			if command == "baseline check FILE" && test.file == "folder" {
				continue // which it takes: see TestBaselineCheckFolder
			}
			command := strings.Replace(command, "FILE", test.file, 1)
			stdout, stderr, status := judged(t, strings.Fields(command)...)
			if strings.HasPrefix(command, "explain") && strings.HasPrefix(test.file, "header") {
				if status != exitPassed || stderr != "" {
					t.Errorf("%s: got status %d and %q, want the story of no packets", command, status, stderr)
				}
				continue
			}
			if strings.HasPrefix(command, "baseline check") && strings.HasPrefix(test.file, "header") {
				if want := test.file + ": cannot be judged (0 packets"; status != exitUnjudged || stderr != "" || !strings.HasPrefix(stdout, want) {
					t.Errorf("%s: got status %d, %q on stderr and %q, want %d and %q", command, status, stderr, stdout, exitUnjudged, want)
				}
				continue
			}
			if status != exitError || !strings.HasPrefix(stderr, "ftplab: "+test.want) || strings.Count(stderr, "\n") != 1 || stdout != "" {
				t.Errorf("%s: got status %d, %q on stderr and %q, want %d and %q alone", command, status, stderr, stdout, exitError, test.want)
			}
		}
	}
}

// TestStandardInputThatIsNoCapture is the same with an empty standard input.
func TestStandardInputThatIsNoCapture(t *testing.T) {
	for _, command := range []string{"explain -", "derive -", "check active_list -", "baseline check -", "baseline learn -"} {
		_, stderr, status := judged(t, strings.Fields(command)...)
		if want := "ftplab: standard input: not a capture: only 0 bytes long\n"; status != exitError || stderr != want {
			t.Errorf("%s: got status %d and %q, want %d and %q", command, status, stderr, exitError, want)
		}
	}
}

// TestLearnNothing asks that the earlier profile stays when a capture has no session.
func TestLearnNothing(t *testing.T) {
	profile := filepath.Join(t.TempDir(), "normal.json")
	if _, stderr, status := judged(t, "baseline", "learn", galleryCapture, "-o", profile); status != exitPassed {
		t.Fatalf("got status %d and %s", status, stderr)
	}
	before, err := os.ReadFile(profile)
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other.pcap")
	var file bytes.Buffer
	binary.Write(&file, binary.LittleEndian, []uint32{0xa1b2c3d4, 2 | 4<<16, 0, 0, 65535, 1, 1700000000, 0, 60, 60})
	file.Write(make([]byte, 60))
	if err := os.WriteFile(other, file.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	_, stderr, status := judged(t, "baseline", "learn", profile, other, "-o", profile)
	if want := "ftplab: " + other + ": there is no FTP session in this capture, so nothing was learned\n"; status != exitError || stderr != want {
		t.Errorf("got status %d and %q, want %d and %q", status, stderr, exitError, want)
	}
	if after, err := os.ReadFile(profile); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the profile was changed (%v)", err)
	}
}

// TestNamedLikeAFolder asks for a scenario where a run has left a folder of its name.
func TestNamedLikeAFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("active_list", 0o777); err != nil {
		t.Fatal(err)
	}
	if s, err := selectOne("active_list"); err != nil || len(s) != 1 || s[0].Name != "active_list" {
		t.Errorf("got %v, %v; want the scenario", s, err)
	}
	if s, err := selectOne("./active_list"); err == nil {
		t.Errorf("got %v for the path of the folder, want an error", s)
	}
}

// TestFolderWithUnreadableFiles selects a folder, by a link to it, in which files cannot be read.
// The others can run, as beside files with mistakes.
func TestFolderWithUnreadableFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, folder := range []string{"tests", "tests/folder.txtar"} {
		if err := os.Mkdir(folder, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile("tests/good.txtar", []byte(greeting), 0o666); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"link": "tests", "tests/broken.txtar": "gone", "tests/also.txtar": "folder.txtar"} {
		if err := os.Symlink(target, name); err != nil {
			t.Skip(err)
		}
	}
	list, err := selectScenarios([]string{"link"})
	if len(list) != 1 || list[0].Name != "good" {
		t.Errorf("got %v, want the scenario good", list)
	}
	const want = "link/broken.txtar: cannot read the scenario: link/broken.txtar is a symbolic link to gone, which does not exist; remove the link or correct it"
	if _, ok := err.(scenario.Errors); !ok || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := selectScenarios([]string{"link/folder.txtar"}); err == nil || err.Error() != "link/folder.txtar: no file in this folder ends in .txtar" {
		t.Errorf("got %v for an empty folder", err)
	}
}

// TestOddNames selects scenarios of the folder scenarios/odd by name, wherever the command runs.
func TestOddNames(t *testing.T) {
	t.Chdir(t.TempDir())
	for arg, want := range map[string]int{"odd/early226": 1, "odd/early*": 1, "odd/*": len(odd.Names())} {
		if s, err := selectScenarios([]string{arg}); err != nil || len(s) != want {
			t.Errorf("%s: got %d scenarios, %v; want %d", arg, len(s), err, want)
		}
	}
	for arg, want := range map[string]string{
		"early226":     `there is no scenario "early226" in the course; did you mean odd/early226?`,
		"odd/early22":  `there is no scenario "odd/early22"; did you mean odd/early226?`,
		"odd/nonsense": `there is no scenario "odd/nonsense"; the folder scenarios/odd of ftplab's source has them all`,
	} {
		if _, err := selectScenarios([]string{arg}); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", arg, err, want)
		}
	}
	if err := os.MkdirAll("odd/early226", 0o777); err != nil { // such as the results of `ftplab run -o odd`
		t.Fatal(err)
	}
	if s, err := selectScenarios([]string{"odd/early226"}); err != nil || len(s) != 1 {
		t.Errorf("beside a folder of that name: got %d scenarios, %v; want 1", len(s), err)
	}
	if err := os.Remove("odd/early226"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("odd/early226", []byte("# Mine\n\nopen\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if s, err := selectScenarios([]string{"odd/early226"}); err != nil || len(s) != 1 || s[0].Title != "Mine" {
		t.Errorf("got %v, %v; want the file of that name", s, err)
	}
	if stdout, stderr, status := judged(t, "show", "odd/early226"); status != exitPassed || !strings.HasPrefix(stdout, "# 226 in front of the data\n") {
		t.Errorf("got status %d, %.50q%s; want the scenario that comes with ftplab", status, stdout, stderr)
	}
}

// TestHintOfQuotes has arguments from which the user's own shell has taken a variable, and others.
func TestHintOfQuotes(t *testing.T) {
	for _, test := range []struct {
		command []string
		want    string
	}{
		{[]string{"curl", "-O", "ftp:///README"}, `"ftp:///README"`},
		{[]string{"lftp", ""}, `""`},
		{[]string{"curl", "ftp://:@/"}, `"ftp://:@/"`},
		{[]string{"wget", "ftp://"}, `"ftp://"`},
		{[]string{"curl", "-O", "ftp://server/", "ftp://$SERVER/"}, ""},
	} {
		var out strings.Builder
		if hintOfQuotes(&out, test.command, "'ftp://$SERVER/'"); test.want == "" && out.Len() > 0 || !strings.Contains(out.String(), test.want) {
			t.Errorf("%q: got %q, want %q in it", test.command, out.String(), test.want)
		}
	}
}
