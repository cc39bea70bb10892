// Package page is the frame of the lab's HTML pages: each is one file, with its
// style and its script inside, that loads nothing from any network.
//
// A page shows text from captures, which is untrusted. The page's content
// security policy has the digests of its style and its script, and forbids any
// other script, style, image, frame, form or request, even if such text were
// not escaped.
package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"sync"
)

// A Page is one page.
type Page struct {
	Title  string
	Body   template.HTML
	Script string // such as Walkthrough; "" for none
}

//go:embed page.css
var style string

// Walkthrough is the script of a walkthrough, whose parts answer to clicks.
//
//go:embed page.js
var Walkthrough string

// Write writes the page.
func (p Page) Write(w io.Writer) error {
	data := struct {
		Page
		Policy string
		Style  template.CSS
		Code   template.JS
	}{Page: p, Style: template.CSS(style)}
	data.Policy = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src '" + Digest(style) + "'"
	if p.Script != "" {
		data.Code = template.JS(p.Script)
		data.Policy += "; script-src '" + Digest(p.Script) + "'"
	}
	return paper().Execute(w, data)
}

// Style is the style of every page.
func Style() string { return style }

// Digest names a style or a script as a content security policy does. A page that shows one
// of these in a frame has to allow it in its own policy.
func Digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

var paper = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("paper").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{.Policy}}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{{.Title}}</title>
<style>{{.Style}}</style>
</head>
<body>
{{.Body}}
{{if .Code}}<script>{{.Code}}</script>{{end}}
</body>
</html>
`))
})
