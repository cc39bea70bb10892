package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGenerateRefuses gives flags that make no sense: each is one clear line, status 2, and no
// folder.
func TestGenerateRefuses(t *testing.T) {
	for flags, want := range map[string]string{
		"--rate 0 --sessions 5":             "--rate 0: a positive number",
		"--rate -3 --duration 1h":           "--rate -3: a positive number",
		"--rate NaN --duration 1h":          "--rate NaN: a positive number",
		"--rate Inf --duration 1h":          "--rate +Inf: a positive number",
		"--rate 1e300 --duration 1h":        "more than 1000000000 sessions",
		"--sessions 0":                      "--sessions 0: a positive number",
		"--sessions -1":                     "--sessions -1: a positive number",
		"--sessions 5 --duration 0":         "--duration 0s: a positive number",
		"--sessions 5 --duration 1us":       "--duration 1µs: at least 1s",
		"--sessions 5 --rotate 1":           "--rotate 1: a size such as 100MB was expected, of at least 64kB",
		"--sessions 5 --rotate x":           "--rotate x: a size such as 100MB",
		"--sessions 5 --part 0":             "--part 0: a positive number",
		"--sessions 5 --abnormal 1.5":       "--abnormal 1.5: a number from 0 to 1",
		"--sessions 5 --labels csv,csv":     "--labels has csv twice",
		"--sessions 5 --labels xml":         "--labels xml: csv or parquet",
		"--sessions 5 -w - --part 3":        "--write and --part do not go together",
		"--sessions 5 -w - --zeek tsv":      "--write and --zeek do not go together",
		"--sessions 5 --profile vsftpd":     "and those of real programs, SERVER-CLIENT, such as vsftpd-wget; `ftplab help generate` lists all",
		"--sessions 5 --profile ofice":      "did you mean office?",
		"--sessions 5 --profile vsftpdcurl": "did you mean vsftpd-curl?",
		"":                                  "the number of sessions is missing",
	} {
		folder := filepath.Join(t.TempDir(), "corpus")
		args := append([]string{"generate"}, strings.Fields(flags)...)
		if !strings.Contains(flags, "-w") {
			args = append(args, "-o", folder)
		}
		var out, errs bytes.Buffer
		status := run(t.Context(), args, strings.NewReader(""), &out, &errs)
		if lines := strings.Count(errs.String(), "\n"); status != exitError || lines != 1 || !strings.Contains(errs.String(), want) || out.Len() > 0 {
			t.Errorf("%s: got status %d, %q, want %d and one line with %q", flags, status, errs.String(), exitError, want)
		}
		if _, err := os.Stat(folder); err == nil {
			t.Errorf("%s: got a folder, want none", flags)
		}
	}
}

// TestGenerateSaysWhatItMade makes one part, finds it again, is given other flags, and finds that
// a file is another one.
func TestGenerateSaysWhatItMade(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "corpus")
	recipe := filepath.Join(folder, "corpus.txt")
	for _, test := range []struct {
		flags  string
		want   string
		status int
	}{
		{"--sessions 2", "1 part made: " + recipe + "\n", exitPassed},
		{"--sessions 2", "0 parts made, 1 was there already: " + recipe + "\n", exitPassed},
		{"--sessions 3", "ftplab: " + recipe + ` is of another corpus: it has "sessions 2", "sessions 3" was wanted; choose another folder with -o, or give the same flags` + "\n", exitError},
		{"--sessions 2 --shard 1/2", "0 parts made: " + recipe + "\nthere are fewer parts than shards; a smaller --part makes more of them\n", exitPassed},
	} {
		var out bytes.Buffer
		args := append([]string{"generate", "-o", folder}, strings.Fields(test.flags)...)
		if status := run(t.Context(), args, strings.NewReader(""), &out, &out); status != test.status || out.String() != test.want {
			t.Errorf("%s: got status %d, %q, want %d, %q", test.flags, status, out.String(), test.status, test.want)
		}
	}
	capture := filepath.Join(folder, "part-00000.pcapng")
	if err := os.Truncate(capture, 1000); err != nil {
		t.Fatal(err)
	}
	const known = " has changed since it was made: move it away and give the same command again, which makes it again\n"
	for _, flags := range []string{"--sessions 2", "--recipe " + recipe} {
		var out bytes.Buffer
		status := run(t.Context(), append([]string{"generate", "-o", folder}, strings.Fields(flags)...), strings.NewReader(""), &out, &out)
		if want := "0 parts made, 1 was there already: " + recipe + "\n" + capture + known; status != exitFailed || out.String() != want {
			t.Errorf("%s, a cut capture: got status %d, %q, want %d, %q", flags, status, out.String(), exitFailed, want)
		}
	}
}
