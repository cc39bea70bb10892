package content

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/ftp"
)

// times repeats a record with other numbers.
func times(n int, format string) string {
	var all strings.Builder
	for i := range n {
		all.WriteString(strings.ReplaceAll(format, "#", fmt.Sprint(i)))
	}
	return all.String()
}

// swapped is a text of UTF-16 in the other byte order.
func swapped(text string) string {
	b := []byte(text)
	for i := 0; i+1 < len(b); i += 2 {
		b[i], b[i+1] = b[i+1], b[i]
	}
	return string(b)
}

// Many accounts with their passwords are a list that a program wrote. Few are notes, and a table is what a browser
// exports.
func TestAccountLists(t *testing.T) {
	const head, prose = "<html><table><tr><th>URL</th><th>Username</th><th>Password</th></tr>", "Open the page, and log in there as described below.\n"
	for _, test := range []struct {
		name, text string
		want       Kind
	}{
		{"lines with keys", times(3, "URL: https://a#.example/\nLogin: kim\nPassword: Pw#!\nBrowser: Chrome\n"), Malicious},
		{"keys with spaces", times(3, "======\r\nURL               : https://a#.example/\r\nWeb Browser       : Edge\r\nUser Name         : kim\r\nPassword          : Pw#!\r\nPassword Strength : Medium\r\n======\r\n"), Malicious},
		{"values in quotes", times(3, "\nWebsite:   https://a#.example\nUsername: 'kim'\nPassword: 'pw#!'\n"), Malicious},
		{"mail programs", times(3, "Account: kim@a#.example\nProtocol: IMAP\nServer: mail.a#.example\nUsername: kim\nPassword: Pw#!\nClient: Thunderbird\n"), Malicious},
		{"in UTF-16", inUTF16(times(3, "URL : https://a#.example/\r\nUser Name : kim\r\nPassword : Pw#!\r\n")), Malicious},
		{"in Russian, with names in Russian", times(3, "Сайт: https://a#.example\r\nЛогин: вася#\r\nПароль: Зима-#\r\n"), Malicious},
		{"in Russian, in UTF-16", inUTF16(times(3, "Сайт: https://a#.example\r\nЛогин: вася#\r\nПАРОЛЬ: Зима-#\r\n")), Malicious},
		{"in Russian, in UTF-16 without a byte order mark", inUTF16(times(3, "Сайт: https://a#.example\r\nЛогин: вася#\r\nПароль: Зима-#\r\n"))[2:], Malicious},
		{"in Russian, in UTF-16 with the high bytes first", swapped(inUTF16(times(3, "Сайт: https://a#.example\r\nЛогин: вася#\r\nПароль: Зима-#\r\n"))), Malicious},
		{"a table in Russian, in UTF-16", inUTF16("Сайт\tЛогин\tПароль\r\n" + times(3, "https://a#.example\tвася\tЗима-#\r\n")), PasswordList},
		{"in Greek, in UTF-16", inUTF16(times(3, "Ιστοσελίδα: https://a#.example\r\nΧρήστης: kim\r\nΚωδικός: Pw#!\r\n")), Malicious},
		{"in Japanese, in UTF-16", inUTF16(times(3, "サイト: https://a#.example\r\nユーザー名: kim\r\nパスワード: Pw#!\r\n")), Malicious},
		{"keys in UTF-16", inUTF16("Окно: Банк\r\nвася[ENTER]Зима-77[ENTER]\r\n"), Malicious},
		{"a letter in Russian, in UTF-16", inUTF16(times(20, "Сайт: в работе\r\nЛогин вася# забыл.\r\nПароль: будет по почте, адрес https://a#.example\r\n")), 0},
		{"a letter in Russian, in UTF-16 without a byte order mark", inUTF16(times(20, "Сегодня сайт # в работе, а пароль будет по почте.\r\n"))[2:], 0},
		{"wireless networks", times(3, "SSID name              : \"Net#\"\n    Security key : Present\nKey Content            : geheim#\n"), Malicious},
		{"a table of HTML", head + times(3, "<tr><td>https://a#.example</td><td>kim</td><td>pw#!</td></tr>") + "</table></html>", Malicious},
		{"URLs, each with an account", times(10, "https://a#.example/:kim:pw#!\n"), Malicious},
		{"addresses of mail, each with a password", times(10, "kim#@example.net:pw#!x\n"), Malicious},
		{"two accounts", times(2, "URL: https://a#.example/\nLogin: kim\nPassword: Pw#!\n"), PasswordList},
		{"export of a browser", "\xef\xbb\xbfname,url,username,password\n" + times(3, "a#,https://a#.example/,kim,Pw#!\n"), PasswordList},
		{"JSON", "[" + times(3, `{"url":"https://a#.example","username":"kim","password":"pw#!"},`) + "]", PasswordList},
		{"cookies", times(10, ".site#.example\tTRUE\t/\tTRUE\t1890000000\tsessionid\teffacf6f#\n"), PasswordList},
		{"forms", times(3, "POST https://bank.example/login#\nuser=kim&password=Winter-#&submit=1\n"), PasswordList},

		{"two accounts in German", times(2, "Programm: Firefox\nAdresse: https://a#.example/\nBenutzername: kim\nKennwort: Pw#!\n"), PasswordList},
		{"two accounts in Italian", times(2, "<b>Indirizzo:</b> https://a#.example<br><b>Nome utente:</b> kim<br><b>Password:</b> Pw#!<br><hr>"), PasswordList},
		{"two accounts in Russian", times(2, "Сайт: https://a#.example\nЛогин: kim\nПароль: Pw#!\n"), PasswordList},
		{"two accounts in Dutch", times(2, "Adres: https://a#.example\nGebruikersnaam: kim\nWachtwoord: Pw#!\n"), PasswordList},
		{"two accounts in Russian, with long words", times(2, "Адрес: https://a#.example\nИмя пользователя: kim\nПароль: Pw#!\n"), PasswordList},
		{"two accounts in Turkish", times(2, "Site: https://a#.example\nKullanıcı adı: kim\nŞifre: Pw#!\n"), PasswordList},
		{"two accounts in Chinese", times(2, "网址: https://a#.example\n用户名: kim\n密码: Pw#!\n"), PasswordList},
		{"the accounts of devices", times(4, "Adresse: 10.0.0.#\nBenutzer: admin\nPasswort: Pw#!\n"), 0},
		{"people and where they live", times(20, "Nome: Ada\nIndirizzo: Via Roma #\nTelefono: 06 123#\n"), 0},
		{"cookies with which somebody is logged in at two large sites", ".google.com\tTRUE\t/\tTRUE\t1890000000\tSID\tg.a7\n.facebook.com\tTRUE\t/\tTRUE\t1890000000\txs\t33a\n", PasswordList},
		{"cookies of two large sites", ".google.com\tTRUE\t/\tTRUE\t1890000000\tNID\tg.a7\n.facebook.com\tTRUE\t/\tTRUE\t1890000000\tfr\t33a\n", 0},
		{"cookies of a few sites", times(4, ".site#.example\tTRUE\t/\tTRUE\t1890000000\tsessionid\teffacf6f#\n"), Suspicious},

		{"one account", "Host: ftp.example\nUser: ada\nPassword: Lens-42\n", PasswordList},
		{"accounts of one page", times(4, "URL: https://demo.example/\nUsername: user#\nPassword: Pw#\n"), PasswordList},
		{"settings", times(4, "env#:\n  host: db#.example\n  user: app\n  password: Pw#\n"), 0},
		{"passwords that are elsewhere", times(4, "host: db#.example\nuser: app\npassword: ${DB_#}\n"), 0},
		{"a manual", times(4, prose+prose+prose+prose+"URL: https://a#.example/\nUsername: admin\nPassword: admin#\n"), PasswordList},
		{"a table in a manual", head + "<tr><td>https://router.example</td><td>admin</td><td>admin1</td></tr></table></html>", 0},
		{"prices", "name,url,price\n" + times(20, "Screw,https://shop.example/#,0.#0\n"), 0},
		{"addresses", times(20, "ada#@example.net: Ada Lovelace #\n"), 0},
		{"roles", times(20, "ada#@example.net:editor\n"), 0},
		{"sizes of mailboxes", times(20, "ada#@example.net:5#mb\n"), 0},
		{"repositories", times(20, "git@git.example.net:ada/repo#\n"), 0},
		{"lines of a checker", times(20, "https://www.example/a#.js:1#:7\n"), 0},
		{"inventory", "host;user;password\n" + times(20, "pc#;ada;\n"), 0},
		{"users with hashes", "site,username,password\n" + times(20, "s#,ada#,$2y$10$abcdefghijklmnopqrstuv#\n"), 0},
		{"hashes of mailboxes", times(20, "ada#@example.net:{SHA512-CRYPT}$6$abc#\n"), 0},
		{"prompts", times(20, "Server: ftp#.example\nlogin: ada\npassword:\n"), 0},
		{"a jar of cookies", times(20, ".shop.example\tTRUE\t/\tTRUE\t1890000000\tc#\teffacf6f#\n"), 0},
	} {
		var got Kind
		for _, c := range uploadOf("a.txt", test.text) {
			if slices.Contains([]Kind{Malicious, PasswordList, Suspicious}, c.Kind) && got != Malicious {
				got = c.Kind
			}
		}
		if got != test.want {
			t.Errorf("%s: got kind %d, want %d", test.name, got, test.want)
		}
	}
}

// TestWideParts stores a list in UTF-16 in packets of odd sizes.
func TestWideParts(t *testing.T) {
	var parts []string
	for part := range slices.Chunk([]byte(inUTF16(times(30, "Сайт: https://a#.example\r\nЛогин: вася#\r\nПароль: Зима-#\r\n"))), 1001) {
		parts = append(parts, string(part))
	}
	if got := shownBy(&ftp.Transfer{Command: "STOR", Argument: "a.txt"}, parts...); !isMalicious(got) {
		t.Errorf("got %v, want something malicious", got)
	}
}
