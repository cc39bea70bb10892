//go:build !js

package web

import (
	"os"
	"strings"
	"testing"

	"ftplab/lab/internal/pagetest"
	"ftplab/lab/labtest/optional"
)

// axeVariable names the file axe.min.js of axe-core, which audits pages for accessibility.
const axeVariable = "FTPLAB_AXE"

// TestAudit has axe-core look at every part of the page, narrow and dark, and at the course
// also wide and light, where it has other columns.
func TestAudit(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no page is opened")
	}
	path := os.Getenv(axeVariable)
	if path == "" {
		optional.Missing(t, "axe-core is not installed: npm install axe-core, and name its axe.min.js in "+axeVariable)
	}
	axe, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file := recorded(t, "# A listing\nfile a.bin 20KiB\nopen\nlogin anonymous me@mypc.test\nls\nget a.bin\nquit\n")
	s := serve(t)
	tab := s.visit(t, "", pagetest.Phone)
	pagetest.Eval[bool](tab, string(axe)+"; true")
	for _, screen := range []pagetest.Screen{{Width: 360, Height: 800, Dark: true}, {Width: 1440, Height: 900}} {
		tab.Show(screen)
		begin(tab)
		audit := func(where string) {
			t.Helper()
			found := pagetest.Await[[]string](tab, `axe.run(document, { resultTypes: ["violations"] }).then(r => r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.slice(0, 4).map(n => n.target.join(" ") + " " + (n.any[0]?.message || "")).join("; ")))`)
			if len(found) > 0 {
				t.Errorf("%s, %d pixels wide:\n\t%s", where, screen.Width, strings.Join(found, "\n\t"))
			}
			if wide := pagetest.Eval[int64](tab, `document.documentElement.scrollWidth`); wide > screen.Width {
				t.Errorf("%s is %d pixels wide on a screen of %d", where, wide, screen.Width)
			}
		}
		audit("the first lesson")
		pagetest.Eval[bool](tab, `(document.querySelector(".player button:nth-child(4)").click(), document.querySelector(".astable").open = true)`)
		typed(tab, "\nactive\n", "\npassive\n")
		until(tab, `document.querySelector(".problems li")`)
		audit("a lesson that was changed")
		if screen.Width > 1000 {
			break
		}
		pagetest.Eval[bool](tab, `(location.hash = "#/capture", true)`)
		until(tab, `document.querySelector("#choose")`)
		audit("the part for captures")
		drop(tab, file)
		until(tab, panel+`.includes("RETR")`)
		for _, name := range []string{"story", "along", "verdict", "packets", "files"} {
			show(tab, name)
			audit(name)
		}
	}
}
