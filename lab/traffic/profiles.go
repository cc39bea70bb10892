package traffic

import (
	"compress/gzip"
	"embed"
	"io"
	"io/fs"
	"path"
	"strings"
)

//go:generate go run ../../scenarios/profiles -o "" -traffic profiles/programs
//go:generate go test ../../scenarios/traffic -update

// Those of programs are many and alike, so they are compressed.
//
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
	files, err := fs.Glob(profiles, folder+"/*.json*")
	if err != nil {
		panic(err) // of a bad pattern
	}
	for _, file := range files {
		name, _, _ := strings.Cut(path.Base(file), ".")
		names = append(names, name)
	}
	return names
}

// Profile is the file of the profile of that name, which comes with ftplab; ok is false
// if there is none.
func Profile(name string) (file []byte, ok bool) {
	if file, err := profiles.ReadFile("profiles/" + name + ".json"); err == nil {
		return file, true
	}
	packed, err := profiles.Open("profiles/programs/" + name + ".json.gz")
	if err != nil {
		return nil, false
	}
	defer packed.Close()
	r, err := gzip.NewReader(packed)
	if err == nil {
		file, err = io.ReadAll(r)
	}
	if err != nil {
		panic(err) // of a file that is part of this program
	}
	return file, true
}
