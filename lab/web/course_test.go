//go:build !js

package web

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"ftplab/lab"
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

// TestCourse uses the course as somebody does who learns or teaches, in one tab.
func TestCourse(t *testing.T) {
	s := serve(t)
	tab := s.visit(t, "", pagetest.Desktop)
	const ladder = `document.querySelector(".ladder").outerHTML`
	first := pagetest.Eval[string](tab, ladder) // it came with the page
	pagetest.Eval[bool](tab, `(document.querySelector(".ladder").hidden = true)`)
	begin(tab)
	until(tab, `!document.querySelector(".ladder").hidden`)
	if got := pagetest.Eval[string](tab, ladder); got != first {
		t.Error("the ladder that came with the page is not the one that the lab draws")
	}
	for _, test := range []struct {
		name string
		run  func(*testing.T, *server, *pagetest.Tab)
	}{
		{"first lesson", firstLesson}, {"reasons", reasons}, {"mistake", mistake}, {"completion", completion}, {"argument", argument},
		{"another lesson", anotherLesson}, {"margins", margins}, {"frame of a difference", frame}, {"menu", menu}, {"read along", readAlong}, {"small screen", smallScreen}, {"reduced motion", reducedMotion},
		{"back", back}, {"share", share}, {"walkthrough", walkthrough}, {"digests", digests},
	} {
		t.Run(test.name, func(t *testing.T) {
			begin(tab)
			test.run(t, s, tab)
			s.quiet(t, tab)
		})
	}
}

// begin shows the first lesson as it comes.
func begin(tab *pagetest.Tab) {
	pagetest.Eval[bool](tab, `(location.hash = "#/lesson/active_list", true)`)
	until(tab, `document.querySelector(".chapters [aria-current]")?.hash === "#/lesson/active_list"`)
	pagetest.Eval[bool](tab, `([...document.querySelectorAll(".tools button")].find(b => b.textContent.startsWith("Undo")).click(), true)`)
	until(tab, `document.querySelector(".see").ariaBusy !== "true"`)
	until(tab, `document.querySelector("h1").textContent.startsWith("Active mode") && document.querySelector(".outcome.pass") && document.querySelector(".calls").textContent.includes("PORT")`)
}

// digests makes every scenario in the page: each capture is the same to the byte as the
// one that the command makes.
func digests(t *testing.T, s *server, tab *pagetest.Tab) {
	text, err := os.ReadFile("../../scenarios/digests")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for line := range strings.Lines(string(text)) {
		digest, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		want[name] = digest
	}
	pagetest.Await[bool](tab, `import("./app.js").then(({ lab }) => { globalThis.lab = lab; return true; })`)
	for _, name := range scenarios.Names() {
		if sc, err := scenarios.Load(name); err != nil || sc.Network.TCP == scenario.LinuxTCP {
			continue
		}
		got := pagetest.Await[string](tab, fmt.Sprintf(`(async name => {
			const { source } = await lab.call("lesson", { name });
			const made = await lab.call("run", { name, source });
			return made.outcome === "passed" || made.outcome === "recorded" ? made.sha256 : JSON.stringify(made.mistakes || made.figures || made.differences || made.failures);
		})(%q)`, name))
		if got != want[name] || got == "" {
			t.Errorf("%s: got a capture with the SHA-256 %s, want %s", name, got, want[name])
		}
	}
}

// firstLesson changes `active` to `passive` in the first lesson, and asks who connects to whom
// before and afterwards.
func firstLesson(t *testing.T, s *server, tab *pagetest.Tab) {
	const calls = `[...document.querySelectorAll(".calls li")].map(e => e.className + ": " + e.querySelector(".say").textContent).join("\n")`
	if got := pagetest.Eval[string](tab, calls); !strings.Contains(got, "data rtl: Data connection, opened by the server after PORT") {
		t.Errorf("the first lesson shows\n%s\nwant that the server connects to the client", got)
	}
	typed(tab, "\nactive\n", "\npassive\n")
	until(tab, `document.querySelector(".calls").textContent.includes("PASV")`)
	if got := pagetest.Eval[string](tab, calls); !strings.Contains(got, "data ltr: Data connection, opened by the client after PASV") {
		t.Errorf("after the change the page shows\n%s\nwant that the client connects to the server", got)
	}
	if got := pagetest.Eval[string](tab, `document.querySelector(".problems").textContent`); !strings.Contains(got, "line 18") || !strings.Contains(got, "opened by client, not server") {
		t.Errorf("the page says %q, want the line that the change contradicts", got)
	}
	if got := pagetest.Eval[string](tab, `[...document.querySelectorAll(".numbers .difference")].map(e => e.textContent).join()`); !strings.HasPrefix(got, "18,") {
		t.Errorf("the lines %s are marked, want 18 and others", got)
	}
}

// reasons edits the lesson so that it fails for several reasons, and asks for the headline and the first problem.
func reasons(t *testing.T, s *server, tab *pagetest.Tab) {
	for _, test := range []struct{ from, to, headline, problem string }{
		{"\nactive\n", "\npassive\n", "some packets are not those that the lesson's lines describe", "PASV"},
		{"\nquit\n", "\nget no-such-file\nquit\n", "the session is not as its steps say", "550"},
		{"\nget no-such-file\nquit\n", "\nquit\n-- figures --\nctl.rtt = 20ms ± 3%\n", "a figure is not the one that the lesson's lines say", "ctl.rtt"},
	} {
		typed(tab, test.from, test.to)
		until(tab, `document.querySelector(".outcome").textContent.startsWith(`+quote("≠ After your change "+test.headline)+`)`)
		if got := pagetest.Eval[string](tab, `document.querySelector(".problems li").textContent`); !strings.Contains(got, test.problem) {
			t.Errorf("after the change to %q the page says %q, want %q", test.to, got, test.problem)
		}
	}
}

