//go:build !js

package web

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"ftplab/lab/internal/pagetest"
)

// anotherLesson opens a lesson while the lab is busy: the results of the lesson before
// must not stand beside its text.
func anotherLesson(t *testing.T, s *server, tab *pagetest.Tab) {
	pagetest.Await[bool](tab, `import("./app.js").then(({ lab }) => {
		const call = lab.call;
		lab.call = (name, ...more) => name !== "run" ? call.call(lab, name, ...more) :
			new Promise(go => { globalThis.release = go; }).then(() => { delete lab.call; return lab.call(name, ...more); });
		location.hash = "#/lesson/distance";
		return true;
	})`)
	until(tab, `document.querySelector("h1").textContent.startsWith("Distance") && globalThis.release`)
	const shown = `[...document.querySelectorAll(".calls, .ladder, .player")].some(e => e.checkVisibility({ visibilityProperty: true }))`
	if pagetest.Eval[bool](tab, shown+` || !!document.querySelector(".outcome.pass")`) {
		t.Error("the page shows the results of another lesson")
	}
	pagetest.Eval[bool](tab, `(release(), true)`)
	until(tab, `document.querySelector(".outcome.pass") && `+shown)
}

// argument chooses a step that has an argument: a blank follows, and what can be the
// argument is offered.
func argument(t *testing.T, s *server, tab *pagetest.Tab) {
	until(tab, `document.getElementById("loading").textContent === ""`)
	pagetest.Eval[bool](tab, `(a => { a.focus(); const at = a.value.indexOf("quit\n"); a.setSelectionRange(at, at); return true; })(document.querySelector("textarea"))`)
	tab.Do(chromedp.KeyEvent("ge"))
	until(tab, `document.querySelector(".completions [aria-selected=true]")?.textContent === "get"`)
	pagetest.Eval[bool](tab, `document.querySelector("textarea").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", cancelable: true }))`)
	until(tab, `document.querySelector("textarea").value.includes("ls\nget quit\n")`)
	until(tab, `document.querySelector(".completions [aria-selected=true]")?.textContent === "README"`)
}

// margins holds the course against the bar above it: both begin at the same place. The
// style of the walkthroughs, which the page has as well, once moved one of them.
func margins(t *testing.T, s *server, tab *pagetest.Tab) {
	const lefts = `[".bar", ".learn > *"].map(e => Math.round(document.querySelector(e).getBoundingClientRect().left)).join()`
	if got, want := pagetest.Eval[string](tab, lefts), "16,16"; got != want {
		t.Errorf("the bar and the course begin at %s, want %s", got, want)
	}
	if got := pagetest.Eval[string](tab, `[...document.querySelectorAll(".chapters li, .ladder li.p")].map(e => getComputedStyle(e).marginBottom).filter(m => m !== "0px").join()`); got != "" {
		t.Errorf("the lists of the course have the margins %s, want none", got)
	}
}

// frame follows the link of a difference to its packet, which is below the window.
func frame(t *testing.T, s *server, tab *pagetest.Tab) {
	typed(tab, "\nactive\n", "\npassive\n")
	until(tab, `document.querySelector(".problems li")`)
	pagetest.Eval[bool](tab, `(scrollTo(0, 0), [...document.querySelectorAll(".problems .place")].find(b => b.textContent === "frame 13").click(), true)`)
	until(tab, `document.querySelector(".marked")?.dataset.n === "13"`)
	if got := pagetest.Eval[bool](tab, `(r => r.top >= 0 && r.bottom <= innerHeight)(document.querySelector(".marked").getBoundingClientRect())`); !got {
		t.Error("the packet of the difference is outside of the window")
	}
}

// menu opens the menu of downloads, and leaves it in each way.
func menu(t *testing.T, s *server, tab *pagetest.Tab) {
	for _, way := range []string{
		`summary.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }))`,
		`document.querySelector("textarea").focus()`,
		`summary.parentNode.querySelector("button").click()`,
	} {
		open := pagetest.Eval[bool](tab, `(summary => { summary.focus(); summary.parentNode.open = true; `+way+`; return summary.parentNode.open; })(document.querySelector(".menu summary"))`)
		if open {
			t.Errorf("the menu is open after %s", way)
		}
	}
}

// smallScreen reads along on a telephone: the player stays in the window.
func smallScreen(t *testing.T, s *server, tab *pagetest.Tab) {
	tab.Show(pagetest.Phone)
	defer tab.Show(pagetest.Desktop)
	until(tab, `!document.querySelector(".chapters").open && getComputedStyle(document.querySelector(".player")).position === "static"`)
	moved := pagetest.Eval[float64](tab, `(() => {
		document.querySelector(".player").scrollIntoView();
		const y = scrollY, [first, , , next] = document.querySelectorAll(".player button");
		first.click();
		for (let i = 1; i < 12; i++) next.click();
		return scrollY - y;
	})()`)
	if got := pagetest.Eval[string](tab, `document.querySelector(".says").textContent`); !strings.HasPrefix(got, "Frame 12:") {
		t.Errorf("the player says %q, want frame 12", got)
	}
	if moved != 0 {
		t.Errorf("the window leaves the player by %v pixels", moved)
	}
}
