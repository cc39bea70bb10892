package conform

// LoginRule is the text of the rule about the login. It does not apply to a server that does not let
// the user in, who may have another password. Such a server shows nothing of most other rules.
const LoginRule = "The right PASS gets 230, 202 or 332."

// GreetingRule is the text of the rule about the greeting. It does not apply to a server that
// takes no session, and then no other rule does.
const GreetingRule = "The server speaks first, and says 220 (perhaps after 120)."

// dataSize is the size of the file data.bin in the scenarios, in bytes.
const dataSize = 100_000

// ServerRules returns the rules about servers, by RFC and section.
//
// It makes a new list on each call. With the list in a variable, the linker would keep the functions of all rules in
// every program, also in the lab's web page, which judges no rules.
func ServerRules() []Rule {
	return []Rule{
		{"959", "3.1.1.1", "The lines of a listing in ASCII end with CR LF.", "passive", lineEnds("LIST")},
		{"959", "3.1.1.3", "A file that is stored in TYPE I is retrieved unchanged.", "upload", permitted("STOR", "", storesSame)},
		{"959", "3.2", "In active mode the server connects from the port below the control port.", "active", fromPortBelow("RETR")},
		{"959", "3.2", "In active mode the server connects to the port that PORT names.", "active", then(replies("PORT", "", "200"), comesTo("RETR", "PORT"))},
		{"959", "3.4.1", "In passive mode the server closes the data connection at the end of RETR.", "passive", serverCloses("RETR")},
		{"959", "3.4.1", "In active mode the server closes the data connection at the end of RETR.", "active", serverCloses("RETR")},
		{"959", "3.4.1", "The server closes the data connection at the end of LIST.", "passive", serverCloses("LIST")},
		{"959", "4.1.1", "QUIT gets 221, and the server closes the control connection.", "session", then(replies("QUIT", "", "221"), closesAfterQuit)},
		{"959", "4.1.1", "When the client closes the control connection, the server ends the session.", "hangup", closesAfterClient},
		{"959", "4.1.1", "CWD gets 250, and CDUP the same code or 200.", "folders", given(replies("MKD", "", "2"), each(replies("CWD", "drafts", "250"), replies("CDUP", "", "250", "200")))},
		{"959", "4.1.2", "The reply to PASV names the server's own address.", "passive", ownAddress},
		{"959", "4.1.3", "RETR in TYPE I sends a copy of the file.", "passive", sendsCopy("data.bin")},
		{"959", "4.1.3", "ABOR ends a transfer: 426 for the transfer and 226 for ABOR, or, if it was complete, 226 for it and 225 or 226 for ABOR.", "abort", optional("ABOR", "", abortsTransfer)},
		{"959", "4.1.3", "ABOR without a transfer gets 225 or 226.", "abort", optional("ABOR", "", replies("ABOR", "", "225", "226"))},
		{"959", "4.2", "Every line of the server is part of a reply, and each command gets one final reply.", All, repliesAreReplies},
		{"959", "4.2", "Every line of the server ends with CR LF.", All, linesEnd},
		{"959", "4.2", "An unknown command gets 500 or 502.", "parameters", replies("XYZZY", "", "500", "502")},
		{"959", "4.2", "A command without its argument gets 501 or another 5xx code.", "parameters", bare("TYPE", "5")},
		{"959", "5.1", "Every server has TYPE A N, MODE S and STRU F: they get 200.", "parameters", each(replies("TYPE", "A N", "200"), replies("MODE", "S", "200"), replies("STRU", "F", "200"))},
		{"959", "5.2", "The final reply to RETR comes after the data.", "passive", endsAfterData("RETR")},
		{"959", "5.2", "The final reply to STOR comes after the data.", "upload", permitted("STOR", "", endsAfterData("STOR"))},
		{"959", "5.3", "A command may be in small letters.", "parameters", lowerCase},
		{"959", "5.4", GreetingRule, "session", greets},
		{"959", "5.4", "USER gets 331, 230 or 332.", "session", replies("USER", "", "331", "230", "332")},
		{"959", "5.4", LoginRule, "session", letsIn("PASS", replies("PASS", "", "230", "202", "332"))},
		{"959", "5.4", "A wrong PASS gets 530.", "login", replies("PASS", "not-the-password", "530")},
		{"959", "5.4", "PASS without USER gets 503 or 530.", "login", replies("PASS", "early", "503", "530")},
		{"959", "5.4", "RETR before the login gets 530 and nothing else.", "login", then(noData("RETR"), replies("RETR", "", "530"))},
		{"959", "5.4", "RETR gets one preliminary and then one final reply.", "passive", preliminaryThenFinal("RETR")},
		{"959", "5.4", "The preliminary reply comes before the data.", "passive", preliminaryFirst("RETR")},
		{"959", "5.4", "LIST gets one preliminary and then one final reply.", "passive", preliminaryThenFinal("LIST")},
		{"959", "5.4", "STOR gets one preliminary and then one final reply.", "upload", permitted("STOR", "", preliminaryThenFinal("STOR"))},
		{"959", "5.4", "RETR of a file that does not exist gets 550 or 450, and nothing before it.", "missing", then(noData("RETR"), replies("RETR", "", "550", "450"))},
		{"959", "5.4", "PWD gets 257.", "folders", replies("PWD", "", "257")},
		{"959", "5.4", "MKD gets 257, and RMD gets 250.", "folders", permitted("MKD", "", each(replies("MKD", "", "257"), replies("RMD", "", "250")))},
		{"959", "5.4", "CWD to a folder that does not exist gets 550.", "folders", replies("CWD", "nowhere", "550")},
		{"959", "5.4", "RNFR gets 350, and then RNTO 250.", "folders", permitted("RNFR", "README", renames)},
		{"959", "5.4", "RNFR of a file that does not exist gets 550 or 450.", "folders", replies("RNFR", "nothing", "550", "450")},
		{"959", "5.4", "RNTO without RNFR gets 503.", "folders", needsRNFR},
		{"959", "5.4", "DELE gets 250.", "folders", deletes},
		{"959", "5.4", "DELE of a file that does not exist gets 550 or 450.", "folders", replies("DELE", "nothing", "550", "450")},
		{"959", "5.4", "SYST gets 215.", "information", replies("SYST", "", "215")},
		{"959", "5.4", "HELP gets 214 or 211.", "information", replies("HELP", "", "214", "211")},
		{"959", "5.4", "STAT gets 211, 212 or 213.", "information", replies("STAT", "", "211", "212", "213")},
		{"959", "5.4", "NOOP gets 200.", "session", replies("NOOP", "", "200")},
		{"959", "5.4", "A type, a mode or a structure that does not exist gets 500, 501 or 504.", "parameters", each(replies("TYPE", "Z", "500", "501", "504"), replies("MODE", "Z", "500", "501", "504"), replies("STRU", "Z", "500", "501", "504"))},
		{"959", "5.4", "ALLO gets 200 or 202.", "parameters", optional("ALLO", "", replies("ALLO", "", "200", "202"))},
		{"959", "5.4", "ACCT gets 230 or 202, or 501, 503 or 530 if the server does not take it.", "parameters", optional("ACCT", "", replies("ACCT", "", "230", "202", "501", "503", "530"))},
		{"959", "App. II", "The reply 257 to PWD begins with a name in quotation marks.", "folders", given(replies("PWD", "", "257"), replyText("PWD", "", `^"(?:[^"]|"")+"`, "a name in quotation marks"))},
		{"959", "App. II", "The reply 257 to MKD begins with the absolute name of the folder.", "folders", given(replies("MKD", "", "257"), replyText("MKD", "", `(?i)^"(?:[^"]|"")+drafts(?:[^"]|"")*"`, "the path of the folder in quotation marks"))},

		{"1123", "4.1.2.1", "Every server has TYPE L 8: it gets 200.", "parameters", replies("TYPE", "L 8", "200")},
		{"1123", "4.1.2.6", "PASV gets 227 and six numbers, and the data connection comes to their port.", "passive", then(announcesPort, given(ownAddress, comesTo("RETR", "PASV")))},
		{"1123", "4.1.2.7", "NLST should use TYPE A, whatever the type is: its lines end with CR LF.", "passive", lineEnds("NLST")},
		{"1123", "4.1.2.7", "NLST sends only a list of names, each of which RETR takes as it is.", "names", optional("NLST", "", each(listsName("", "README"), listsName("pub", "pub/notes.txt")))},
		{"1123", "4.1.2.9", "The preliminary reply to STOU is FILE: and the name, in one line.", "unique", optional("STOU", "", permitted("STOU", "", namesUnique))},
		{"1123", "4.1.2.10", "A command may come in two segments.", "segments", joinsSegments},
		{"1123", "4.1.2.10", "Two commands may come in one segment.", "segments", splitsSegment},
		{"1123", "4.1.2.12", "The server refuses a Telnet option, and answers the command after it.", "telnet", answersTelnet},
		{"1123", "4.1.2.13", "Every server has APPE, which adds to the end of a file.", "upload", permitted("APPE", "", then(known("APPE", ""), appends))},
		{"1123", "4.1.2.13", "Every server has CDUP.", "folders", known("CDUP", "")},
		{"1123", "4.1.2.13", "Every server has NLST.", "passive", known("NLST", "")},
		{"1123", "4.1.2.13", "Every server has HELP and STAT.", "information", each(known("HELP", ""), known("STAT", ""))},

		{"2228", "3", "PBSZ and PROT before AUTH should get 503.", "security", offersTLS(each(replies("PBSZ", "", "503"), replies("PROT", "", "503")))},
		{"2228", "3", "AUTH with an unknown mechanism should get 504.", "security", offersTLS(replies("AUTH", "NONSENSE", "504"))},

		{"2389", "3.2", "The reply to FEAT has a line for each feature, which begins with one space.", "information", optional("FEAT", "", then(replies("FEAT", "", "211"), featureLines))},
		{"2389", "4", "A server with FEAT has OPTS, and OPTS for a command without options gets 501 or 451.", "information", optional("FEAT", "", replies("OPTS", "", "501", "451"))},

		{"2428", "2", "EPRT gets 200, and the data connection comes to its port.", "eprt", optional("EPRT", "", then(replies("EPRT", "", "200"), comesTo("RETR", "EPRT")))},
		{"2428", "2", "EPRT for an unknown protocol gets 522 and a list of the known ones, such as (1,2).", "eprt", optional("EPRT", "", namesProtocols("EPRT", "|9|127.0.0.1|40000|"))},
		{"2428", "3", "EPSV gets 229, and the data connection comes to its port.", "epsv", optional("EPSV", "", then(replies("EPSV", "", "229"), comesTo("RETR", "EPSV")))},
		{"2428", "3", "EPSV for an unknown protocol gets 522 and a list of the known ones, such as (1,2).", "epsv", optional("EPSV", "", namesProtocols("EPSV", "9"))},
		{"2428", "3", "After EPSV ALL the server refuses PASV.", "epsv", optional("EPSV", "", each(replies("EPSV", "ALL", "2"), replies("PASV", "", "4", "5")))},

		{"3659", "3.1", "MDTM gets 213 and a time of 14 digits.", "facts", offered("MDTM", "MDTM", "data.bin", then(replies("MDTM", "data.bin", "213"), replyText("MDTM", "data.bin", `^\d{14}(\.\d+)?$`, "a time")))},
		{"3659", "3.2", "MDTM of a file that does not exist should get 550.", "facts", optional("MDTM", "nothing", replies("MDTM", "nothing", "550"))},
		{"3659", "3.3", "A server with MDTM lists MDTM in FEAT.", "facts", optional("FEAT", "", given(known("MDTM", "data.bin"), lists("MDTM")))},
		{"3659", "4.1", "SIZE gets 213 and the number of bytes that RETR sends.", "facts", offered("SIZE", "SIZE", "data.bin", then(replies("SIZE", "data.bin", "213"), sizeIsThat(dataSize)))},
		{"3659", "4.2", "SIZE of a file that does not exist should get 550.", "facts", optional("SIZE", "nothing", replies("SIZE", "nothing", "550"))},
		{"3659", "4.3", "A server with SIZE lists SIZE in FEAT.", "facts", optional("FEAT", "", given(known("SIZE", "data.bin"), lists("SIZE")))},
		{"3659", "5.3", "REST gets 350, and RETR begins at that byte.", "restart", offered("REST STREAM", "REST", "", then(replies("REST", "", "350"), resumesAt))},
		{"3659", "5.3", "STOR after REST continues a file at its end.", "restart_upload", optional("REST", "", permitted("STOR", "", storesAt))},
		{"3659", "5.4", "A server with REST lists REST STREAM in FEAT.", "restart", optional("FEAT", "", given(known("REST", ""), lists("REST STREAM")))},
		{"3659", "7.2", "A line of MLSD is facts, a space and the name.", "machine", offered("MLST", "MLSD", "", then(isListed, then(lineEnds("MLSD"), machineListing)))},
		{"3659", "7.2", "MLST gets 250 in several lines; the line with the facts begins with a space.", "facts", offered("MLST", "MLST", "", then(replies("MLST", "", "250"), replyText("MLST", "", `\n `+entry+`\n`, "the facts after a space")))},
		{"3659", "7.8", "A server with MLSD lists MLST in FEAT.", "machine", optional("FEAT", "", given(then(known("MLSD", ""), isListed), lists("MLST")))},

		{"4217", "4.2", "AUTH TLS gets 234, or 431 or 534 if the server refuses it.", "security", offersTLS(replies("AUTH", "TLS", "234", "431", "534"))},
		{"4217", "6", "A server that lists AUTH TLS in FEAT lists PBSZ and PROT, too.", "security", offersTLS(each(lists("PBSZ"), lists("PROT")))},
	}
}