// mistake writes a line that makes no sense, and asks for the message that the command
// prints, at its line.
func mistake(t *testing.T, s *server, tab *pagetest.Tab) {
	typed(tab, "\nactive\n", "\nactve\n")
	until(tab, `document.querySelector(".problems").textContent.includes("did you mean active?")`)
	if got := pagetest.Eval[string](tab, `document.querySelector(".numbers .error").textContent`); got != "8" {
		t.Errorf("line %s is marked, want 8", got)
	}
}

// completion types a word and chooses another one with the keyboard.
func completion(t *testing.T, s *server, tab *pagetest.Tab) {
	until(tab, `document.getElementById("loading").textContent === ""`)
	pagetest.Eval[bool](tab, `(a => { a.focus(); const at = a.value.indexOf("quit\n"); a.setSelectionRange(at, at); return true; })(document.querySelector("textarea"))`)
	tab.Do(chromedp.KeyEvent("pass"))
	// The list of an earlier letter offers pause.
	until(tab, `document.querySelector(".completions [aria-selected=true]")?.textContent === "passive"`)
	// A key that a page has handled inserts nothing in a browser; those of its protocol do.
	if prevented := pagetest.Eval[bool](tab, `!document.querySelector("textarea").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", cancelable: true }))`); !prevented {
		t.Error("Enter inserts a line, although it chooses a completion")
	}
	until(tab, `document.querySelector("textarea").value.includes("ls\npassivequit\n")`)
}

// readAlong steps through a session with the keyboard, to its end and back.
func readAlong(t *testing.T, s *server, tab *pagetest.Tab) {
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
}

// back follows links, and goes back with the browser's button: the change of a lesson is
// still there.
func back(t *testing.T, s *server, tab *pagetest.Tab) {
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
	pagetest.Eval[bool](tab, `(location.hash = "#/nosuch", true)`)
	heading("This is not here")
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
	typed(one, "quit\n", "pwd\nquit\n")
	one.Do(chromedp.Reload())
	until(one, `document.querySelector("textarea")?.value.includes("pwd\nquit\n")`) // a change survives that the page is loaded again
	if pagetest.Eval[bool](two, `(sessionStorage.getItem("edited") || "").includes("passive_retr")`) {
		t.Error("a tab has the change of another tab")
	}
}

// share copies a link to a changed scenario, and opens it. The link remembers the lesson,
// so a difference is that of a change, and the change can be undone.
func share(t *testing.T, s *server, tab *pagetest.Tab) {
	typed(tab, "# Active mode", "# Café mode")
	pagetest.Eval[bool](tab, `([...document.querySelectorAll("button")].find(b => b.textContent.includes("link")).click(), true)`)
	until(tab, `location.hash.startsWith("#/scenario/")`)
	fragment := pagetest.Eval[string](tab, `location.hash`)
	begin(tab)
	pagetest.Eval[bool](tab, `(location.hash = `+quote(fragment)+`, true)`)
	until(tab, `document.querySelector("h1").textContent.startsWith("Café mode") && document.querySelector(".outcome.pass")`)
	if got := pagetest.Eval[string](tab, `document.querySelector(".chapters [aria-current]")?.hash + " " + document.querySelector(".tools button").disabled`); got != "#/lesson/active_list false" {
		t.Errorf("the shared change of a lesson is that of the lesson %s, want active_list, and that it can be undone", got)
	}
}

// reducedMotion asks that nothing moves for those who want that.
func reducedMotion(t *testing.T, s *server, tab *pagetest.Tab) {
	pagetest.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}},
	})
	defer pagetest.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
	until(tab, `document.getAnimations().length === 0`) // of the test before
	const says = `document.querySelector(".says").textContent`
	before := pagetest.Eval[string](tab, says)
	tab.Do(chromedp.Click(chromedp.CSS(".player button:nth-child(1)")))
	until(tab, says+` !== `+quote(before))
	if n := pagetest.Eval[int](tab, `document.getAnimations().length`); n != 0 {
		t.Errorf("%d things move, want none", n)
	}
	if text := pagetest.Eval[string](tab, says); !strings.HasPrefix(text, "Frame ") {
		t.Errorf("the page says %q, want a frame", text)
	}
}

// walkthrough holds what the page saves against what the command writes.
func walkthrough(t *testing.T, s *server, tab *pagetest.Tab) {
	sc, err := scenarios.Load("active_list")
	if err != nil {
		t.Fatal(err)
	}
	result, err := lab.Run(context.Background(), sc, lab.Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(filepath.Dir(result.Capture), "walkthrough.html"))
	if err != nil {
		t.Fatal(err)
	}
	got := pagetest.Await[string](tab, `import("./app.js").then(async ({ lab }) => {
		const { source } = await lab.call("lesson", { name: "active_list" });
		const { capture } = await lab.call("run", { name: "active_list", source, pages: true });
		return new TextDecoder().decode(await lab.bytes(capture.replace(/[^/]*$/, "walkthrough.html")));
	})`)
	if got != string(want) {
		t.Errorf("the walkthrough of the page has %d bytes and is not the command's, of %d", len(got), len(want))
	}
}
