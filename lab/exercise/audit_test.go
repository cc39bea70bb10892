package exercise

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftplab/lab"
	"ftplab/lab/analysis/baseline"
	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/internal/pagetest"
	"ftplab/lab/scenario"
	"ftplab/scenarios"
)

// narrow and wide are the screens that every page is looked at on.
var (
	narrow = pagetest.Screen{Width: 360, Height: 800, Dark: true}
	wide   = pagetest.Screen{Width: 1440, Height: 900}
)

// TestPages looks at every page that ftplab writes as a file: one walkthrough as a whole on a
// wide screen, all others on a phone; and asks that each fits both, and paper.
func TestPages(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no page is opened")
	}
	pagetest.NeedAxe(t)
	for _, p := range allPages(t) {
		t.Run(p.name, func(t *testing.T) {
			html, err := os.ReadFile(p.path)
			if err != nil {
				t.Fatal(err)
			}
			audited, other := narrow, wide
			if p.wide {
				audited, other = wide, narrow
			}
			tab := pagetest.Open(t, html, audited)
			pagetest.Eval[bool](tab, `(document.querySelectorAll("details").forEach(d => { d.open = true; }), true)`)
			tab.Fits(p.name)
			tab.Show(other)
			tab.Fits(p.name)
			tab.Printed(p.name)
			tab.Show(audited)
			if p.repeated != "" {
				pagetest.Eval[bool](tab, fmt.Sprintf(`(document.querySelectorAll(%q).forEach(e => e.remove()), true)`, p.repeated))
			}
			tab.Audit(p.name)
			if asked, said := tab.Asked(), tab.Said(); len(asked)+len(said) > 0 {
				t.Errorf("the page asked for %v and said %v", asked, said)
			}
		})
	}
}

// On the screen of a laptop, the first packet of each walkthrough is visible when the page
// opens: nobody has to scroll to see what the page is about.
func TestFirstScreen(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no page is opened")
	}
	results := t.TempDir()
	var runs []lab.Ran
	for _, s := range load(t, append(scenarios.Names(), scenarios.Lessons().Names...)...) {
		result, err := lab.Run(t.Context(), s, lab.Options{Results: results, TCP: scenario.GVisorTCP})
		if err != nil {
			t.Fatal(err)
		}
		chapter, place := scenarios.PlaceOf(s)
		runs = append(runs, lab.Ran{Scenario: s, Result: result, Chapter: chapter, Place: place})
	}
	if err := lab.WriteIndex(results, runs); err != nil {
		t.Fatal(err)
	}
	var tab *pagetest.Tab
	for _, r := range runs {
		page := filepath.Join(results, r.Scenario.Name, "walkthrough.html")
		html, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		packets := strings.SplitAfterN(string(html), `<li class="p `, 10)
		write(t, page, strings.Join(packets[:len(packets)-1], "")) // all of it takes five times as long
		address := (&url.URL{Scheme: "file", Path: filepath.ToSlash(page)}).String()
		if tab == nil {
			tab = pagetest.Visit(t, address, wide)
		} else {
			tab.Go(address)
		}
		bottom := pagetest.Eval[int64](tab, `Math.ceil(document.querySelector(".ladder > .p .lanes").getBoundingClientRect().bottom)`)
		if bottom > wide.Height {
			t.Errorf("%s: the first packet ends at %d pixels, want at most %d", r.Scenario.Name, bottom, wide.Height)
		}
	}
}

// A writtenPage is a page in a file.
type writtenPage struct {
	name, path string
	wide       bool   // audited on a wide screen
	repeated   string // the elements that axe-core need not see, as a selector
}

// allPages are one page of each kind.
func allPages(t *testing.T) []writtenPage {
	t.Helper()
	results := t.TempDir()
	var runs []lab.Ran
	pages := []writtenPage{{"the index", filepath.Join(results, "index.html"), false, ""}}
	for i, s := range load(t, "lost_on_the_way", "which_is_the_scanner") {
		result, err := lab.Run(t.Context(), s, lab.Options{Results: results, TCP: scenario.GVisorTCP})
		if err != nil {
			t.Fatal(err)
		}
		chapter, place := scenarios.PlaceOf(s)
		runs = append(runs, lab.Ran{Scenario: s, Result: result, Chapter: chapter, Place: place})
		pages = append(pages, writtenPage{"the walkthrough of " + s.Name, filepath.Join(results, s.Name, "walkthrough.html"), i == 0, ""})
	}
	if err := lab.WriteIndex(results, runs); err != nil {
		t.Fatal(err)
	}
	var assessment, normal bytes.Buffer
	_, err := lab.AlertPage(&assessment, lab.File(runs[1].Result.Capture), profile.Normal(), nil)
	if err == nil {
		err = baseline.WriteHTML(&normal, profile.Normal())
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, page := range map[string]*bytes.Buffer{"the page of a baseline check": &assessment, "the page of a profile": &normal} {
		path := filepath.Join(results, name+".html")
		if err := os.WriteFile(path, page.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		pages = append(pages, writtenPage{name, path, false, ""})
	}
	class, _ := theThirty(t)
	student := filepath.Join(class, "students", "s1")
	return append(pages,
		writtenPage{"a student's index", filepath.Join(student, "index.html"), false, ""},
		writtenPage{"the questions on two captures", filepath.Join(student, "which_is_the_scanner", "questions.html"), false, ""},
		writtenPage{"the answer key", filepath.Join(class, "key", "key.html"), false, "details + details"}) // of each lesson, the papers but one: only their texts differ
}
