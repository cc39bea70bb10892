//go:build !js

package web

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"ftplab/lab/internal/pagetest"
)

// TestSize asks how much is loaded before the first ladder is drawn, and in all. Text is
// counted as it is, since not every server compresses it.
func TestSize(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no site is written")
	}
	files, err := os.ReadDir(folder(t))
	if err != nil {
		t.Fatal(err)
	}
	first, lab := int64(0), int64(0)
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if f.Name() == module {
			lab += info.Size()
		} else {
			first += info.Size()
		}
	}
	t.Logf("before the first ladder %d kB, and the lab %d kB", first/1000, lab/1000)
	if first > 500_000 {
		t.Errorf("%d bytes are loaded before the first ladder, want at most 500,000", first)
	}
	if lab > 8_800_000 {
		t.Errorf("the lab has %d bytes, want at most 8,800,000", lab)
	}
}

// TestOffline opens the page once, stops its server, and opens it again.
func TestOffline(t *testing.T) {
	s := serve(t)
	tab := s.visit(t, "", pagetest.Desktop)
	pagetest.Await[bool](tab, `navigator.serviceWorker.ready.then(r => new Promise(done => {
		const look = () => { if (r.active?.state === "activated") done(true); else setTimeout(look, 20); };
		look();
	}))`)
	s.CloseClientConnections()
	s.Close()
	tab.Do(chromedp.Navigate(s.address+"#/lesson/resume"), chromedp.Reload())
	until(tab, `document.querySelector(".outcome.pass")`)
	if got := pagetest.Eval[string](tab, `document.querySelector(".ladder").textContent`); got == "" {
		t.Error("without a network there is no ladder")
	}
}

// TestFromFile opens the page as a file: browsers start no module script there, so it has to
// say what it needs.
func TestFromFile(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no site is written")
	}
	page, err := os.ReadFile(filepath.Join(folder(t), "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	tab := pagetest.Open(t, page, pagetest.Desktop)
	if !pagetest.Eval[bool](tab, `document.querySelector("main").textContent.includes("ftplab web --open")`) {
		t.Error("the page does not say that it needs a server")
	}
}
