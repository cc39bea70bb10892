# Sessions in the order in which clients with windows ask: FileZilla, WinSCP, Cyberduck,
# Total Commander, Explorer, browsers, and ftp.exe. Which commands these send, and when, is in
# the logs that they show to everybody.
import ftplib
import os
import socket

SERVER, USER, PASSWORD = os.environ["SERVER"], os.environ["USER"], os.environ["PASSWORD"]


class Session:
    """A control connection on which lines are said, and transfers take place."""

    def __init__(self):
        self.ftp = ftplib.FTP(timeout=15)
        self.ftp.connect(SERVER)
        self.welcome = False  # no password is needed

    def say(self, *lines):
        for line in lines:
            if line.startswith("PASS") and self.welcome:
                continue
            try:
                code = self.ftp.sendcmd(line)[:3]
                self.welcome = line.startswith("USER") and code == "230"
            except ftplib.all_errors:
                pass

    def transfer(self, how, command, sends=b""):
        """Announces a data connection with PASV, EPSV, PORT or EPRT, and uses it."""
        self.ftp.set_pasv(how in ("PASV", "EPSV"))
        try:
            if how == "EPSV":
                _, port = ftplib.parse229(self.ftp.sendcmd("EPSV"), self.ftp.sock.getpeername())
                data = socket.create_connection((SERVER, port), 15)
                self.ftp.sendcmd(command)
            else:
                data = self.ftp.transfercmd(command)
            with data:
                if sends:
                    data.sendall(sends)
                else:
                    while data.recv(65536):
                        pass
            self.ftp.voidresp()
        except ftplib.all_errors:
            pass

    def quit(self, says=True):
        try:
            if says:
                self.ftp.quit()
        except ftplib.all_errors:
            pass
        self.ftp.close()


LOGIN = ["USER " + USER, "PASS " + PASSWORD]


def filezilla(listing, how):
    s = Session()
    s.say("AUTH TLS", "AUTH SSL", *LOGIN, "SYST", "FEAT", "CLNT FileZilla", "OPTS UTF8 ON", "PWD", "TYPE I")
    s.transfer(how, listing)
    for folder in ("pub", "old", "/", "empty"):
        s.say("CWD " + folder, "PWD")
        s.transfer(how, listing)
    s.say("CWD /", "TYPE A")
    s.transfer(how, "RETR README")
    s.say("TYPE I", "SIZE README", "MDTM README")
    s.transfer(how, "RETR pub/picture.bin")
    s.transfer(how, "STOR new.bin", b"x" * 3000)
    s.say("MFMT 20200101000000 new.bin", "DELE new.bin", "MKD neu", "CWD neu", "PWD")
    s.transfer(how, listing)
    s.say("CDUP", "PWD", "RMD neu", "RNFR README", "RNTO README2", "RNFR README2", "RNTO README", "SITE CHMOD 644 README", "NOOP", "TYPE A", "NOOP", "TYPE I", "CWD /")
    s.quit(False)


def winscp(how):
    s = Session()
    s.say(*LOGIN, "SYST", "FEAT", "CLNT WinSCP", "OPTS UTF8 ON", "SITE HELP", "PWD", "CWD /", "PWD", "TYPE A")
    s.transfer(how, "MLSD")
    s.say("TYPE I")
    s.transfer(how, "RETR README")
    s.say("MDTM README", "SIZE README", "CWD pub", "PWD", "TYPE A")
    s.transfer(how, "LIST -a")
    s.say("TYPE I")
    s.transfer(how, "STOR x.bin", b"x" * 100)
    s.say("MDTM x.bin", "MFMT 20200101000000 x.bin", "DELE x.bin", "MKD d", "RMD d", "REST 0", "NOOP", "QUIT")
    s.quit(False)


def explorer():
    s = Session()
    s.say(*LOGIN, "opts utf8 on", "syst", "site help", "PWD", "noop", "CWD /", "TYPE A")
    s.transfer("PASV", "LIST")
    for folder in ("pub/", "pub/old/", "/"):
        s.say("noop", "CWD " + folder, "PWD", "TYPE A")
        s.transfer("PASV", "LIST")
        s.say("noop", "CWD " + folder, "TYPE I")
        s.transfer("PASV", "RETR README")
    s.say("CWD /", "MKD New", "CWD New", "CWD /", "RNFR New", "RNTO neu", "RMD neu", "noop", "noop", "QUIT")
    s.quit(False)


def total_commander(how):
    s = Session()
    s.say("USER " + USER, "PASS " + PASSWORD, "SYST", "FEAT", "PWD", "TYPE A")
    s.transfer(how, "LIST")
    s.say("CWD pub", "PWD")
    s.transfer(how, "LIST")
    s.say("TYPE I")
    s.transfer(how, "RETR picture.bin")
    s.say("CDUP", "PWD", "MKD a", "MKD b", "RMD a", "RMD b", "TYPE A", "STAT", "NOOP", "PWD", "QUIT")
    s.quit(False)


