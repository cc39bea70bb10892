package report

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"ftplab/lab/analysis/expect"
	"ftplab/lab/internal/forge"
	"ftplab/lab/internal/pagetest"
)

// html writes the page of a report.
func html(t testing.TB, r *Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.HTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// silent fails the test if the page said or asked anything.
func silent(t *testing.T, tab *pagetest.Tab) {
	t.Helper()
	if said := tab.Said(); len(said) > 0 {
		t.Errorf("the page said %q, want nothing", said)
	}
	if asked := tab.Asked(); len(asked) > 0 {
		t.Errorf("the page asked for %q, want nothing", asked)
	}
}

// TestMarking clicks an arrow and a row of the list, and asks that the packet
// is marked in both places.
func TestMarking(t *testing.T) {
	tab := pagetest.Open(t, html(t, read(t, activeListing)), pagetest.Desktop)
	marked := `[...document.querySelectorAll("[aria-current]")].map(e => e.id).sort().join(" ")`

	tab.Do(chromedp.Click(chromedp.CSS("#l14 .nums")))
	if got := pagetest.Eval[string](tab, marked); got != "l14 p14" {
		t.Errorf("after a click on the arrow of packet 14, got marked %q, want l14 p14", got)
	}
	tab.Do(chromedp.Click(chromedp.CSS("#p20 .info")))
	if got := pagetest.Eval[string](tab, marked); got != "l20 p20" {
		t.Errorf("after a click on packet 20 in the list, got marked %q, want l20 p20", got)
	}
	if got := pagetest.Eval[string](tab, `document.querySelector("#marked").textContent`); !strings.HasPrefix(got, "Frame 20: [") {
		t.Errorf("got %q said of the marked packet, want its line", got)
	}
	tab.Do(chromedp.KeyEvent(kb.Escape))
	if got := pagetest.Eval[string](tab, marked); got != "" {
		t.Errorf("after Escape got marked %q, want nothing", got)
	}

	// By keyboard: the number of a packet is a link to its other place.
	tab.Do(chromedp.Focus(chromedp.CSS("#l5 .no")), chromedp.KeyEvent(kb.Enter),
		chromedp.WaitVisible(chromedp.CSS("#p5.marked")))
	if got := pagetest.Eval[string](tab, marked); got != "l5 p5" {
		t.Errorf("after Enter on packet 5, got marked %q, want l5 p5", got)
	}
	silent(t, tab)
}

// TestFilter chooses what the packet list shows, and holds the times since the
// previous packet shown against the trace.
func TestFilter(t *testing.T) {
	r := read(t, activeListing)
	tab := pagetest.Open(t, html(t, r), pagetest.Desktop)
	for _, filter := range []struct {
		value string
		shows func(*Packet) bool
	}{
		{"control", func(p *Packet) bool { return p.Connection.ID == 0 }},
		{"1", func(p *Packet) bool { return p.Connection.ID == 1 }},
		{"all", func(*Packet) bool { return true }},
	} {
		pagetest.Eval[bool](tab, fmt.Sprintf(`filter.value = %q, filter.dispatchEvent(new Event("change"))`, filter.value))
		got := pagetest.Eval[string](tab, `[...document.querySelectorAll(".list tr[data-n]:not([hidden])")]
			.map(r => r.dataset.n + " " + r.querySelector(".since").textContent).join("\n")`)
		var want []string
		before := int64(-1)
		for _, p := range r.Packets.All() {
			if !filter.shows(p) {
				continue
			}
			since := int64(0)
			if before >= 0 {
				since = p.Time - before
			}
			before = p.Time
			want = append(want, fmt.Sprintf("%d %s", p.Number, seconds(since)))
		}
		if got != strings.Join(want, "\n") {
			t.Errorf("filter %s: got\n%s\nwant\n%s", filter.value, got, strings.Join(want, "\n"))
		}
		if says := pagetest.Eval[string](tab, `shown.textContent`); !strings.HasPrefix(says, fmt.Sprint(len(want), " of ")) {
			t.Errorf("filter %s: the page says %q, want %d packets", filter.value, says, len(want))
		}
	}
	silent(t, tab)
}

// TestZoom moves the zoom with the keyboard and with the mouse, and asks that
// what it draws moves along.
func TestZoom(t *testing.T) {
	tab := pagetest.Open(t, html(t, read(t, func(f *forge.Capture) { download(f, 2<<20) })), pagetest.Desktop)
	path := `document.querySelector("#graph1-zoom .segment").getAttribute("d")`
	window := `parseFloat(document.querySelector("rect.zoom").getAttribute("x"))`
	drawn, at := pagetest.Eval[string](tab, path), pagetest.Eval[float64](tab, window)

	tab.Do(chromedp.Focus(chromedp.CSS(".zoom-from")), chromedp.KeyEvent(kb.End))
	if got := pagetest.Eval[string](tab, path); got == drawn {
		t.Error("the End key on the slider leaves the picture as it was")
	}
	if got := pagetest.Eval[float64](tab, window); got <= at {
		t.Errorf("after the End key the zoom is at %g %%, and was at %g %%", got, at)
	}
	width := `parseFloat(document.querySelector("rect.zoom").getAttribute("width"))`
	narrow := pagetest.Eval[float64](tab, width)
	tab.Do(chromedp.Focus(chromedp.CSS(".zoom-span")), chromedp.KeyEvent(kb.End))
	if got := pagetest.Eval[float64](tab, width); got <= narrow || math.Abs(got-100) > 0.1 {
		t.Errorf("at its widest the zoom shows %g %% of the transfer, want 100", got)
	}
	tab.Do(chromedp.KeyEvent(kb.Home))
	tab.Do(chromedp.ScrollIntoView(chromedp.CSS("#graph1-whole")))
	box := pagetest.Eval[[]float64](tab, `(b => [b.left, b.top, b.width, b.height])(document.querySelector("#graph1-whole").getBoundingClientRect())`)
	tab.Do(chromedp.MouseClickXY(box[0]+box[2]/4, box[1]+box[3]/2))
	if got := pagetest.Eval[float64](tab, window); math.Abs(got-25) > 1 {
		t.Errorf("after a click at a quarter of the picture the zoom is at %g %%, want about 25", got)
	}
	silent(t, tab)
}

// TestZoomIsDrawnAlike holds what the page's script draws against what this
// package draws: the same ticks, and the same strokes.
func TestZoomIsDrawnAlike(t *testing.T) {
	r := read(t, overtaken)
	page := html(t, r)
	tab := pagetest.Open(t, page, pagetest.Desktop)
	view := newSequenceView(r.sequences()[0], r.Trace.Start)
	from, to := view.firstZoom()
	plot := string(view.plot("want", "", "", from, to))
	want := pagetest.Eval[string](tab, fmt.Sprintf(`(d => { d.innerHTML = %q; document.body.append(d);
		return [...d.querySelectorAll("text")].map(t => t.textContent).join("|") })(document.createElement("div"))`, plot))
	got := pagetest.Eval[string](tab, `[...document.querySelectorAll("#graph1-zoom text")].map(t => t.textContent).join("|")`)
	if got != want {
		t.Errorf("got labels %s\nwant %s", got, want)
	}
	strokes := `(s => document.querySelector(s).getAttribute("d").split("M").length)`
	for _, class := range []string{"segment", "again", "hole"} {
		if got, want := pagetest.Eval[int](tab, strokes+`("#graph1-zoom .`+class+`")`), pagetest.Eval[int](tab, strokes+`("#want .`+class+`")`); got != want {
			t.Errorf("got %d strokes of the class %s, want %d", got, class, want)
		}
	}
}

// TestAccessible reads the page as a screen reader does.
func TestAccessible(t *testing.T) {
	tab := pagetest.Open(t, html(t, read(t, func(f *forge.Capture) { download(f, 100_000) })), pagetest.Phone)
	var all []string
	for _, n := range tab.Accessible() {
		all = append(all, n.Role+": "+n.Name)
		switch n.Role {
		case "link", "button", "slider", "combobox", "heading", "image", "img", "region":
			if n.Name == "" {
				t.Errorf("there is a %s without a name", n.Role)
			}
		}
	}
	tree := strings.Join(all, "\n")
	for _, want := range []string{
		"heading: What happened, packet by packet",
		"heading: The client opens the data connection: from its port 24001 to port 29022 of the server, which the reply to PASV announced in frame",
		"StaticText: client port 3171 to server port 21, control connection:",
		"slider: Zoom: from",
		"combobox: Show",
		"region: Packet list",
		"image: Time-sequence graph of the download of file.bin",
	} {
		if !strings.Contains(tree, want) {
			t.Errorf("the accessibility tree has no %q", want)
		}
	}
	if t.Failed() {
		t.Log(tree)
	}
	silent(t, tab)
}

// TestFitsThePhone asks that no page is wider than the screen it is read on, and that the bar of each
// connection is where its packets are.
func TestFitsThePhone(t *testing.T) {
	comment := func(packet int) expect.Match {
		return expect.Match{Packet: packet, Comment: "A comment that takes several lines on a telephone."}
	}
	v := &expect.Verdict{
		Lines:      []expect.Match{comment(1), comment(20), comment(29), comment(38)},
		Mismatches: []expect.Mismatch{{What: "one", Want: "ctl [S]", Got: "ctl [R]"}, {What: "two", Want: "ctl [F.]"}},
	}
	for name, r := range map[string]*Report{
		"listing":  judgedBy(t, v, activeListing),
		"download": read(t, func(f *forge.Capture) { download(f, 300_000) }),
		"far":      read(t, far),
		"hostile":  read(t, hostile),
	} {
		tab := pagetest.Open(t, html(t, r), pagetest.Phone)
		if got := pagetest.Eval[int64](tab, `document.documentElement.scrollWidth`); got > pagetest.Phone.Width {
			t.Errorf("%s: the page is %d pixels wide, want at most %d", name, got, pagetest.Phone.Width)
		}
		touching := `[...document.querySelectorAll("table + :not(h2)")].filter(e =>
			e.getBoundingClientRect().top - e.previousElementSibling.getBoundingClientRect().bottom < 5).map(e => e.textContent)`
		if got := pagetest.Eval[[]string](tab, touching); len(got) > 0 {
			t.Errorf("%s: the texts %q touch the tables before them", name, got)
		}
		bars(t, tab)
		tab.Show(pagetest.Desktop)
		bars(t, tab)
	}
}

// bars asks that the bar of each connection begins and ends at the arrows of its first and last packet.
func bars(t *testing.T, tab *pagetest.Tab) {
	t.Helper()
	beside := pagetest.Eval[[]string](tab, `[...document.querySelectorAll(".p .tracks :is(.begin, .end)")].filter(i => {
		const bar = i.getBoundingClientRect(), arrow = i.closest("li").querySelector(".arrow").getBoundingClientRect();
		const cap = bar.bottom - parseFloat(getComputedStyle(i, "::after").bottom);
		const top = i.matches(".begin") ? bar.top + parseFloat(getComputedStyle(i, "::before").top) : cap;
		return Math.min(cap, top) < arrow.top - 2 || Math.max(cap, top) > arrow.bottom + 2;
	}).map(i => i.closest("li").id)`)
	if len(beside) > 0 {
		t.Errorf("the bars of the connections begin or end beside the arrows of the packets %q", beside)
	}
}

// TestHostileCapture opens the page of a hostile capture and asks that nothing
// runs, nothing is requested, and what was sent is there to be read.
func TestHostileCapture(t *testing.T) {
	r := read(t, hostile)
	r.Capture = `<b onmouseover=alert(6)>"x".pcap`
	tab := pagetest.Open(t, html(t, r), pagetest.Desktop)
	silent(t, tab)
	if got := pagetest.Eval[int](tab, `document.querySelectorAll("main script:not([type]), img, iframe, object, embed, form, base, link, [onerror], [onload], [onmouseover], meta[http-equiv=refresh]").length`); got != 0 {
		t.Errorf("the page has %d elements that came out of the capture", got)
	}
	text := pagetest.Eval[string](tab, `document.body.textContent`)
	for _, want := range []string{`<script>alert(1)</script>`, `\u{202e}gnp.exe\u{2066}\u{200b}\x1b[2J\x07`, `\xc3(\x80\x00`} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	for _, r := range text {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200b {
			t.Errorf("the page's text has the character %U", r)
		}
	}
}

// TestPolicy asks that a page requests nothing even if markup did slip in.
func TestPolicy(t *testing.T) {
	asked := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.Path }))
	defer server.Close()
	tab := pagetest.Open(t, html(t, read(t, activeListing)), pagetest.Desktop)
	refused := pagetest.Await[string](tab, fmt.Sprintf(`new Promise(done => {
		const image = new Image();
		image.onload = () => done("loaded");
		image.onerror = () => fetch(%[1]q + "/fetch").then(() => done("fetched"), () => done("refused"));
		image.src = %[1]q + "/image";
		document.body.append(image);
	})`, server.URL))
	if refused != "refused" || len(asked) > 0 {
		t.Errorf("an image and a fetch were %s, and %d requests arrived; want them refused", refused, len(asked))
	}
	inline := pagetest.Eval[int](tab, `(d => {
		d.innerHTML = "<button onclick='window.ran = 1'></button>";
		document.body.append(d);
		d.firstChild.click();
		const s = document.createElement("script");
		s.textContent = "window.ran = 2";
		document.body.append(s);
		return window.ran || 0;
	})(document.createElement("div"))`)
	if inline != 0 {
		t.Error("a script that the page was not written with has run")
	}
}

// TestLargePages asks that pages of long transfers stay small, and says how
// long they take to open.
func TestLargePages(t *testing.T) {
	sizes := []int64{10 << 20, 256 << 20}
	if testing.Short() {
		sizes = sizes[:1]
	}
	for _, size := range sizes {
		page := html(t, read(t, func(f *forge.Capture) { download(f, size) }))
		if len(page) > 1_000_000 {
			t.Errorf("the page of a download of %d MiB has %d bytes, want at most a million", size>>20, len(page))
		}
		tab := pagetest.Open(t, page, pagetest.Desktop)
		opened := pagetest.Eval[float64](tab, `performance.getEntriesByType("navigation")[0].loadEventEnd`)
		t.Logf("%d MiB: a page of %d kB, open after %.0f ms", size>>20, len(page)/1000, opened)
		silent(t, tab)
	}
}

func TestMain(m *testing.M) { pagetest.Main(m) }
