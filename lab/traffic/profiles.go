package traffic

import (
	"embed"
	"io/fs"
	"path"
	"strings"
)

//go:generate go run ../../scenarios/profiles -o "" -traffic profiles/programs
//go:generate go test ../../scenarios/traffic -update

//go:embed profiles
var profiles embed.FS

// DefaultProfile is the profile of a generator that names none.
const DefaultProfile = "office"

// Profiles are the names of the profiles of what people and machines do, which come with
// ftplab.
func Profiles() []string { return profilesIn("profiles") }

// Programs are the names of the profiles of real programs, which come with ftplab as well:
// that of the server, and that of the client, such as "vsftpd-curl".
func Programs() []string { return profilesIn("profiles/programs") }

func profilesIn(folder string) (names []string) {
	files, err := fs.Glob(profiles, folder+"/*.json")
	if err != nil {
		panic(err) // of a bad pattern
	}
	for _, file := range files {
		names = append(names, strings.TrimSuffix(path.Base(file), ".json"))
	}
	return names
}

// Profile is the file of the profile of that name, which comes with ftplab; ok is false
// if there is none.
func Profile(name string) (file []byte, ok bool) {
	for _, folder := range []string{"profiles/", "profiles/programs/"} {
		if file, err := profiles.ReadFile(folder + name + ".json"); err == nil {
			return file, true
		}
	}
	return nil, false
}
