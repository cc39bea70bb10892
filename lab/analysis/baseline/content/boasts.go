// What intruders write on pages that they change, and in notes to those whose files they encrypted, in several languages.

package content

import (
	"bytes"
	"slices"

	"ftplab/lab/analysis/internal/pattern"
)

// hackedBy is the verb of a boast, in several languages. Only intruders spell it with digits.
const hackedBy = `((hacked|defaced|pwned|[0o]?wn3d|0wned|h4ck[e3]d|hack3d|pwn3d|d3fac[e3]d) by|(hackead|piratead|invadid|desfigurad|deface?ad)[oa]s? por|(hack|pirat)é?e? par|gehackt von|(hackerat|violat)[oa] da|gehackt door|zhakowan[aey] przez|взломан[оа]?)(\b|[ :])`

var (
	// boast matches a title or heading of an intruder: it begins with the boast, or says it of this page. A news
	// page says it of others.
	boast = pattern.New(`(?i)<(title|h[1-6]|font|center|b|strong|big|marquee)\b[^>]*>([^<a-z]{0,20}|[^<]{0,40}\b((this|your) [a-z]+|you|(web ?)?site|server|system|page|domain|owned( and)?)( (ha(s|ve) been|was|is|are|got))? )\W*` + hackedBy)
	// boastLast matches one in a language whose verb is the last word, or a title that is only this verb.
	boastLast = pattern.New(`(?i)<(title|h[1-6]|font|center|b|strong|big|marquee)\b[^>]*>([^<a-z]{0,20}(gehackt|hacklendi(niz)?|hacklenmiştir)[^<a-z]{0,20}<|[^<]{0,20}\b(diese|deine|eure|ihre) ((web|home|internet)?(site|seite|page)|server) (wurde|ist|war) von [^<]{1,40} gehackt|[^<]{0,80}\btaraf[ıi]ndan hack(lendi|edildi))`)
	// boastsHere matches a heading that says it of anything, as a news page has it of others.
	boastsHere = pattern.New(`(?i)<(title|h[1-6]|font|center|b|strong|big|marquee)\b[^>]*>[^<]{0,80}\b` + hackedBy)
	// wasHere matches a visit card, and greetings its other words: to other intruders, and to the administrator.
	wasHere   = pattern.New(`(?i)(>|\n)[^<a-z0-9]{0,8}[^<\n]{1,40}\b(was|were|w4s|wuz) here\b`)
	greetings = pattern.New(`(?i)\b(greetz|greets to|gr33tz|(sorry|hello|hi|dear),? (mr\.? )?admin|patch your|your (security|system) (is|was) (low|weak|bad|vuln)|expect us|cyber (army|team))\b`)
)

// boasts are words of which a boast has one, in lower case.
var boasts = [][]byte{[]byte(" by "), []byte(" por "), []byte(" par "), []byte(" von "), []byte(" da "), []byte(" door "), []byte("przez"), []byte("зломан"), []byte("ЗЛОМАН"),
	[]byte("gehackt"), []byte("hacklen"), []byte("ndan hack"), []byte(" here")}

// boast looks for what intruders leave on a page.
func (r *Reader) boast() {
	if !bytes.Contains(r.data, []byte("</")) {
		return
	}
	r.lower = appendLower(r.lower[:0], r.data)
	if slices.ContainsFunc(boasts, func(mark []byte) bool { return bytes.Contains(r.lower, mark) }) &&
		(boast.Match(r.data) || boastLast.Match(r.data) || wasHere.Match(r.data) && greetings.Match(r.data)) {
		r.note(Defaced, "what intruders leave on a page")
	} else if r.lowerHas(" by ", " por ", " par ") && boastsHere.Match(r.data) {
		r.note(Boast, "a heading that says who defaced something")
	}
}

func (r *Reader) lowerHas(marks ...string) bool {
	return slices.ContainsFunc(marks, func(mark string) bool { return bytes.Contains(r.lower, []byte(mark)) })
}

