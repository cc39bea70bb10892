package alert

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// zeek is Zeek's notice.log: tab-separated, with Zeek's header.
type zeek struct {
	w      io.Writer
	headed bool
}

// zeekFields are the fields of Notice::Info with their types, in Zeek's order.
var zeekFields = [][2]string{
	{"ts", "time"}, {"uid", "string"}, {"id.orig_h", "addr"}, {"id.orig_p", "port"}, {"id.resp_h", "addr"}, {"id.resp_p", "port"},
	{"fuid", "string"}, {"file_mime_type", "string"}, {"file_desc", "string"}, {"proto", "enum"}, {"note", "enum"},
	{"msg", "string"}, {"sub", "string"}, {"src", "addr"}, {"dst", "addr"}, {"p", "port"}, {"n", "count"}, {"peer_descr", "string"},
	{"actions", "set[enum]"}, {"email_dest", "set[string]"}, {"suppress_for", "interval"},
	{"remote_location.country_code", "string"}, {"remote_location.region", "string"}, {"remote_location.city", "string"},
	{"remote_location.latitude", "double"}, {"remote_location.longitude", "double"},
}

// unset is how Zeek writes a field without a value.
const unset = "-"

// header writes the header in front of the first line. Its time is that of the alert, so
// that the same captures give the same log.
func (z *zeek) header(at int64) error {
	if z.headed {
		return nil
	}
	z.headed = true
	var names, types []string
	for _, f := range zeekFields {
		names, types = append(names, f[0]), append(types, f[1])
	}
	_, err := fmt.Fprintf(z.w, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tnotice\n#open\t%s\n#fields\t%s\n#types\t%s\n",
		time.Unix(0, at).UTC().Format("2006-01-02-15-04-05"), strings.Join(names, "\t"), strings.Join(types, "\t"))
	return err
}

func (z *zeek) Write(r *Report) error {
	for _, a := range r.events() {
		if err := z.header(a.Time); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(z.w, strings.Join(a.zeek(r.Name), "\t")); err != nil {
			return err
		}
	}
	return nil
}

// Close writes the header of a log without a line; Zeek's own #close line has the time
// of the end, which says nothing here.
func (z *zeek) Close() error { return z.header(0) }

// zeek returns the values of the fields.
func (a *Alert) zeek(file string) []string {
	orig, resp := endpoint{a.Orig, a.Orig.IsValid()}, endpoint{a.Resp, a.Resp.IsValid()}
	src, dst := endpoint{a.Src, a.Src.IsValid()}, endpoint{a.Dst, a.Dst.IsValid()}
	uid, proto := unset, unset
	if a.ConnectionStart > 0 { // then Zeek's own notices have the two ends here, too
		uid, proto, src, dst = a.uid(file), "tcp", orig, resp
	}
	sub := fmt.Sprintf("%s, severity %s", file, a.Severity)
	if len(a.Packets) > 0 {
		sub += ", frames " + frameNumbers(a.Packets)
	}
	return []string{
		fmt.Sprintf("%d.%06d", a.Time/1e9, a.Time%1e9/1e3), uid, orig.address(unset), orig.port(unset), resp.address(unset), resp.port(unset),
		unset, unset, unset, proto, noteName(a.Rule),
		zeekString(a.Observed), zeekString(sub), src.address(unset), dst.address(unset), resp.port(unset), unset, unset,
		"Notice::ACTION_LOG", "(empty)", "0.000000", unset, unset, unset, unset, unset,
	}
}

// noteName is the name of a rule as a value of Zeek's enum Notice::Type. An identifier of Zeek begins with a
// letter, so that Reply is in front of the code of a reply.
func noteName(rule string) string {
	words := strings.Split(rule, "-")
	if rule != "" && '0' <= rule[0] && rule[0] <= '9' {
		words = append([]string{"reply"}, words...)
	}
	for i, w := range words {
		if w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return "FTPLab::" + strings.Join(words, "_")
}

// zeekString escapes a value as Zeek's ASCII writer does: the separator, what is not
// printable, and a value that would look empty or unset.
func zeekString(s string) string {
	switch s {
	case "":
		return "(empty)"
	case unset:
		return `\x2d`
	}
	var b strings.Builder
	for _, c := range []byte(s) {
		switch {
		case c == '\\':
			b.WriteString(`\\`)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
