//go:build !js

package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"ftplab/lab/internal/pagetest"
)

// A trap is a server that hostile text names, and counts who comes.
func trap(t *testing.T) (address string, visits *atomic.Int64) {
	visits = &atomic.Int64{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		visits.Add(1)
		w.Header().Set("Access-Control-Allow-Origin", "*")
	}))
	t.Cleanup(s.Close)
	return s.URL, visits
}

// hostile is a scenario whose every text tries to be more than text. Its title, its story,
// its files and both sides of its dialogue do.
func hostile(address string) string {
	attack := fmt.Sprintf(`<script>ran=1</script><img src=%s/x onerror=ran=2><svg onload=ran=3><a href=javascript:ran=4>here</a><style>@import '%s/s';</style>`, address, address)
	quoted := strings.ReplaceAll(attack, `"`, `'`)
	return "# " + attack + "\n# Story " + attack + "\n\n" +
		"open\nlogin anonymous me@mypc.test\n! quote SITE " + quoted + "\nls\nquit\n\n" +
		"-- replies --\n220 " + attack + "\n-- files/README --\n" + attack + "\n" +
		"-- want --\nctl client.* > server.21\ndata client.* > server.*\n\nctl client > server [S] # " + attack + "\nctl ...\ndata ...\nctl server > client \"999 *\" # " + attack + "\n"
}

// harmless fails the test if anything of a hostile text has run, or called its server.
func harmless(t *testing.T, s *server, tab *pagetest.Tab, visits *atomic.Int64) {
	t.Helper()
	if pagetest.Eval[bool](tab, `"ran" in window`) {
		t.Error("a script has run that came from outside")
	}
	if n := pagetest.Eval[int](tab, `document.querySelectorAll("main script, main img, main svg[onload], main object, main embed, main form, main base, main [onerror], main [onload], main a[href^=javascript], main style, main link").length`); n != 0 {
		t.Errorf("the page has %d elements that came from outside", n)
	}
	if n := visits.Load(); n != 0 {
		t.Errorf("a server that a hostile text names was called %d times", n)
	}
	s.quiet(t, tab)
}

// TestHostile brings the page all that is bad, in one tab.
func TestHostile(t *testing.T) {
	s := serve(t)
	tab := s.visit(t, "", pagetest.Desktop)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *server, *pagetest.Tab)
	}{
		{"link", hostileLink}, {"damaged links", damagedLinks}, {"capture", hostileCapture},
		{"policy", refusals}, // the last one, as it makes the page say something
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, s, tab) })
	}
}

// hostileLink opens a link whose scenario is hostile.
func hostileLink(t *testing.T, s *server, tab *pagetest.Tab) {
	address, visits := trap(t)
	packed := pagetest.Await[string](tab, `import("./share.js").then(s => s.pack(`+quote(hostile(address))+`))`)
	pagetest.Eval[bool](tab, `(location.hash = "#/scenario/`+packed+`", true)`)
	until(tab, `document.querySelector(".ladder")?.textContent.includes("<script>")`)
	harmless(t, s, tab, visits)
}

// damagedLinks opens links that nobody can have made with the page.
func damagedLinks(t *testing.T, s *server, tab *pagetest.Tab) {
	for _, test := range []struct{ fragment, want string }{
		{"#/scenario/!!!", "damaged"},
		{"#/scenario/AAAA", "damaged"},
		{"#/lesson/<img src=x onerror=ran=1>", "no lesson"},
		{"#/lesson/../../etc/passwd", "no lesson"},
		{"#/scenario/" + pagetest.Await[string](tab, `import("./share.js").then(s => new Response(new Blob([new Uint8Array(1 << 25)]).stream().pipeThrough(new CompressionStream("deflate-raw"))).arrayBuffer()).then(b => btoa(String.fromCharCode(...new Uint8Array(b))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""))`), "too large"},
	} {
		pagetest.Eval[bool](tab, `(location.hash = `+quote(test.fragment)+`, true)`)
		until(tab, `document.querySelector("main").textContent.includes(`+quote(test.want)+`)`)
		pagetest.Eval[bool](tab, `(location.hash = "#/", true)`)
		until(tab, `document.querySelector(".ladder")`)
	}
	s.quiet(t, tab)
}

// hostileCapture opens a hostile capture and all that is said of it.
func hostileCapture(t *testing.T, s *server, tab *pagetest.Tab) {
	address, visits := trap(t)
	file := recorded(t, hostile(address))
	pagetest.Eval[bool](tab, `(location.hash = "#/capture", true)`)
	until(tab, `document.querySelector("#choose")`)
	drop(tab, file)
	until(tab, panel+`.includes("<script>")`)
	for _, name := range []string{"story", "along", "walkthrough", "verdict", "packets", "files"} {
		show(tab, name)
		harmless(t, s, tab, visits)
	}
}

// refusals asks that neither the page nor its worker can call another server, nor run a
// script of another origin, even if somebody had a way to make them try.
func refusals(t *testing.T, s *server, tab *pagetest.Tab) {
	address, visits := trap(t)
	got := pagetest.Await[string](tab, fmt.Sprintf(`(async address => {
		const outcome = [];
		await fetch(address + "/page").then(() => outcome.push("the page fetched"), () => {});
		const worker = new Worker(URL.createObjectURL(new Blob(["fetch(" + JSON.stringify(address + "/worker") + ").then(() => postMessage('the worker fetched'), () => postMessage('')); "])));
		const said = await new Promise(done => { worker.onmessage = e => done(e.data); worker.onerror = () => done(""); });
		if (said) outcome.push(said);
		const script = document.createElement("script");
		script.src = address + "/script";
		await new Promise(done => { script.onload = () => { outcome.push("a script was loaded"); done(); }; script.onerror = done; document.head.append(script); });
		return outcome.join(", ");
	})(%q)`, address))
	if got != "" || visits.Load() != 0 {
		t.Errorf("%s, and the other server was called %d times; want nothing", got, visits.Load())
	}
	if refused := pagetest.Eval[[]string](tab, `refused`); len(refused) == 0 {
		t.Error("the policy has refused nothing")
	}
}
