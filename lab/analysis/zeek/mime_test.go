package zeek

import (
	"testing"

	"ftplab/lab/testbed/content"
)

// TestTypes has the types that Zeek's signatures find, and none where another signature than
// those known here may match.
func TestTypes(t *testing.T) {
	random := make([]byte, 4096)
	if _, err := content.New(1, 4096).Read(random); err != nil {
		t.Fatal(err)
	}
	for head, want := range map[string]string{
		"drwxr-xr-x 2 0 0 4096 Jan 05 08:00 pub\r\n":     "text/plain",
		"01-05-26  08:00AM       <DIR>          pub\r\n": "", // as <DIR> is like a tag, it is left out
		"type=file;size=3; README\r\n":                   "text/plain",
		"total 8\r\n-rw-r--r-- 1 0 0 3 README\r\n":       "text/plain",
		"\nNetwork Working Group\n":                      "text/plain",
		"User-agent: *\nDisallow: /\n":                   "text/plain",
		"Welcome.\n":                                     "", // nine bytes, and Zeek wants ten
		"Héllo everybody":                                "", // not in the first ten bytes
		"From: ada@example.com\n":                        "", // message/rfc822
		"#!/bin/sh\necho hello\n":                        "", // text/x-shellscript
		"<?php phpinfo();":                               "",
		"-----BEGIN PGP MESSAGE-----":                    "",
		"BEGIN:VCALENDAR\r\n":                            "",
		"[section]\nkey=value\n":                         "", // text/ini
		`{"name": "value"}`:                              "text/json",
		`{"name": null}`:                                 "",
		"<?xml version=\"1.0\"?>\n<menu><dish/></menu>":  "application/xml",
		"<?xml version=\"1.0\"?>\n<svg width=\"3\">":     "", // image/svg+xml
		"%PDF-1.7\n":                                     "application/pdf",
		"\x89PNG\r\n\x1a\n":                              "image/png",
		"\xff\xd8\xff\xe0":                               "image/jpeg",
		"GIF89a":                                         "image/gif",
		"\x1f\x8b\x08":                                   "application/x-gzip",
		"BZh91AY":                                        "application/x-bzip2",
		"\xfd7zXZ\x00":                                   "application/x-xz",
		"PK\x03\x04\x14\x00\x00\x00\x08\x00a.txt":        "application/zip",
		"PK\x03\x04\x14\x00\x06\x00\x08\x00[Content_Ty":  "", // a document of an office program
		"PK\x03\x04\x14\x00\x00\x00META-INF/MANIFEST.MF": "", // Java's
		"":             "",
		string(random): "",
	} {
		if got := mimeType([]byte(head)); got != want {
			t.Errorf("%.40q: got %q, want %q", head, got, want)
		}
	}
}
