// What programs of Windows say about a computer. An intruder collects it, to know where he is.

package content

import "strings"

const atSurveys = "MITRE ATT&CK, T1082 (system information discovery), T1016 (network configuration) and T1087 (accounts)"

// SurveyOfDomain says of a Survey that it has the administrators of a domain. Nobody sends these for help.
const SurveyOfDomain = "what net group prints about the administrators of a domain"

// ofPrivateHost is the heading of what Nmap reports about a host of a private network.
const ofPrivateHost = `nmap scan report for ([\w.-]+ \()?(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)`

// surveys are what such programs print. A person sends the output of one for help.
var surveys = []plant{
	{what: "the hosts of a private network, and their open ports, as a scanner reports them", kind: Inventory, source: "MITRE ATT&CK, T1046 (network service discovery)",
		example: strings.Repeat("Nmap scan report for 10.0.0.1\n22/tcp open ssh\n", 3),
		parts:   []part{often(ofPrivateHost, "nmap scan report"), like(`\d/(tcp|udp) +open`, "open")}},
	{what: "the services of Windows at a host of a private network, as a scanner reports them", kind: ScanReport, source: "MITRE ATT&CK, T1046 (network service discovery)",
		example: "Nmap scan report for 10.0.0.1\n445/tcp open microsoft-ds\n",
		parts:   []part{like(ofPrivateHost, "nmap scan report"), like(`\b(88|389|445|3389|5985)/tcp +open`, "open")}},
	{what: "the accounts of a directory of Windows", kind: Inventory, source: "MITRE ATT&CK, T1087.002 (domain accounts)",
		example: strings.Repeat("dn: CN=ada,DC=corp,DC=example\nsAMAccountName: ada\n", 3),
		parts:   []part{marked("dc="), often(`\bsamaccountname: `, "samaccountname")}},
	{what: "what systeminfo prints", kind: Survey, source: atSurveys,
		example: "Host Name:       PC7\r\nOS Name:         Microsoft Windows 11 Pro\r\n",
		parts:   []part{marked("host name:"), marked("os name:", "os version:")}},
	{what: "what ipconfig prints", kind: Survey, source: atSurveys,
		example: "\r\nWindows IP Configuration\r\n",
		parts:   []part{marked("windows ip configuration", "windows-ip-konfiguration", "configuration ip de windows")}},
	{what: "what tasklist prints", kind: Survey, source: atSurveys,
		example: "Image Name        PID Session Name        Session#    Mem Usage\r\n",
		parts:   []part{marked("image name"), marked("session name", "mem usage")}},
	{what: "what net user prints", kind: Survey, source: atSurveys,
		example: "User accounts for \\\\PC7\r\n",
		parts:   []part{marked(`user accounts for \\`, "the request will be processed at a domain controller")}},
	{what: SurveyOfDomain, kind: Survey, source: atSurveys,
		example: "Group name     Domain Admins\r\nMembers\r\n",
		parts:   []part{marked("group name "), marked("domain admins", "enterprise admins", "domänen-admins", "admins du domaine"), marked("members", "mitglieder", "membres")}},
	{what: "what net localgroup prints", kind: Survey, source: atSurveys,
		example: "Alias name     Administrators\r\nMembers\r\n",
		parts:   []part{marked("alias name "), marked("members")}},
	{what: "what net view prints", kind: Survey, source: atSurveys,
		example: "Server Name            Remark\r\n",
		parts:   []part{like(`server name +remark`, "remark")}},
	{what: "what netstat prints", kind: Survey, source: atSurveys,
		example: "  Proto  Local Address          Foreign Address        State\r\n",
		parts:   []part{like(`local address +foreign address`, "foreign address")}},
	{what: "what arp prints", kind: Survey, source: atSurveys,
		example: "  Internet Address      Physical Address      Type\r\n",
		parts:   []part{like(`internet address +physical address`, "internet address")}},
	{what: "what whoami prints", kind: Survey, source: atSurveys,
		example: "USER INFORMATION\r\nPRIVILEGES INFORMATION\r\n",
		parts:   []part{marked("user information"), marked("privileges information")}},
}
