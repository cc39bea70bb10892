// Lists of stolen accounts: records that repeat, of a place, a name and a secret.

package content

import (
	"bytes"
	"slices"
	"strings"
	"unicode"

	"ftplab/lab/analysis/internal/pattern"
)

const (
	fewAccounts  = 2  // somebody may have made notes of so many
	manyAccounts = 3  // programs list so many
	manyLines    = 10 // of a list that has only accounts in it, or only cookies
)

// A field is what a column or a line of an account holds.
type field int

const (
	ofPlace field = iota + 1
	ofName
	ofSecret
	ofAddress // of a site, or of anything
)

// fields are the names of columns and lines, in lower case.
var fields = namesOf(
	"url,origin url,action url,link,site,website,web site,host,hostname,server,domain,origin,account,ssid,ssid name,"+
		"web page,sitio,sitio web,seite,webseite,sito,sito web,strona,сайт,веб-сайт,хост,ссылка,ιστοσελίδα,网址,网站,サイト,사이트,الموقع,אתר",
	"user,username,user name,usr,login,login name,email,e-mail,mail,usuario,usuário,nome de usuário,nombre de usuario,benutzer,benutzername,"+
		"utilisateur,nom d'utilisateur,identifiant,utente,nome utente,gebruikersnaam,użytkownik,kullanıcı adı,логин,логін,имя пользователя,пользователь,користувач,потребител,όνομα χρήστη,χρήστης,nickname,用户名,账号,ユーザー名,아이디,사용자 이름,اسم المستخدم,שם משתמש",
	"pass,password,pass word,passwd,pwd,psw,key content,clave,contraseña,senha,passwort,kennwort,mot de passe,parola,wachtwoord,hasło,şifre,пароль,парола,κωδικός,κωδικός πρόσβασης,密码,パスワード,비밀번호,كلمة المرور,סיסמה",
	"address,page,adresse,dirección,endereço,indirizzo,adres,адрес,διεύθυνση,アドレス,주소")

// namesOf has the names of the fields, in their order.
func namesOf(lists ...string) map[string]field {
	all := map[string]field{}
	for i, list := range lists {
		for name := range strings.SplitSeq(list, ",") {
			all[name] = field(i + 1)
		}
	}
	return all
}

var (
	rowEnd    = pattern.New(`<br ?/?>|</(tr|p|div|li|h\d)>`)
	cellEnd   = pattern.New(`</t[dh]>`)
	tag       = pattern.New(`<[^>\n]*>`)
	notSecret = pattern.New(`^$|[\s/\\]|^[$*{!<%]|^[\d.:-]+[a-z]{0,2}$|^[0-9a-f]{32,}$|^(none|null|nil|n/?a|empty|unknown|x+|\.+|-+)$`)
	// browserHead matches the head of a table as Chrome, Edge and Firefox export it.
	browserHead = pattern.New(`^("?name"?,)?"?url"?,"?username"?,"?password"?(,|$)`)
	bareURL     = pattern.New(`^https?://[^\s|]{1,300}[:|][^\s:|]{1,99}[:|]([^\s:|]{1,64})$`)
	bareMail    = pattern.New(`^[\w.+-]{1,64}@[\w-]+(\.[\w-]+)+[:;|]([^\s:;|]{1,64})$`)
	cookie      = pattern.New(`^(#httponly_)?\.?[\w-]+(\.[\w-]+)+\t(true|false)\t/\S*\t(true|false)\t\d+\t\S+\t\S+`)
	loginCookie = pattern.New(`^(#httponly_)?\.?([\w-]+\.)*(google|youtube|facebook|instagram|linkedin|github|twitter|x|amazon)\.\w+\t[^\n]*\t([hs]?sid|ssid|sapisid|__secure-\dpsid|xs|sessionid|auth_token|user_session|li_at|at-main)\t\S+$`)
	form        = pattern.New(`(^|&)(user|login|email)\w*=[^&\s]+&([^\s&]*&)*(pass|pwd)\w*=[^&\s]+`)
	inJSON      = []*pattern.Pattern{
		pattern.New(`"(url|uri|origin|host|hostname|website|site)" *: *"https?://`), pattern.New(`"(user|username|login|email)" *: *"[^"]`),
		pattern.New(`"(password|pass|pwd)" *: *"[^"$*{!<%]`),
	}
)

// An accountList is the accounts that were seen in a file so far.
type accountList struct {
	labelled, tabled, cookies places  // those of accounts in lines with keys, and in tables, and of cookies
	logins                    places  // those of cookies with which somebody is logged in
	bare, forms               int     // accounts of a line each, and forms that were sent
	json                      [3]int  // how often each field was there
	lines, ours               int     // all, and those with keys or with accounts
	columns                   []field // of a table, nil for none
	exported                  bool    // the table has the head that browsers write
	html                      bool
	place, name               string // of the record that was begun
	reported                  Kind
}

// places are some of those that were seen.
type places map[string]bool

func (p *places) add(where string) {
	if *p == nil {
		*p = places{}
	}
	if len(*p) < manyLines {
		(*p)[strings.Clone(where)] = true
	}
}

// accountMarks are in texts that may have accounts.
var accountMarks = []string{"pass", "pwd", "psw", "key content", "clave", "contrase", "senha", "kennwort", "mot de passe", "parola", "wachtwoord", "hasło", "ifre", "密码", "арол", "АРОЛ", "ωδικ", "パスワード", "비밀번호", "كلمة المرور", "סיסמה", "://", "@", "\ttrue\t", "\tfalse\t"}

