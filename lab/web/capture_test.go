//go:build !js

package web

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"ftplab/lab"
	"ftplab/lab/internal/pagetest"
	"ftplab/scenarios"
)

const panel = `document.querySelector(".panel").textContent`

// show opens a tab of the capture.
func show(tab *pagetest.Tab, name string) {
	pagetest.Eval[bool](tab, `(location.hash = "#/capture/`+name+`", true)`)
	until(tab, `document.querySelector("#tab-`+name[:strings.IndexAny(name+"/", "/")]+`[aria-current]") && document.querySelector(".panel > *") && !document.querySelector(".panel > p[role=status]")`)
}

// TestCaptures drops captures on the page, one after the other.
func TestCaptures(t *testing.T) {
	s := serve(t)
	tab := s.visit(t, "#/capture/packets/3", pagetest.Desktop)
	if got := pagetest.Eval[string](tab, `document.querySelector(".outcome").textContent`); !strings.Contains(got, "packet 3 of a capture") {
		t.Errorf("a link to a packet says %q, want that it needs a capture", got)
	}
	for _, test := range []struct {
		name string
		run  func(*testing.T, *server, *pagetest.Tab)
	}{
		{"whole", wholeCapture}, {"packets", packets}, {"broken", brokenCapture}, {"changed", changedCapture}, {"large", largeCapture},
	} {
		t.Run(test.name, func(t *testing.T) {
			pagetest.Eval[bool](tab, `(location.hash = "#/capture/story", true)`)
			test.run(t, s, tab)
			s.quiet(t, tab)
		})
	}
}

// changedCapture changes a file after it was dropped: the browser does not read it any more.
func changedCapture(t *testing.T, s *server, tab *pagetest.Tab) {
	for range 2 { // the second time the lab has to be in order again
		file := download(t, 40_000_000) // more than the page keeps in memory
		drop(tab, file)
		until(tab, panel+`.includes("RETR large.bin")`)
		if err := os.WriteFile(file, []byte("something else"), 0o666); err != nil {
			t.Fatal(err)
		}
		show(tab, "files")
		if got := pagetest.Eval[string](tab, panel); !strings.Contains(got, "choose it again") {
			t.Errorf("got the files %q, want that the browser cannot read the file", got)
		}
		pagetest.Eval[bool](tab, `(location.hash = "#/capture/story", true)`)
	}
}

// wholeCapture opens a capture, and looks at all that is said of it.
func wholeCapture(t *testing.T, s *server, tab *pagetest.Tab) {
	sc, err := scenarios.Load("passive_retr")
	if err != nil {
		t.Fatal(err)
	}
	file := recorded(t, string(sc.Source))
	drop(tab, file)
	until(tab, panel+`.includes("RETR")`)
	var story strings.Builder
	if err := lab.Explain(&story, lab.File(file), lab.Explanation{}); err != nil {
		t.Fatal(err)
	}
	got := pagetest.Eval[string](tab, `document.querySelector(".panel pre").textContent`)
	want := strings.Replace(story.String(), file, filepath.Base(file), 1)
	if got = strings.TrimSpace(got); !strings.HasPrefix(want, got[:200]) || !strings.Contains(got, "RETR") {
		t.Errorf("the story is\n%s\nwant\n%s", got, want)
	}
	if text := pagetest.Eval[string](tab, `document.querySelector(".facts").textContent`); !strings.Contains(text, "1 FTP session") {
		t.Errorf("the page says %q of the capture, want 1 session", text)
	}

	show(tab, "verdict")
	if text := pagetest.Eval[string](tab, panel); !strings.Contains(text, "Compared with normal FTP: normal") {
		t.Errorf("the verdict is %q, want normal", text)
	}
	show(tab, "files")
	if text := pagetest.Eval[string](tab, panel); !strings.Contains(text, "RETR") || !strings.Contains(text, "Save") {
		t.Errorf("the files are %q, want the download", text)
	}
	show(tab, "along")
	if n := pagetest.Eval[int](tab, `document.querySelectorAll(".panel li.p").length`); n < 20 {
		t.Errorf("the ladder has %d packets, want all", n)
	}
	show(tab, "walkthrough")
	if sandbox := pagetest.Eval[string](tab, `document.querySelector("iframe").getAttribute("sandbox")`); sandbox != "allow-scripts" {
		t.Errorf("the walkthrough's frame may %q, want scripts alone", sandbox)
	}

	other := filepath.Join(t.TempDir(), "other.pcapng") // on the frame
	if err := os.Link(file, other); err != nil {
		t.Fatal(err)
	}
	until(tab, `document.elementFromPoint(innerWidth / 2, innerHeight / 2)?.tagName === "IFRAME"`)
	for n := 0; n < 100 && !pagetest.Eval[bool](tab, `document.querySelector("h1").textContent === "other.pcapng"`); n++ {
		dropInside(tab, other, file) // again, if the frame was not loaded yet
		time.Sleep(100 * time.Millisecond)
	}
	until(tab, `document.querySelector("h1").textContent === "other.pcapng" && document.querySelector(".panel iframe")`)
	if got := pagetest.Eval[string](tab, `document.querySelector(".outcome").textContent`); !strings.Contains(got, "this is the first of 2 files") {
		t.Errorf("two files that are dropped at once say %q, want that one is opened", got)
	}
}

