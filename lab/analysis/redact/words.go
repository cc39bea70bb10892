package redact

import "strings"

// commandKind says what the argument of a command is.
type commandKind int

const (
	unknownCommand commandKind = iota // perhaps a name or a password
	plainArgument                     // words and numbers of the protocol
	nameArgument                      // a path, a user, a host
	secretArgument                    // a password
)

// commands are the commands of FTP by what their argument is.
var commands = func() map[string]commandKind {
	kinds := map[string]commandKind{}
	for kind, names := range map[commandKind]string{
		plainArgument:  "PORT EPRT LPRT PASV EPSV LPSV SPSV TYPE MODE STRU REST ALLO ABOR QUIT NOOP SYST FEAT OPTS HELP CCC PWD XPWD CDUP XCUP REIN PBSZ PROT AUTH LANG CLNT CPSV SSCN XDUPE",
		nameArgument:   "USER CWD XCWD SMNT RETR STOR STOU APPE RNFR RNTO DELE RMD XRMD MKD XMKD LIST NLST MLSD MLST STAT SIZE MDTM MFMT MFCT MFF SITE HOST COMB XCRC XMD5 XSHA XSHA1 XSHA256 XSHA512 MD5 HASH AVBL DSIZ THMB PRET",
		secretArgument: "PASS ACCT ADAT MIC CONF ENC",
	} {
		for _, name := range strings.Fields(names) {
			kinds[name] = kind
		}
	}
	return kinds
}()

// namelessReplies are the commands whose replies have no name, if they have one of the codes.
var namelessReplies = map[int]map[string]bool{
	200: set("TYPE MODE STRU PORT EPRT LPRT ALLO PBSZ PROT OPTS CCC"),
	202: set("ALLO"),
	211: set("FEAT"),
	213: set("SIZE MDTM"),
	227: set("PASV CPSV"),
	228: set("LPSV"),
	229: set("EPSV"),
	234: set("AUTH"),
	350: set("REST"),
}

func (a answer) nameless() bool { return namelessReplies[a.code][a.command] }

// endings are those of well-known kinds of files.
var endings = set(`txt text md csv log xml json yaml yml html htm css js php asp aspx jsp ini cfg conf doc docx xls xlsx ppt pptx odt
	ods pdf ps rtf tex zip gz tgz bz2 xz zst tar 7z rar z jar war iso img bin dat db sql bak tmp old exe dll sys com bat cmd ps1 vbs scr
	msi sh pl py rb go c h cc cpp java class o so a deb rpm apk jpg jpeg png gif bmp tif tiff svg webp ico mp3 mp4 wav avi mov mkv ogg flac
	pem crt key cer p12 asc sig pif vbe jse wsf hta cpl elf lnk php3 php4 php5 php7 phtml phar ashx asa jspx cfm cgi lua`)