// read takes the next part of a file, in lower case. It returns what the file is known to be now, 0 if
// that is nothing, or not new.
func (a *accountList) read(t *passage) (Kind, string) {
	if !slices.ContainsFunc(accountMarks, t.has) {
		a.lines += bytes.Count(t.text, []byte("\n"))
		return 0, ""
	}
	for i, p := range inJSON {
		a.json[i] += len(p.FindAll(t.text, -1))
	}
	text := strings.TrimPrefix(string(t.text), "\ufeff")
	if strings.Contains(text, "</") {
		a.html = true
		text = tag.ReplaceAllString(cellEnd.ReplaceAllString(rowEnd.ReplaceAllString(text, "\n"), "\t"), "")
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, " \t\r\n"); strings.ContainsFunc(line, unicode.IsLetter) {
			a.line(line)
		}
	}
	kind, what := a.judge()
	if kind == a.reported || a.reported == Malicious {
		return 0, ""
	}
	a.reported = kind
	return kind, what
}

func isLetter(r rune) bool { return 'a' <= r && r <= 'z' }

// judge tells a list that programs write from one that a person may have written, or exported from a browser.
func (a *accountList) judge() (Kind, string) {
	labelled := 0
	if a.ours*2 > a.lines { // else it is a text about accounts
		labelled = len(a.labelled)
	}
	switch {
	case labelled >= manyAccounts, a.html && len(a.tabled) >= manyAccounts && a.ours*2 > a.lines, a.bare >= manyLines && a.bare*10 >= a.lines*9:
		return Malicious, "a list of accounts with their passwords (MITRE ATT&CK, T1555, credentials from password stores)"
	case labelled >= fewAccounts, len(a.tabled) >= manyAccounts, a.exported && len(a.tabled) >= fewAccounts, min(a.json[0], a.json[1], a.json[2]) >= manyAccounts:
		return PasswordList, "accounts with their passwords, which a browser exports, too"
	case len(a.cookies) >= manyLines, len(a.logins) >= fewAccounts:
		return PasswordList, "the cookies of many sites (MITRE ATT&CK, T1539, steal web session cookie)"
	case len(a.cookies) >= manyAccounts:
		return Suspicious, "the cookies of several sites (MITRE ATT&CK, T1539, steal web session cookie)"
	case a.forms >= manyAccounts:
		return PasswordList, "passwords in forms that were sent (MITRE ATT&CK, T1185, browser session hijacking)"
	}
	return 0, ""
}

// line takes a line with letters.
func (a *accountList) line(line string) {
	a.lines++
	switch {
	case bareURL.MatchString(line) && isSecret(line[strings.LastIndexAny(line, ":|")+1:]):
		a.bare++
	case bareMail.MatchString(line) && isMixed(line[strings.LastIndexAny(line, ":;|")+1:]):
		a.bare++
	case cookie.MatchString(line):
		site := line[:strings.IndexByte(line, '\t')]
		if a.cookies.add(site); loginCookie.MatchString(line) {
			a.logins.add(site)
		}
	case form.MatchString(line):
		a.forms++
	case !a.row(line):
		a.label(line)
	}
}

// row takes a row of a table, or its head. It reports whether the line is one.
func (a *accountList) row(line string) bool {
	cells := strings.Split(line, "\t")
	for _, separator := range []string{",", ";"} {
		if len(cells) == 1 && strings.Count(line, separator) >= 2 {
			cells = strings.Split(line, separator)
		}
	}
	if len(cells) < 3 {
		return false
	}
	columns, has := make([]field, len(cells)), map[field]bool{}
	for i, c := range cells {
		columns[i] = fields[strings.ToLower(unquoted(c))]
		has[columns[i]] = true
	}
	if has[ofPlace] && has[ofName] && has[ofSecret] {
		a.columns = columns
		a.exported = a.exported || browserHead.MatchString(line)
		a.ours++
		return true
	}
	if len(cells) != len(a.columns) {
		return false
	}
	where, known := "", false
	for i, c := range cells {
		switch a.columns[i] {
		case ofPlace:
			where = unquoted(c)
		case ofSecret:
			known = isSecret(unquoted(c))
		}
	}
	if known && where != "" {
		a.ours++
		a.tabled.add(where)
	}
	return true
}

func unquoted(s string) string { return strings.Trim(s, " \t\"'") }

// label takes a line with a key and a value. One that is indented belongs to settings.
func (a *accountList) label(line string) {
	const longest = 40 // bytes
	key, value, found := strings.Cut(line, ":")
	key, value = strings.TrimRight(key, " \t."), unquoted(value)
	if !found || key == "" || len(key) > longest || strings.HasPrefix(key, " ") || strings.HasPrefix(key, "\t") {
		return
	}
	a.ours++
	of := fields[strings.ToLower(key)] // other letters than those of ASCII, too
	if of == ofAddress && strings.Contains(value, ".") && strings.ContainsFunc(value, isLetter) {
		of = ofPlace
	}
	switch of {
	case ofPlace:
		a.place = strings.Clone(value)
		if strings.HasPrefix(key, "ssid") { // a network has no other name
			a.name = value
		}
	case ofName:
		a.name = strings.Clone(value)
	case ofSecret:
		if a.place != "" && a.name != "" && isSecret(value) {
			a.labelled.add(a.place)
		}
		a.place, a.name = "", ""
	}
}

// isSecret reports whether a value may be a password in clear.
func isSecret(value string) bool { return !notSecret.MatchString(value) }

// isMixed reports whether a value may be a password in clear that has a letter and a digit. Roles and names have
// no digit.
func isMixed(value string) bool {
	return isSecret(value) && strings.ContainsAny(value, "0123456789") && strings.ContainsFunc(value, isLetter)
}
