package sandbox

import (
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
)

// Readable reports whether a program may see a folder of the machine, which is a path
// without symbolic links. It may not if the folder is, or has in it, a home or a folder
// for files of all users.
func Readable(folder string) bool {
	private := []string{"/home", "/tmp", "/var/tmp", "/dev", "/proc", "/sys", "/run", "/mnt", "/media", "/boot"}
	for _, f := range own {
		private = append(private, f.path)
	}
	homes := []string{os.Getenv("HOME")}
	if u, err := user.Current(); err == nil {
		homes = append(homes, u.HomeDir)
	}
	for _, h := range homes {
		if h, err := filepath.EvalSymlinks(h); err == nil && h != "" {
			private = append(private, h)
		}
	}
	return !slices.ContainsFunc(private, func(p string) bool {
		return p == folder || folder == "/" || strings.HasPrefix(p, folder+"/")
	})
}
