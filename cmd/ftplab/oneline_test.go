package main

import (
	"errors"
	"os"
	"strings"
	"testing"
	"unicode"
)

// TestMessagesAreOneLine gives every argument and flag that takes a word of the user one that has a
// line break, and an escape sequence of terminals. The message is one line, and has neither.
func TestMessagesAreOneLine(t *testing.T) {
	t.Chdir(t.TempDir())
	const word = "no\nsuch\x1b[31m"
	if err := os.WriteFile("no.json", []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("odd.txtar", []byte("open\nsession \"a\\nb\" moon\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{
		"run odd.txtar", "show --help=WORD", "serve odd.txtar", "check odd.txtar x",
		"WORD", "help WORD", "completion WORD", "baseline WORD",
		"run WORD", "run WORD.txtar", "run WORD/x.txtar", "run WORD/", "run WORD*", "run WORD[", "run odd/WORD", "run --WORD", "run WORD,WORD",
		"run -o WORD/x/ WORD", "run -o ./no.json/WORD active_list", "run --failures no.json/WORD -o x active_list", "run --junit WORD/x active_list", "run --tap WORD/x active_list", "run -w WORD/x active_list",
		"run --tcp WORD", "run --notes WORD", "run -F WORD active_list", "run --seed WORD", "run --parallel WORD", "run --derive WORD",
		"shell WORD", "shell WORD.txtar", "shell active_list WORD", "serve WORD", "serve WORD.txtar", "serve --listen WORD active_list", "serve --port WORD active_list",
		"check WORD x", "check WORD.txtar x", "check active_list WORD", "check active_list WORD/x", "check --keylog WORD active_list x",
		"derive WORD", "derive --scenario WORD x", "derive --scenario WORD.txtar x", "derive --keylog WORD x",
		"explain WORD", "explain --keylog WORD x", "explain --extract WORD x", "explain --live WORD", "explain --notes WORD x", "explain --html --notes WORD x", "explain --redact -w WORD/x x", "explain --follow WORD",
		"new WORD/x", "new WORD", "show WORD", "show odd/WORD", "open WORD", "open -o WORD active_list", "open -o WORD",
		"exercise WORD --students x -o y", "exercise who_connects --students WORD -o y", "exercise who_connects --students no.json -o WORD/x/y", "exercise --seed WORD who_connects --students x -o y", "grade WORD x", "grade . WORD",
		"generate --profile WORD --sessions 3", "generate --recipe WORD", "generate --sessions WORD", "generate --sessions 3 -o ./no.json/WORD", "generate --sessions 3 -w WORD/x", "generate --sessions 3 --from WORD", "generate --sessions 3 --labels WORD",
		"generate --sessions 3 --zeek WORD", "generate --sessions 3 --shard WORD", "generate --sessions 3 --rotate WORD", "generate --sessions 3 --duration WORD", "generate --sessions 3 -F WORD", "generate --sessions 3 --rate WORD",
		"conform --config WORD -- x $CONFIG", "conform --user WORD", "conform --tcp WORD", "conform WORD", "conform -o ./no.json/WORD", "conform -- WORD", "conform --client -- WORD",
		"matrix -o ./no.json/WORD", "matrix --table WORD/x", "matrix --parallel WORD",
		"export WORD active_list", "export zeek WORD", "export zeek active_list -o ./no.json/WORD", "export zeek active_list --capture WORD/x",
		"web -o ./no.json/WORD", "capture WORD", "capture -o no.json/WORD lo", "articles -o ./no.json/WORD",
		"baseline check WORD", "baseline check --normal WORD x", "baseline check --suppress WORD x", "baseline check --format WORD x", "baseline check --live WORD", "baseline check --keylog WORD x",
		"baseline learn WORD", "baseline learn WORD.json", "baseline learn x -o WORD/x", "baseline compare WORD office", "baseline compare office WORD", "baseline show WORD", "baseline show WORD.json",
	} {
		args := strings.Fields(command)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "WORD", word)
		}
		stdout, stderr, status := judged(t, args...)
		messages := 0
		for line := range strings.Lines(stderr) {
			line, ended := strings.CutSuffix(line, "\n")
			isMessage := strings.HasPrefix(line, "ftplab: ")
			if isMessage {
				messages++
			}
			if !ended || !isMessage && !strings.HasPrefix(line, "error     ") || strings.ContainsFunc(line, unicode.IsControl) {
				t.Errorf("%s: got the line %q", command, line)
			}
		}
		if status != exitError || messages != 1 || strings.Count(stdout, "\n") > 1 || stdout != "" && args[0] != "run" {
			t.Errorf("%s: got status %d, %q on stderr and %q, want %d and one line", command, status, stderr, stdout, exitError)
		}
	}
}

// TestMessageWithLog keeps the lines of a log below a message, and has no control character in them.
func TestMessageWithLog(t *testing.T) {
	var b strings.Builder
	printError(&b, errors.New("no\nsuch: boom\n\tfirst\x1b[31m\n\tbefore\rit"))
	if got, want := b.String(), `ftplab: no\nsuch: boom`+"\n\tfirst"+`\x1b[31m`+"\n\tbefore"+`\rit`+"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