// vocabulary are the words of replies that say nothing about who uses the server: those of
// RFC 959 and its extensions, and those of well-known servers.
var vocabulary = set(`
	a about abort aborted aborting absolute accept accepted access account action active actions activity actual additional address admin
	afraid again all allocate allowed already also an and anonymous another any anyway append are area argument arguments as ascii asking at attempt
	attempts auth authenticated authentication authorized available back bad banner bare basic be because been before begin beginning being
	believe below binary block broken busy but by byte bytes bye cached call called can cannot cancelled certificate change changed channel char
	character characters check choose clear client close closed closing code com command commands comment compatible complete completed completely
	completion compressed confirm connect connected connecting connection connections consider contact contents context continue control could create
	created current currently data date day days debug default delete deleted denied destination device dir directive directories directory
	disabled disallowed disconnect disconnected disconnecting disk do does done download downloaded due during each ebcdic elapsed else email empty enabled encrypted encryption
	end enough enter entering enters error errors establish established etc event exceeded executed exist exists exit expected expired extended failed
	failure fatal feature features file filename files filesystem fill find finish finished fixed follow followed following follows for found frame free
	from ftp full get given go good goodbye granted greeting group guest had handle handshake has have having heard hello help here hi home host hosts
	hour hours how i idle if ignored illegal image implemented implicit in inactivity incoming incorrect information input insufficient integrity
	intended interface internal into invalid ip ipv4 ipv6 is issue it its just keep key kind kbytes kb known language large last later lcl length level limit limited line
	lines list listen listening local localhost located lock log logged logging login logon logout lost machine made mail make mask match max maximum may mb me memory
	message method min minute minutes mkdir mode modified more move moved mput much multiple must my name named names need needed
	negotiated negotiation network new next no non none not nothing now number object of off ok okay old on once one only open opened opening operation
	option options or order other our out output over own page parameter parameters parent part partial pass passive password
	passwd path pathname pending per permission permissions permitted please plain plug policy pool port possible potential preferred previous print private privacy problem
	proceed process processed processing program protected protection protocol protocols proxy public pub put queue quit quota quote range rate rather
	read readable reading ready real received recognized record records recursive refused reinitialize reject rejected relative remote remove removed rename
	renamed reply request requested require required requires reset resource response restart restarting resume resumed retrieve return root rule running
	same save saved second seconds secs secure security see seems segment select send sending sent server service serving session sessions set setting several
	shutdown shutting simultaneous since site size socket some something soon sorry source space specified standard start started starting state
	status step still stop storage store stored stream string structure such succeeded success successful successfully superfluous supplied
	support supported supports switch switched syntax system table take temporary terminal terminated test text thank thanks that the then there these they ticket tickets
	this those time timed timeout times tls to too total transfer transferred transfering transferring transmission tried try trying type types unable unavailable unexpected
	unit units unix unknown unlimited unrecognized unsupported until unused up update upload uploaded uploads url usage use used user username users using valid value
	variable verify version very via wait waiting want warning was way we welcome well were what when where whether which while who will windows with
	without word work working would write writable writing wrong you your zero
	bits bit binary l8 l 8bit nt dos emulated swap guess octal kilobytes megabytes ratio ratios credits chmod umask utime symlink idle
	jan feb mar apr jun jul aug sep oct nov dec mon tue wed thu fri sat sun gmt utc monday tuesday wednesday thursday friday saturday sunday january february march
	april june july august september october november december am pm
	ftpd vsftpd vsftp proftpd proftp pure pureftpd filezilla microsoft iis serv u wu washington university beta pyftpdlib twisted ncftpd gnu inetutils
	netkit bsd freebsd openbsd netbsd linux debian ubuntu centos redhat solaris sunos glftpd drftpd crushftp bftpd titan war cerberus xlight wing gene6 goftp fauria apache mina based
	begins goes agreed channel cleared enabling expecting initializing expect first must reused reuse handshakes mechanism mechanisms levels
	comes listing specify switching software always monitored recorded authorized unauthorized prohibited legal notice access strictly subject states united together
	under section license maintain mirror mirrors extension extensions shut down ahead eventually www org net edu gov closes opens sends receives unlinked unlink
	mlst mlsd mdtm mfmt mfct mff size rest stream tvfs utf8 utf eprt epsv pasv port pbsz prot auth ssl tls ccc cdup cwd xcwd xcup xmkd xpwd xrmd
	mkd rmd pwd dele rnfr rnto retr stor stou appe list nlst stat site help noop syst feat opts lang host clnt combo comb xcrc xmd5 xsha xsha1 xsha256
	xsha512 md5 sha hash crc sha1 sha256 sha512 md4 spsv lprt lpsv smnt rein acct user pass quit stru mode type allo abor esta estp cpsv sscn
	hostname who chgrp chown zone dirstyle ftps sftp fxp rfc modify perm unique uniq fact facts create lang charset ctime mtime atime ownername groupname
	kerberos gssapi adat enc mic conf krb5 anonymously rfc959 rfc2228 rfc2389 rfc2428 rfc3659 rfc4217
	http https connect ok proxy agent keep alive curl wget lftp ncftp tcp4 tcp6
	position understood modification retrievable details scheme allow secure
	en us en-us b c d e f g h j k m n o p q r s t v w x y z`)

func set(words string) map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Fields(words) {
		all[w] = true
	}
	return all
}