// packets searches, filters and follows a link to a packet.
func packets(t *testing.T, s *server, tab *pagetest.Tab) {
	sc, err := scenarios.Load("passive_retr")
	if err != nil {
		t.Fatal(err)
	}
	drop(tab, recorded(t, string(sc.Source)))
	until(tab, panel+`.includes("RETR")`)
	show(tab, "packets")
	const numbers = `[...document.querySelectorAll(".packets tbody tr")].map(r => r.id.slice(7)).join(" ")`
	until(tab, `document.querySelectorAll(".packets tbody tr").length > 20`)
	all := len(strings.Fields(pagetest.Eval[string](tab, numbers)))
	tab.Do(chromedp.Focus(chromedp.CSS("#packet-search")), chromedp.KeyEvent("retr"))
	until(tab, `document.querySelectorAll(".packets tbody tr").length === 1`)
	found := pagetest.Eval[string](tab, numbers)
	pagetest.Eval[bool](tab, `(s => { s.value = ""; return s.dispatchEvent(new Event("input")); })(document.getElementById("packet-search"))`)
	until(tab, `document.querySelectorAll(".packets tbody tr").length > 20`)
	pagetest.Eval[bool](tab, `(s => { s.value = "1"; return s.dispatchEvent(new Event("change")); })(document.getElementById("packet-connection"))`)
	until(tab, `document.querySelector(".packets tbody tr") && document.querySelectorAll(".packets tbody tr").length < 20`)
	if n := pagetest.Eval[int](tab, `document.querySelectorAll(".packets tbody tr.data").length`); n == 0 || n >= all {
		t.Errorf("the data connection has %d of %d packets", n, all)
	}
	const info = `.querySelector(".info")`
	if got := pagetest.Eval[string](tab, `document.querySelector(".packets tbody tr")`+info+`.innerText`); strings.Contains(got, "options") || !strings.Contains(got, "length 0") {
		t.Errorf("the list shows the packet %q, want it to the end and without the options of TCP", got)
	}
	show(tab, "packets/"+found)
	until(tab, `document.querySelector(".packets .marked")`)
	if got := pagetest.Eval[string](tab, `document.querySelector(".packets .marked").id`); got != "packet-"+found {
		t.Errorf("the link to packet %s marks %s", found, got)
	}
	if got := pagetest.Eval[string](tab, `document.querySelector(".packets .marked")`+info+`.innerText`); !strings.Contains(got, "options [") || !strings.Contains(got, "RETR") {
		t.Errorf("the marked packet is %q, want all of it", got)
	}
}

// brokenCapture opens what is not a capture, one that is cut off, and then a whole one.
func brokenCapture(t *testing.T, s *server, tab *pagetest.Tab) {
	whole := recorded(t, "# A listing\nopen\nlogin anonymous me@mypc.test\nls\nquit\n")
	data, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, test := range []struct{ file, want string }{
		{write("poem.pcap", []byte("Roses are red, violets are blue.")), "not a capture"},
		{write("empty.pcap", nil), "empty"},
		{write("cut.pcapng", data[:len(data)/2]), "The file is damaged"},
		{write("flaw.pcapng", append(slices.Clip(data[:len(data)-4]), 0, 0, 0, 0)), "says at its end"},
		{whole, "1 FTP session"},
	} {
		drop(tab, test.file)
		name := filepath.Base(test.file)
		until(tab, `document.querySelector(".capture").textContent.includes(`+quote(name)+`) && document.querySelector(".capture .fail, .facts .small")`)
		if got := pagetest.Eval[string](tab, `document.querySelector("h1").textContent`); got != name {
			t.Errorf("%s: the heading is %q", name, got)
		}
		if got := pagetest.Eval[string](tab, `document.querySelector(".capture").textContent`); !strings.Contains(got, test.want) {
			t.Errorf("%s: the page says %q, want %q", name, got, test.want)
		}
	}
}

// largeCapture opens a capture of 200 MB and looks at its last packets.
func largeCapture(t *testing.T, s *server, tab *pagetest.Tab) {
	const size = 200_000_000
	file := download(t, size)
	pagetest.Eval[bool](tab, `(seen => {
		new MutationObserver(() => { for (const p of document.querySelectorAll(".outcome progress")) seen.push(p.value); })
			.observe(document.querySelector(".capture"), { subtree: true, childList: true, attributes: true });
		window.seen = seen;
		return true;
	})([])`)
	drop(tab, file)
	until(tab, panel+`.includes("RETR large.bin")`)
	if got := pagetest.Eval[[]float64](tab, `seen`); !slices.ContainsFunc(got, func(part float64) bool { return 0.4 < part && part < 0.6 }) {
		t.Errorf("while it was read, the page showed these parts of it: %v; want one near the half", got)
	}
	until(tab, `document.querySelector(".lead")`)
	if got := pagetest.Eval[string](tab, `document.querySelector(".facts").textContent`); !strings.Contains(got, "carried 200,00") {
		t.Errorf("the page says %q, want that 200 MB were carried", got)
	}
	show(tab, "packets")
	pagetest.Eval[bool](tab, `(s => { s.value = "226 done"; return s.dispatchEvent(new Event("input")); })(document.getElementById("packet-search"))`)
	until(tab, `document.querySelectorAll(".packets tbody tr").length === 1`)
}
