package traffic

import (
	"embed"
	"strings"
)

//go:embed profiles/*.json
var profiles embed.FS

// DefaultProfile is the profile of a generator that names none.
const DefaultProfile = "office"

// Profiles are the names of the profiles that come with ftplab.
func Profiles() []string {
	entries, err := profiles.ReadDir("profiles")
	if err != nil {
		panic(err) // it is embedded
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".json"))
	}
	return names
}

// Profile is the file of the profile of that name, which comes with ftplab; ok is false
// if there is none.
func Profile(name string) (file []byte, ok bool) {
	file, err := profiles.ReadFile("profiles/" + name + ".json")
	return file, err == nil
}
