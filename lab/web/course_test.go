//go:build !js

package web

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"ftplab/lab/internal/pagetest"
	"ftplab/lab/scenario"
	"ftplab/scenarios"
)

// quote is a text as JavaScript writes it.
func quote(text string) string {
	q, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(q)
}

// TestDigests makes every scenario in the page: each capture is the same to the byte as the
// one that the command makes.
func TestDigests(t *testing.T) {
	s := serve(t)
	tab := s.visit(t, "", pagetest.Desktop)
	text, err := os.ReadFile("../../scenarios/digests")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for line := range strings.Lines(string(text)) {
		digest, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		want[name] = digest
	}
	pagetest.Await[bool](tab, `import("./lab.js").then(async ({ Lab, load }) => { globalThis.lab = new Lab(load()); await lab.ready; return true; })`)
	for _, name := range scenarios.Names() {
		if sc, err := scenarios.Load(name); err != nil || sc.Network.TCP == scenario.LinuxTCP {
			continue
		}
		got := pagetest.Await[string](tab, fmt.Sprintf(`(async name => {
			const { source } = await lab.call("lesson", { name });
			const made = await lab.call("run", { name, source });
			return made.passed ? made.sha256 : JSON.stringify(made.mistakes || made.differences || made.failures);
		})(%q)`, name))
		if got != want[name] || got == "" {
			t.Errorf("%s: got a capture with the SHA-256 %s, want %s", name, got, want[name])
		}
	}
	s.quiet(t, tab)
}

// TestFirstLesson changes `active` to `passive` in the first lesson, and asks who calls whom
// before and afterwards; and what is drawn while the lab is still loading is what it draws.
func TestFirstLesson(t *testing.T) {
	s := serve(t)
	tab := s.visit(t, "", pagetest.Desktop)
	const calls = `[...document.querySelectorAll(".calls li")].map(e => e.className + ": " + e.querySelector(".say").textContent).join("\n")`
	first := pagetest.Eval[string](tab, `document.querySelector(".ladder").outerHTML`)
	if got := pagetest.Eval[string](tab, calls); !strings.Contains(got, "data rtl: Data connection, opened by the server after PORT") {
		t.Errorf("the first lesson shows\n%s\nwant that the server calls the client", got)
	}
	typed(tab, "\nactive\n", "\npassive\n")
	until(tab, `document.querySelector(".calls").textContent.includes("PASV")`)
	if got := pagetest.Eval[string](tab, calls); !strings.Contains(got, "data ltr: Data connection, opened by the client after PASV") {
		t.Errorf("after the change the page shows\n%s\nwant that the client calls the server", got)
	}
	if got := pagetest.Eval[string](tab, `document.querySelector(".problems").textContent`); !strings.Contains(got, "line 18") || !strings.Contains(got, "opened by client, not server") {
		t.Errorf("the page says %q, want the line that the change contradicts", got)
	}
	if got := pagetest.Eval[string](tab, `[...document.querySelectorAll(".numbers .difference")].map(e => e.textContent).join()`); !strings.HasPrefix(got, "18,") {
		t.Errorf("the lines %s are marked, want 18 and others", got)
	}
	typed(tab, "\npassive\n", "\nactive\n")
	until(tab, `document.querySelector(".calls").textContent.includes("PORT")`)
	if got := pagetest.Eval[string](tab, `document.querySelector(".ladder").outerHTML`); got != first {
		t.Error("the ladder that came with the page is not the one that the lab draws")
	}
	s.quiet(t, tab)
}

// TestMistake writes a line that makes no sense, and asks for the message that the command
// prints, at its line.
func TestMistake(t *testing.T) {
	s := serve(t)
	tab := s.visit(t, "", pagetest.Desktop)
	typed(tab, "\nactive\n", "\nactve\n")
	until(tab, `document.querySelector(".problems").textContent.includes("did you mean active?")`)
	if got := pagetest.Eval[string](tab, `document.querySelector(".numbers .error").textContent`); got != "8" {
		t.Errorf("line %s is marked, want 8", got)
	}
	s.quiet(t, tab)
}

// TestCompletion types a word and chooses another one with the keyboard.
func TestCompletion(t *testing.T) {
	s := serve(t)
	tab := s.visit(t, "", pagetest.Desktop)
	until(tab, `document.getElementById("loading").textContent === ""`)
	pagetest.Eval[bool](tab, `(a => { a.focus(); const at = a.value.indexOf("quit\n"); a.setSelectionRange(at, at); return true; })(document.querySelector("textarea"))`)
	tab.Do(chromedp.KeyEvent("pass"))
	until(tab, `!document.getElementById("completions").hidden`)
	if got := pagetest.Eval[string](tab, `document.querySelector(".completions [aria-selected=true]").textContent`); got != "passive" {
		t.Errorf("%q is offered, want passive", got)
	}
	// A key that a page has handled inserts nothing in a browser; those of its protocol do.
	if prevented := pagetest.Eval[bool](tab, `!document.querySelector("textarea").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", cancelable: true }))`); !prevented {
		t.Error("Enter inserts a line, although it chooses a completion")
	}
	until(tab, `document.querySelector("textarea").value.includes("ls\npassivequit\n")`)
	s.quiet(t, tab)
}

