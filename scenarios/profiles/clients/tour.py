# Sessions as programs make them with Python's ftplib.
import ftplib
import io
import os

SERVER, USER, PASSWORD = os.environ["SERVER"], os.environ["USER"], os.environ["PASSWORD"]


def tried(step):
    try:
        return step()
    except ftplib.all_errors:
        return None


def session(*steps, passive=True, password=PASSWORD):
    ftp = ftplib.FTP(timeout=15)
    try:
        ftp.connect(SERVER)
        ftp.set_pasv(passive)
        tried(lambda: ftp.login(USER, password))
        for step in steps:
            tried(lambda: step(ftp))
        ftp.quit()
    except ftplib.all_errors:
        ftp.close()


def nothing(_):
    pass


def get(name):
    return lambda f: f.retrbinary("RETR " + name, nothing)


def lines(name):
    return lambda f: f.retrlines("RETR " + name, nothing)


def put(name):
    return lambda f: f.storbinary("STOR " + name, io.BytesIO(b"All is well.\n" * 40))


def say(text):
    return lambda f: f.sendcmd(text)


def call(name, *arguments):
    return lambda f: getattr(f, name)(*arguments)


LIST = lambda f: f.retrlines("LIST", nothing)
NLST = lambda f: f.nlst()
MLSD = lambda f: list(f.mlsd())

session(LIST)
session(LIST, passive=False)
session(NLST, NLST, get("README"), get("pub/picture.bin"))
session(MLSD, call("cwd", "pub"), MLSD, get("hello.txt"))
session(call("size", "README"), get("README"), say("MDTM README"), lines("README"))
session(put("a.txt"), call("size", "a.txt"), call("rename", "a.txt", "b.txt"), call("delete", "b.txt"))
session(call("mkd", "neu"), call("cwd", "neu"), put("a.txt"), call("delete", "a.txt"), call("cwd", ".."), call("rmd", "neu"))
session(call("cwd", "pub"), call("cwd", "old"), LIST, call("cwd", "/"), LIST, call("pwd"))
session(call("cwd", "nowhere"), get("nothing"), call("delete", "nothing"), call("rmd", "nowhere"))
session(say("FEAT"), say("SYST"), say("HELP"), say("NOOP"), say("STAT"), say("OPTS UTF8 ON"))
session(lambda f: f.storlines("STOR t.txt", io.BytesIO(b"one\ntwo\n")), lines("t.txt"), call("delete", "t.txt"), passive=False)
session(lambda f: f.retrbinary("RETR pub/picture.bin", nothing, rest=30000), lambda f: f.storbinary("APPE log.txt", io.BytesIO(b"x")))
session(put("up/a.txt"), call("mkd", "up"), put("up/a.txt"), put("up/b.txt"), call("nlst", "up"))
session(say("NOOP"), say("NOOP"), say("PWD"), say("CDUP"))
session(password="wrong")
session(call("mkd", "d1"), call("mkd", "d2"), call("mkd", "d1"), call("rmd", "d1"), call("rmd", "d2"))
session(say("TYPE I"), call("size", "pub/picture.bin"), call("size", "nothing"), say("TYPE A"), LIST)
session(say("MLST README"), say("SIZE README"), say("MDTM README"), say("MLST nothing"), say("MFMT 20200101000000 README"))