var (
	// ransomNote matches notes of ransomware: files are encrypted, and how to pay. Texts about
	// ransomware say the same, but use its name, and give no address to pay or write to.
	ransomNote  = pattern.New(`(?is)\byour\b.{0,40}\b(files?|network|data|documents?|systems?|servers?)\b.{0,60}\b(encrypted|locked|stolen)\b.{0,999}(\bbtc\b|bitcoin|monero|\btor (browser|(web)?site)\b|\.onion\b|onionmail|decrypt\w*.{0,60}(\$\s?\d{2,}|\b(contact|write)\b.{0,60}\bpay\b))`)
	aboutRansom = pattern.New(`(?i)\b(ransomware|malware|phishing)\b`)
	payHere     = pattern.New(`\b[a-z2-7][\w-]{5,}\.onion\b|onionmail|@(proton|tuta|cock)|\b(bc1[a-z0-9]{20,}|[13][a-km-zA-HJ-NP-Z1-9]{25,34})\b`)

	// hostages matches a sentence that says whose files somebody encrypted or took: yours. wayBack matches the promise to give
	// them back, or the threat to publish them, and wayToPay how to pay or to write in secret.
	hostages = pattern.New(`(?is)(\byour|\b[ds]?eine|\bihre?|\beure|\b[st]us|\bsu|\bvos|\bseus|\bsuas|\bi (vostri|tuoi)|\buw|\btwoje|ваши|\S+lar[ıi]n[ıi]z|您的|你的)\b?.{0,40}` +
		`(files?\b|network|data|document|servers?\b|systems?\b|dateien|daten|netzwerk|archivos|ficheros|datos|fichiers|donn[ée]es|photos?\b|pictures?\b|file\b|dati\b|arquivos|dados|bestanden|pliki|файлы|данные|文件|dosya).{0,120}` +
		`(encrypted|locked|stolen|exfiltrated|downloaded|penetrated|breached|inaccessible|verschl.{1,2}sselt|gesperrt|gestohlen|cifrad|encriptad|criptografad|chiffr[ée]s?|crypt[ée]s|crittografat|cifrati|versleuteld|zaszyfrowan|зашифрован|[şs]ifrelen|加密)`)
	wayBack = pattern.New(`(?i)recover|restor|decrypt|publish|leak|wiederher|entschl|ver.{1,2}ffentlich|recuper|restaur|descifr|desencript|d[ée]chiffr|r[ée]cup[ée]r|ripristin|decifra|decodifica|herstel|ontsleutel|odzyska|odszyfr|восстанов|расшифров|geri|恢复|解密`)
	// quotedNote matches a note between quotation marks, as an article has it.
	quotedNote = pattern.New(`(?i)["“”„«‘][^"“”„«»‘’<\n]{0,40}\b(your|ihre|eure|vos|sus|tus)\b[^"“”„«»‘’\n]{0,80}\b(files?|data|network|dateien|daten|fichiers|archivos)\b`)
	wayToPay   = pattern.New(`(?i)\bbtc\b|bitcoin|monero|\bxmr\b|\btor[- ]?browser|\.onion\b|onionmail|\b(q?tox|tox id)\b|биткоин|比特币`)
)

// encryptedWords are pieces of the words for encrypted or taken, of which a note has one.
var encryptedWords = []string{"encrypted", "locked", "stolen", "exfiltrated", "downloaded", "penetrated", "breached", "inaccessible", "verschl", "gesperrt", "gestohlen",
	"cifrad", "encriptad", "criptografad", "chiffr", "crypt", "crittografat", "cifrati", "versleuteld", "zaszyfrowan", "зашифрован", "ifrelen", "加密"}

// aNote is what a note of ransomware is called.
const aNote = "the note of ransomware"

var (
	// priceTo matches an amount of coins, and the address of a wallet soon after it.
	priceTo = pattern.New(`(?is)(\d[\d.,]*\s*(btc|bitcoins?|xmr|monero|eth(ereum)?|usdt|ltc|litecoins?)\b|[$€]\s?\d).{0,120}\b(bc1[a-z0-9]{20,}|[13][a-km-zA-HJ-NP-Z1-9]{25,34}|4[0-9AB][0-9a-zA-Z]{93}|0x[0-9a-f]{40})\b`)
	// yourData matches whose data is meant: that of the reader. takenAway matches what somebody did with it.
	yourData  = pattern.New(`(?is)(\byour|\b[ds]?eine|\bihre?n?|\beure|\b[st]us|\bvos|\bi (vostri|tuoi)|\bseus|\bsuas|\buw|\btwoje|ваши)\b.{0,40}(files?\b|data|documents?\b|servers?\b|backups?\b|daten|dateien|archivos|datos|fichiers|donn[ée]es|photos?\b|pictures?\b|file\b|dati\b|arquivos|dados|bestanden|pliki|dane|файлы|данные)`)
	takenAway = pattern.New(`(?i)\b(copied|deleted|removed|wiped|erased|downloaded|backed up|stolen|encrypted|locked)\b|kopiert|gel(ö|oe)scht|entfernt|verschl.{1,2}sselt|gestohlen|borrad|copiad|eliminad|supprim|copi[ée]s|volées?|cancellat|copiat|apagad|gekopieerd|verwijderd|usuni[ęe]t|удален|скопирован|зашифрован`)
	back      = pattern.New(`(?i)\b(get|give|have)\b[^.\n]{0,40}\bback\b|zur(ü|ue)ckzu`)
)

// asksForPrice reports whether a text names a price and a wallet for the data of its reader that somebody took away. Who
// asks for a gift, or sells something, took nothing.
func (r *Reader) asksForPrice() bool {
	data := r.data
	return r.has("btc", "bitcoin", "xmr", "monero", "eth", "usdt", "ltc", "litecoin", "$", "€") && priceTo.Match(data) &&
		yourData.Match(data) && takenAway.Match(data) && (wayBack.Match(data) || back.Match(data))
}

// ransomNote looks for a note of ransomware: files are encrypted, and what to do.
func (r *Reader) ransomNote() {
	if r.asksForPrice() {
		r.note(Malicious, aNote)
		return
	}
	if !r.has(encryptedWords...) {
		return
	}
	data := r.data
	old := r.has("pay", "decrypt", "restor", "recover", "ransom", "contact", "negotiat", "publish", "leak") && ransomNote.Match(data)
	about := (aboutRansom.Match(data) || quotedNote.Match(data)) && !payHere.Match(data)
	if (old || wayToPay.Match(data) && wayBack.Match(data) && hostages.Match(data)) && !about {
		r.note(Malicious, aNote)
	}
}
