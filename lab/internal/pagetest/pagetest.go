//go:build !js

// Package pagetest opens the lab's pages in a real browser, for tests: headless
// Chromium, without access to any network.
package pagetest

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"ftplab/lab/labtest/optional"
)

// timeout is how long the browser may take to start, and for one test. A busy machine
// takes twenty times as long as a quiet one.
const timeout = 5 * time.Minute

// browser is the one that all tests of a program share, each with a tab of its own:
// to start it takes longer than most tests do.
var browser struct {
	once sync.Once
	ctx  context.Context
	stop context.CancelFunc
	err  error
}

// Main runs the tests of a package that opens pages, ends their browser, and calls
// the functions after. It is what the package's TestMain does.
func Main(m *testing.M, after ...func()) {
	code := m.Run()
	for _, f := range after {
		f()
	}
	if browser.stop != nil {
		browser.stop()
	}
	os.Exit(code)
}

// A Tab is a page that is open in a browser.
type Tab struct {
	t   testing.TB
	ctx context.Context
	url string

	mu    sync.Mutex
	said  []string
	asked []string
}

// A Screen is what a page is looked at on.
type Screen struct {
	Width, Height int64 // pixels
	Dark          bool
}

// The screens that pages are made for.
var (
	Desktop = Screen{Width: 1280, Height: 900}
	Phone   = Screen{Width: 390, Height: 844}
)

// browsers are the names under which Chromium is installed.
var browsers = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// Open opens a page. Without a browser the test is skipped: see
// [optional.Missing].
func Open(t testing.TB, html []byte, screen Screen) *Tab {
	t.Helper()
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, html, 0o666); err != nil {
		t.Fatal(err)
	}
	return Visit(t, (&url.URL{Scheme: "file", Path: file}).String(), screen)
}

// Visit opens the page at an address, which may be that of a server on 127.0.0.1; the
// browser reaches no other host.
func Visit(t testing.TB, address string, screen Screen) *Tab {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: the test starts a browser")
	}
	i := slices.IndexFunc(browsers, func(name string) bool { _, err := exec.LookPath(name); return err == nil })
	if i < 0 {
		optional.Missing(t, "Chromium is not installed: apt install chromium")
	}
	tab := &Tab{t: t, url: address}
	tab.start(browsers[i])
	tab.listen()
	tab.Show(screen)
	tab.Do(chromedp.Navigate(tab.url))
	return tab
}

// Go opens another page in the same tab.
func (tab *Tab) Go(address string) {
	tab.t.Helper()
	tab.url = address
	tab.Do(chromedp.Navigate(address))
}

// start opens a tab, which is closed when the test ends, in the browser at path.
func (tab *Tab) start(path string) {
	tab.t.Helper()
	browser.once.Do(func() { startBrowser(path) })
	if browser.err != nil {
		tab.t.Fatal(browser.err)
	}
	ctx, cancel := chromedp.NewContext(browser.ctx)
	tab.t.Cleanup(cancel)
	tab.ctx, cancel = context.WithTimeout(ctx, timeout)
	tab.t.Cleanup(cancel)
}

func startBrowser(path string) {
	var scratch string
	if scratch, browser.err = os.MkdirTemp("", "ftplab-browser-"); browser.err != nil {
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.Env("TMPDIR="+scratch), // where it leaves files
		chromedp.WSURLReadTimeout(timeout),
		chromedp.NoSandbox, // which root and containers do not have
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"))
	ctx, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(ctx)
	browser.ctx, browser.stop = ctx, func() { stop(); stopAllocator(); os.RemoveAll(scratch) }
	browser.err = chromedp.Do(ctx) // which starts it
}

// listen notes what the page says on the console and what it asks the network.
func (tab *Tab) listen() {
	err := chromedp.Listen(tab.ctx, func(event any) {
		tab.mu.Lock()
		defer tab.mu.Unlock()
		switch e := event.(type) {
		case *runtime.EventConsoleAPICalled:
			tab.said = append(tab.said, "console."+string(e.Type))
		case *runtime.EventExceptionThrown:
			tab.said = append(tab.said, e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			tab.said = append(tab.said, e.Entry.Text)
		case *page.EventJavascriptDialogOpening:
			tab.said = append(tab.said, "dialog: "+e.Message)
		case *network.EventRequestWillBeSent:
			tab.asked = append(tab.asked, e.Request.URL)
		}
	})
	if err != nil {
		tab.t.Fatal(err)
	}
	Call(tab, network.Enable, network.EnableParams{})
	Call(tab, log.Enable, cdp.Empty{})
}

// Show sets the size of the screen and its colours.
func (tab *Tab) Show(s Screen) {
	scheme := "light"
	if s.Dark {
		scheme = "dark"
	}
	tab.Do(chromedp.EmulateViewport(s.Width, s.Height))
	Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
}

// Do performs actions on the page.
func (tab *Tab) Do(actions ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	if err := chromedp.Do(tab.ctx, actions...); err != nil {
		tab.t.Fatal(err)
	}
}

// Eval evaluates an expression in the page.
func Eval[T any](tab *Tab, expression string) T {
	tab.t.Helper()
	v, err := chromedp.Run(tab.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		tab.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// Await evaluates an expression that is a promise, and waits for its value.
func Await[T any](tab *Tab, expression string) T {
	tab.t.Helper()
	v, err := chromedp.Run(tab.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		tab.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// Call makes a call of the browser's own protocol.
func Call[P, R any](tab *Tab, command cdp.Command[P, R], params P) R {
	tab.t.Helper()
	r, err := chromedp.Call(tab.ctx, command, params)
	if err != nil {
		tab.t.Fatal(err)
	}
	return r
}

// T is the test that the tab was opened for.
func (tab *Tab) T() testing.TB { return tab.t }

// Said returns what the page has said on the console, and any error of its own.
func (tab *Tab) Said() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return slices.Clone(tab.said)
}

// Asked returns what the page has asked of any network, itself excepted.
func (tab *Tab) Asked() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(tab.asked), func(u string) bool { return u == tab.url })
}

// Picture returns what is on the screen, as PNG.
func (tab *Tab) Picture() []byte {
	tab.t.Helper()
	picture, err := chromedp.Run(tab.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		tab.t.Fatal(err)
	}
	return picture
}

// A Node is a node of the accessibility tree: what a screen reader gets.
type Node struct{ Role, Name string }

// Accessible returns the accessibility tree, in the order of reading.
func (tab *Tab) Accessible() []Node {
	var nodes []Node
	for _, n := range Call(tab, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes {
		if !n.Ignored {
			nodes = append(nodes, Node{text(n.Role), text(n.Name)})
		}
	}
	return nodes
}

func text(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	s := string(v.Value)
	if len(s) > 1 && s[0] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}
