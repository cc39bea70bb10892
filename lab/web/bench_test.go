//go:build !js

package web

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"ftplab/lab/internal/pagetest"
)

// BenchmarkOpening measures the time from opening the page to its first ladder, and to the
// lab, which then draws the next one.
func BenchmarkOpening(b *testing.B) {
	s := serve(b)
	tab := s.visit(b, "", pagetest.Desktop)
	ladder, ready := 0.0, 0.0
	for b.Loop() {
		tab.Do(chromedp.Navigate("about:blank"), chromedp.Navigate(s.address+"?"+time.Now().String()))
		until(tab, `document.querySelector(".ladder li.p")`)
		ladder += pagetest.Eval[float64](tab, `performance.now()`)
		until(tab, `document.getElementById("loading").textContent === ""`)
		ready += pagetest.Eval[float64](tab, `performance.now()`)
	}
	b.ReportMetric(ladder/float64(b.N), "ms/ladder")
	b.ReportMetric(ready/float64(b.N), "ms/lab")
}

// BenchmarkKeystroke measures the time from a key in the editor to the new ladder on the
// screen, of a session of 40 packets.
func BenchmarkKeystroke(b *testing.B) {
	s := serve(b)
	tab := s.visit(b, "", pagetest.Desktop)
	until(tab, `document.getElementById("loading").textContent === ""`)
	typed(tab, "\nquit\n", "\nsyst\nfeat\npwd\nnoop\nquit\n")
	until(tab, `document.querySelectorAll(".ladder li.p").length >= 38`)
	b.ReportMetric(pagetest.Eval[float64](tab, `document.querySelectorAll(".ladder li.p").length`), "packets")
	const key = `(async () => {
		const area = document.querySelector("textarea"), before = document.querySelector(".ladder"), begin = performance.now();
		area.value = area.value.includes("\npwd\n") ? area.value.replace("\npwd\n", "\ncdup\n") : area.value.replace("\ncdup\n", "\npwd\n");
		area.dispatchEvent(new Event("input"));
		while (document.querySelector(".ladder") === before) await new Promise(done => setTimeout(done, 1));
		await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
		return performance.now() - begin;
	})()`
	for range 20 { // until the browser has compiled it
		pagetest.Await[float64](tab, key)
	}
	sum := 0.0
	for b.Loop() {
		sum += pagetest.Await[float64](tab, key)
	}
	b.ReportMetric(sum/float64(b.N), "ms/key")
}

// BenchmarkExplain measures the story of a capture of 100 MB in the page, against the command
// that prints it. The command also takes digests, which the page does when its files are looked
// at. Before it begins, the browser has compiled the lab: it has a few seconds for that while
// somebody chooses a capture.
func BenchmarkExplain(b *testing.B) {
	file := download(b, 100_000_000)
	command := filepath.Join(b.TempDir(), "ftplab")
	if out, err := exec.Command("go", "build", "-o", command, "ftplab/cmd/ftplab").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	s := serve(b)
	tab := s.visit(b, "#/capture", pagetest.Desktop)
	until(tab, `document.getElementById("loading").textContent === ""`)
	const heading = `document.querySelector("h1").textContent`
	var native, page time.Duration
	time.Sleep(4 * time.Second)
	for b.Loop() {
		begin := time.Now()
		if out, err := exec.Command(command, "explain", file).CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		native += time.Since(begin)
		pagetest.Eval[bool](tab, `(`+heading+` = "", true)`)
		begin = time.Now()
		drop(tab, file)
		until(tab, heading+` !== "" && `+panel+`.includes("RETR large.bin")`)
		page += time.Since(begin)
	}
	b.ReportMetric(page.Seconds()/native.Seconds(), "times")
	b.ReportMetric(page.Seconds()/float64(b.N), "s/page")
}
