package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFindPage(t *testing.T) {
	t.Chdir(t.TempDir())
	const results = "my results"
	if _, err := findPage("results", nil); err == nil || !strings.HasSuffix(err.Error(), "index.html; ftplab run makes it") {
		t.Errorf("got error %v, want one that says how to make the index", err)
	}
	if _, err := findPage(results, []string{"active_list"}); err == nil || !strings.HasSuffix(err.Error(), "; ftplab run -o 'my results' active_list makes it") {
		t.Errorf("got error %v, want one that says how to make the page", err)
	}
	for _, file := range []string{"index.html", "active_list/walkthrough.html", "active_list/capture.pcapng", "early226/walkthrough.html", "quirks/walkthrough.html"} {
		want := filepath.Join(results, file)
		if err := os.MkdirAll(filepath.Dir(want), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(want, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"pasive_list": "; did you mean passive_list?", "my results/quirk": "; did you mean quirks?",
		"actve_list": "; did you mean active_list?", "passive_list": "; ftplab run -o 'my results' passive_list makes it",
		"my results/mine": "is not a scenario, and has no page in my results; open takes the name of a scenario that ftplab run has run, or the folder of its results",
	} {
		if _, err := findPage(results, []string{name}); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: got error %v, want %q at its end", name, err, want)
		}
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "index.html"},
		{[]string{"active_list"}, "active_list/walkthrough.html"},
		{[]string{"odd/early226"}, "early226/walkthrough.html"},
		{[]string{"tests/early226.txtar"}, "early226/walkthrough.html"},
		{[]string{results}, "index.html"},
		{[]string{results + "/active_list/"}, "active_list/walkthrough.html"},
		{[]string{results + "/active_list/capture.pcapng"}, "active_list/walkthrough.html"},
		{[]string{results + "/active_list/walkthrough.html"}, "active_list/walkthrough.html"},
	} {
		got, err := findPage(results, test.args)
		want, absErr := filepath.Abs(filepath.Join(results, test.want))
		if err != nil || absErr != nil || got != want {
			t.Errorf("%v: got %q, %v, want %s", test.args, got, err, test.want)
		}
	}
}

// TestBrowserCommand reads BROWSER: a path with a blank, and programs with arguments.
func TestBrowserCommand(t *testing.T) {
	blank := filepath.Join(t.TempDir(), "my browser.exe")
	if err := os.WriteFile(blank, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for named, want := range map[string][]string{
		"firefox":                     {"firefox", "file:///a"},
		"firefox --new-window":        {"firefox", "--new-window", "file:///a"},
		"echo %s":                     {"echo", "file:///a"},
		"my-browser --app=%s --quiet": {"my-browser", "--app=file:///a", "--quiet"},
		blank:                         {blank, "file:///a"},
	} {
		t.Setenv("BROWSER", named)
		if got := browser("file:///a"); !slices.Equal(got, want) {
			t.Errorf("BROWSER=%q: got %q, want %q", named, got, want)
		}
	}
}

func TestNoBrowser(t *testing.T) {
	t.Setenv("BROWSER", "no-such-browser")
	if err := browse(pageAddress("/tmp/index.html")); err == nil || !strings.Contains(err.Error(), "BROWSER") {
		t.Errorf("got error %v, want one that says what to do", err)
	}
}
