//go:build !js

package web

import (
	"testing"

	"ftplab/lab/internal/pagetest"
)

// TestAudit has axe-core look at every part of the page, narrow and dark, and at the course
// also wide and light, where it has other columns.
func TestAudit(t *testing.T) {
	pagetest.NeedAxe(t)
	file := recorded(t, "# A listing\nfile a.bin 20KiB\nopen\nlogin anonymous me@mypc.test\nls\nget a.bin\nquit\n")
	s := serve(t)
	tab := s.visit(t, "", pagetest.Phone)
	for _, screen := range []pagetest.Screen{{Width: 360, Height: 800, Dark: true}, {Width: 1440, Height: 900}} {
		tab.Show(screen)
		begin(tab)
		tab.Audit("the first lesson")
		pagetest.Eval[bool](tab, `(document.querySelector(".player button:nth-child(4)").click(), document.querySelector(".astable").open = true)`)
		typed(tab, "\nactive\n", "\npassive\n")
		until(tab, `document.querySelector(".problems li")`)
		tab.Audit("a lesson that was changed")
		if screen.Width > 1000 {
			break
		}
		pagetest.Eval[bool](tab, `(location.hash = "#/capture", true)`)
		until(tab, `document.querySelector("#choose")`)
		tab.Audit("the part for captures")
		drop(tab, file)
		until(tab, panel+`.includes("RETR")`)
		for _, name := range []string{"story", "along", "verdict", "packets", "files"} {
			show(tab, name)
			tab.Audit(name)
		}
	}
}