def browser(how):
    s = Session()
    s.say(*LOGIN, "SYST", "PWD", "TYPE I")
    if how == "EPSV":
        s.say("FEAT")
    s.say("SIZE /pub/", "MDTM /pub/", "CWD /pub/")
    s.transfer(how, "LIST -l")
    s.quit()
    s = Session()
    s.say(*LOGIN, "SYST", "PWD", "TYPE I", "SIZE /README", "MDTM /README")
    s.transfer(how, "RETR /README")
    s.say("CWD /README")
    s.quit()


def chromium(how):
    for path in ("/pub/", "/README", "/nothing"):
        s = Session()
        s.say(*LOGIN, "SYST", "PWD", "TYPE I", "EPSV" if how == "EPSV" else "PASV", "SIZE " + path)
        s.transfer(how, "RETR " + path)
        s.say("CWD " + path)
        s.transfer(how, "LIST -l")
        s.quit()


def mirror_script():
    s = Session()
    s.say(*LOGIN, "CLNT mirror", "PWD", "TYPE I", "CWD pub")
    for name in ("picture.bin", "hello.txt"):
        s.say("PASV", "SIZE " + name, "MDTM " + name)
        s.transfer("PASV", "RETR " + name)
    s.say("PASV", "CWD /", "NOOP", "TYPE A")
    s.transfer("PASV", "LIST")
    s.say("XPWD", "QUIT")
    s.quit(False)
    s = Session()
    s.say(*LOGIN, "XPWD", "QUIT")
    s.quit(False)
    s = Session()
    s.say("HELP", "SYST", "FEAT", *LOGIN, "NOOP", "STAT", "QUIT")
    s.quit(False)
    s = Session()
    s.say("CLNT x", *LOGIN, "CLNT y", "XPWD", "XCWD pub", "XPWD", "XCUP", "FEAT", "NOOP", "ALLO 10")
    s.transfer("PASV", "STOR z.bin", b"z")
    s.say("SITE UMASK 022", "SITE CHMOD 600 z.bin", "SITE IDLE 600", "SITE WHO", "SITE UTIME z.bin", "DELE z.bin", "LANG EN", "QUIT")
    s.quit(False)


def ftp_exe():
    s = Session()
    s.say("OPTS UTF8 ON", *LOGIN)
    s.transfer("PORT", "NLST")
    s.transfer("PORT", "LIST")
    s.say("XPWD", "CWD pub", "XPWD")
    s.transfer("PORT", "NLST")
    s.say("TYPE I")
    s.transfer("PORT", "RETR picture.bin")
    s.transfer("PORT", "RETR nothing")
    s.say("TYPE A")
    s.transfer("PORT", "RETR hello.txt")
    s.transfer("PORT", "STOR up.txt", b"hello\r\n")
    s.say("DELE up.txt", "XMKD neu", "XRMD neu", "RNFR hello.txt", "RNTO hello2.txt", "RNFR hello2.txt", "RNTO hello.txt", "HELP", "STAT", "SYST", "NOOP", "CWD /", "CWD /pub")
    s.transfer("PORT", "LIST")
    s.say("QUIT")
    s.quit(False)


def mobile(how):
    s = Session()
    s.say("FEAT", *LOGIN, "FEAT", "OPTS UTF8 ON", "SYST", "TYPE I", "PWD")
    s.transfer(how, "MLSD")
    s.say("MLST README", "SIZE README", "MDTM README")
    s.transfer(how, "RETR README")
    s.say("CWD pub", "PWD", "CWD pub", "TYPE I", "CWD /pub", "CWD /", "SIZE README")
    s.transfer(how, "NLST -la")
    s.say("MDTM README", "MKD up", "MKD up", "CWD up")
    s.transfer(how, "STOR a.jpg", b"x" * 2000)
    s.say("SIZE a.jpg", "DELE a.jpg", "CDUP", "RMD up", "PWD", "SYST", "QUIT")
    s.quit(False)


def again():
    s = Session()
    s.say("USER nobody", "PASS wrong", *LOGIN, "USER " + USER, "PASS " + PASSWORD, "CWD pub", "CWD old", "CWD ..", "CWD nowhere", "TYPE I", "TYPE I")
    s.transfer("PASV", "LIST")
    s.say("ABOR", "STAT", "HELP", "ALLO 100", "STRU F", "MODE S", "ACCT x", "QUIT")
    s.quit(False)


filezilla("MLSD", "PASV")
filezilla("LIST", "PASV")
filezilla("LIST", "EPSV")
filezilla("LIST -a", "PORT")
winscp("PASV")
winscp("EPSV")
explorer()
total_commander("PORT")
total_commander("PASV")
browser("EPSV")
browser("PASV")
ftp_exe()
mobile("PASV")
mobile("EPSV")
chromium("EPSV")
chromium("PASV")
mirror_script()
again()
