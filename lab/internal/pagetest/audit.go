//go:build !js

package pagetest

import (
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"

	"ftplab/lab/labtest/optional"
)

// axeVariable names the file axe.min.js of axe-core, which audits pages for accessibility.
const axeVariable = "FTPLAB_AXE"

var axe = sync.OnceValues(func() ([]byte, error) { return os.ReadFile(os.Getenv(axeVariable)) })

// NeedAxe skips the test where axe-core is not installed: see [optional.Missing].
func NeedAxe(t testing.TB) {
	t.Helper()
	if os.Getenv(axeVariable) == "" {
		optional.Missing(t, "axe-core is not installed: npm install axe-core, and name its axe.min.js in "+axeVariable)
	}
	if _, err := axe(); err != nil {
		t.Fatal(err)
	}
}

// Audit has axe-core look at the page as it is now, and asks that it is not wider than the
// screen. Where says in a message what the page shows.
func (tab *Tab) Audit(where string) {
	tab.t.Helper()
	if !Eval[bool](tab, `Boolean(window.axe)`) {
		source, err := axe()
		if err != nil {
			tab.t.Fatal(err)
		}
		Eval[bool](tab, string(source)+"; true")
	}
	found := Await[[]string](tab, `axe.run(document, { resultTypes: ["violations"] }).then(r => r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.slice(0, 4).map(n => n.target.join(" ") + " " + (n.any[0]?.message || "")).join("; ")))`)
	if len(found) > 0 {
		tab.t.Errorf("%s, %d pixels wide:\n\t%s", where, Eval[int](tab, `innerWidth`), strings.Join(found, "\n\t"))
	}
	tab.Fits(where)
}

// Fits asks that the page is not wider than the screen.
func (tab *Tab) Fits(where string) {
	tab.t.Helper()
	if wide, screen := Eval[int](tab, `document.documentElement.scrollWidth`), Eval[int](tab, `innerWidth`); wide > screen {
		tab.t.Errorf("%s is %d pixels wide on a screen of %d", where, wide, screen)
	}
}

// paper is what fits between the margins of A4, in pixels of CSS.
var paper = Screen{Width: 718, Height: 1000}

// Printed asks that the page as it is printed fits the paper, and that no part of it that can
// be scrolled on a screen is cut off.
func (tab *Tab) Printed(where string) {
	tab.t.Helper()
	tab.Show(paper)
	Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	tab.Fits(where + ", printed,")
	cut := Eval[[]string](tab, `[...document.querySelectorAll("main *")].filter(e => e.clientHeight > 0 && ["auto", "scroll", "hidden"].includes(getComputedStyle(e).overflowY) &&
		!e.closest("svg, .vh, summary, td, thead, input") && e.scrollHeight > e.clientHeight + 1).map(e => e.tagName + "." + e.className)`)
	if len(cut) > 0 {
		tab.t.Errorf("%s: parts are cut off when it is printed: %s", where, strings.Join(cut, ", "))
	}
}
