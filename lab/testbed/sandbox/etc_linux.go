package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// makeEtc fills /etc. The files of Etc come first. The files that name hosts and users
// are the sandbox's own. All others are the machine's, without those that only some of
// its users may read.
func (s Sandbox) makeEtc() error {
	own, err := s.ownEtc()
	if err != nil {
		return err
	}
	if err := s.copyEtc("/etc", own); err != nil {
		return err
	}
	for name, text := range own {
		if err := writeEtc("/etc/"+name, text); err != nil {
			return err
		}
	}
	return nil
}

// copyEtc fills a folder below /etc with what the machine has there. It copies files, and
// folders in which something is replaced or hidden. It shows the other folders.
func (s Sandbox) copyEtc(folder string, own map[string]string) error {
	entries, err := os.ReadDir(old + folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := folder + "/" + e.Name()
		switch _, replaced := own[strings.TrimPrefix(name, "/etc/")]; {
		case replaced || !othersMayRead(e):
		case e.IsDir() && (s.replacesBelow(name) || holdsHidden(old+name)):
			if err = os.Mkdir(name, 0o755); err == nil {
				err = s.copyEtc(name, own)
			}
		case e.Type().IsRegular():
			err = copyFile(name)
		default:
			err = show(name, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// writeEtc writes a file of the sandbox's own.
func writeEtc(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if path == "/etc/shadow" {
		mode = 0o600
	}
	return os.WriteFile(path, []byte(text), mode)
}

// replacesBelow reports whether a file of Etc is in a folder below /etc.
func (s Sandbox) replacesBelow(folder string) bool {
	for name := range s.Etc {
		if strings.HasPrefix("/etc/"+name, folder+"/") {
			return true
		}
	}
	return false
}

// ownEtc are the texts of the files that are not the machine's, by their paths
// below /etc.
func (s Sandbox) ownEtc() (map[string]string, error) {
	passwd, group, shadow, err := s.accounts()
	if err != nil {
		return nil, err
	}
	own := map[string]string{
		"hosts": s.Hosts, "hostname": s.Host + "\n", "resolv.conf": "", "passwd": passwd, "group": group, "shadow": shadow,
		"nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files\nservices: files\nprotocols: files\n",
	}
	if s.NameServer.IsValid() {
		own["resolv.conf"] = fmt.Sprintf("nameserver %s\n", s.NameServer)
		own["nsswitch.conf"] = strings.Replace(own["nsswitch.conf"], "hosts: files", "hosts: files dns", 1)
	}
	maps.Copy(own, s.Etc)
	return own, nil
}

// holdsHidden reports whether a folder of the machine has, at any depth, something that
// not all users may read.
func holdsHidden(folder string) bool {
	hidden := errors.New("hidden")
	return filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !othersMayRead(e) {
			return hidden
		}
		return nil
	}) != nil
}

// copyFile copies a file of the machine. The copy belongs to the sandbox's root, as
// daemons require of their configuration. In a user namespace the machine's root is
// another user.
func copyFile(name string) error {
	text, err := os.ReadFile(old + name)
	if err != nil {
		return err
	}
	info, err := os.Stat(old + name)
	if err != nil {
		return err
	}
	return os.WriteFile(name, text, info.Mode().Perm())
}

// othersMayRead reports whether all users may read a file or folder.
func othersMayRead(e fs.DirEntry) bool {
	if e.Type() == fs.ModeSymlink {
		return true
	}
	info, err := e.Info()
	if err != nil {
		return false
	}
	switch mode := info.Mode(); mode.Type() {
	case fs.ModeDir:
		return mode&0o005 == 0o005
	case 0:
		return mode&0o004 != 0
	}
	return false
}

// Ids of the sandbox's accounts. On Linux systems the ids of people begin at firstUID
// (UID_MIN, login.defs(5)). The machine's people are not in the sandbox.
const (
	firstUID    = 1000
	endOfPeople = 60000
	usersGID    = 100 // the group users, of all accounts
)

// accounts returns the texts of passwd, group and shadow. They have the machine's
// accounts for services, the account ftp for anonymous users, and the sandbox's own.
func (s Sandbox) accounts() (passwd, group, shadow string, err error) {
	services, err := withoutPeople(old + "/etc/passwd")
	if err != nil {
		return "", "", "", err
	}
	groups, err := withoutPeople(old + "/etc/group")
	if err != nil {
		return "", "", "", err
	}
	services = ensure(services, "root:x:0:0:root:"+home+":/bin/sh")
	services = ensure(services, "ftp:x:108:65534::"+Folder+":/usr/sbin/nologin")
	groups = ensure(groups, "root:x:0:")
	groups = ensure(groups, "users:x:"+strconv.Itoa(usersGID)+":")
	for _, line := range services {
		name, _, _ := strings.Cut(line, ":")
		shadow += name + ":*:19000:0:99999:7:::\n"
	}
	for i, a := range s.Accounts {
		services = append(services, fmt.Sprintf("%s:x:%d:%d::%s:/bin/sh", a.Name, firstUID+i, usersGID, Folder))
		shadow += fmt.Sprintf("%s:%s:19000:0:99999:7:::\n", a.Name, crypt(a.Password, a.Name))
	}
	return strings.Join(services, "\n") + "\n", strings.Join(groups, "\n") + "\n", shadow, nil
}

// withoutPeople returns the lines of a file such as passwd or group, whose third field
// is an id, without those of people. The file may be missing.
func withoutPeople(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		fields := strings.Split(line, ":")
		if len(fields) < 4 {
			continue
		}
		id, err := strconv.Atoi(fields[2])
		if err != nil || id >= firstUID && id < endOfPeople {
			continue
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// ensure adds a line unless there is one with the same name.
func ensure(lines []string, line string) []string {
	name, _, _ := strings.Cut(line, ":")
	for _, l := range lines {
		if strings.HasPrefix(l, name+":") {
			return lines
		}
	}
	return append(lines, line)
}

// giveFolder gives the files in the program's folder to the users who log in, as an
// administrator would: to the first account, with the rights of the owner for the
// others; or to ftp if there are no accounts. Root keeps two things, as vsftpd
// requires: the folder itself, if it is the root folder of anonymous users; and files
// that the program's arguments name, such as its configuration.
func (s Sandbox) giveFolder() error {
	uid, gid, err := s.owner()
	if err != nil {
		return err
	}
	return filepath.WalkDir(Folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || len(s.Accounts) == 0 && path == Folder {
			return err
		}
		if name, err := filepath.Rel(Folder, path); err != nil || slices.Contains(s.Args, name) {
			return err
		}
		if err := os.Lchown(path, uid, gid); err != nil || len(s.Accounts) < 2 || e.Type() == fs.ModeSymlink {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		mode := info.Mode().Perm()
		return os.Chmod(path, mode|(mode&0o700)>>3)
	})
}

// owner returns the user who gets the files.
func (s Sandbox) owner() (uid, gid int, err error) {
	if len(s.Accounts) > 0 {
		return firstUID, usersGID, nil
	}
	text, err := os.ReadFile("/etc/passwd")
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Split(line, ":"); fields[0] == "ftp" {
			uid, errUID := strconv.Atoi(fields[2])
			gid, errGID := strconv.Atoi(fields[3])
			return uid, gid, cmp.Or(errUID, errGID)
		}
	}
	return 0, 0, fmt.Errorf("/etc/passwd has no user ftp")
}