// TestReadAlong steps through a session with the keyboard, to its end and back.
func TestReadAlong(t *testing.T) {
	s := serve(t)
	tab := s.visit(t, "", pagetest.Desktop)
	const state = `[...document.querySelectorAll(".states tbody tr:first-child td")].map(e => e.textContent).join("/")`
	tab.Do(chromedp.Focus(chromedp.CSS(".player")))
	var got []string
	for range 3 {
		tab.Do(chromedp.KeyEvent(kb.ArrowRight))
		got = append(got, pagetest.Eval[string](tab, state))
	}
	if want := "SYN-SENT/LISTEN ESTABLISHED/SYN-RECEIVED ESTABLISHED/ESTABLISHED"; strings.Join(got, " ") != want {
		t.Errorf("the handshake's states are %s, want %s", strings.Join(got, " "), want)
	}
	tab.Do(chromedp.KeyEvent(kb.ArrowLeft))
	if got := pagetest.Eval[string](tab, `document.querySelector(".says").textContent`); !strings.HasPrefix(got, "Frame 2:") {
		t.Errorf("a step back shows %q, want frame 2", got)
	}
	tab.Do(chromedp.KeyEvent(kb.End))
	if got := pagetest.Eval[string](tab, `document.querySelector(".ladder .marked").dataset.n`); got != "30" {
		t.Errorf("the End key marks packet %s, want 30", got)
	}
	tab.Do(chromedp.KeyEvent(kb.Home), chromedp.KeyEvent(" "))
	until(tab, `document.querySelector(".says").textContent.startsWith("Frame 3:")`) // it runs
	tab.Do(chromedp.KeyEvent(" "))
	if got := pagetest.Eval[string](tab, `document.querySelector(".controls button:nth-child(3)").ariaLabel`); got != "Play" {
		t.Errorf("the space bar leaves the button %q, want Play", got)
	}
	s.quiet(t, tab)
}

// TestBack follows links, and goes back with the browser's button: the change of a lesson is
// still there.
func TestBack(t *testing.T) {
	s := serve(t)
	tab := s.visit(t, "#/lesson/active_list", pagetest.Desktop)
	heading := func(want string) { until(tab, `document.querySelector("h1").textContent.includes(`+quote(want)+`)`) }
	typed(tab, "\nactive\n", "\npassive\n")
	tab.Do(chromedp.Click(chromedp.CSS(`a[href="#/lesson/distance"]`)))
	heading("istance")
	tab.Do(chromedp.Click(chromedp.CSS(`header a[href="#/capture"]`)))
	heading("capture")
	pagetest.Eval[bool](tab, `(history.back(), true)`)
	heading("istance")
	pagetest.Eval[bool](tab, `(history.back(), true)`)
	heading("Active mode")
	if got := pagetest.Eval[string](tab, `document.querySelector("textarea").value`); !strings.Contains(got, "\npassive\n") {
		t.Error("the change is gone when the lesson is opened again")
	}
	s.quiet(t, tab)
}

// TestTwoTabs has two tabs show two lessons: neither knows of the other.
func TestTwoTabs(t *testing.T) {
	s := serve(t)
	one := s.visit(t, "#/lesson/passive_retr", pagetest.Desktop)
	two := s.visit(t, "#/lesson/active_stor", pagetest.Desktop)
	for _, tab := range []*pagetest.Tab{one, two} {
		until(tab, `document.querySelector(".outcome.pass")`)
	}
	for tab, want := range map[*pagetest.Tab]string{one: "RETR", two: "STOR"} {
		if got := pagetest.Eval[string](tab, `document.querySelector(".ladder").textContent`); !strings.Contains(got, want) {
			t.Errorf("the ladder has no %s", want)
		}
		s.quiet(t, tab)
	}
}

// TestShare copies a link to a changed scenario, and opens it in another tab.
func TestShare(t *testing.T) {
	s := serve(t)
	tab := s.visit(t, "", pagetest.Desktop)
	typed(tab, "# Active mode", "# Café mode")
	pagetest.Eval[bool](tab, `([...document.querySelectorAll("button")].find(b => b.textContent.includes("link")).click(), true)`)
	until(tab, `location.hash.startsWith("#/scenario/")`)
	fragment := pagetest.Eval[string](tab, `location.hash`)
	other := s.visit(t, fragment, pagetest.Desktop)
	until(other, `document.querySelector(".outcome.pass")`)
	if got := pagetest.Eval[string](other, `document.querySelector("h1").textContent`); !strings.HasPrefix(got, "Café mode") {
		t.Errorf("the link opens %q, want the scenario that was shared", got)
	}
	s.quiet(t, other)
}
