package encoded

import "testing"

func TestWords(t *testing.T) {
	for _, test := range []struct {
		word          string
		text          string
		looks, random bool
	}{
		{"cm9vdDp4OjA6MDpyb290", "root:x:0:0:root", true, true},
		{"cm9vdDp4OjA6MDpyb290.txt", "root:x:0:0:root", true, true},
		{"726f6f743a783a303a30", "root:x:0:0", true, false},
		{"ojxw65b2pa5daoru", "root:x:0:4", false, false},
		{"OJXW65B2PA5DAORQHJZG633U", "root:x:0:0:root", true, false},
		{"9f3c1a77e0b2d4c8", "", true, false},
		{"aZ3kQ9xW7LmT2vRb8YcD", "", true, true},
		{"20230131120000", "", false, false}, // a time
		{"quarterly report 2023", "", false, false},
		{"KL_alice-PC17_2024_06_11_09_00.html", "", false, false},
		{"cafe", "", false, false},
		{"", "", false, false},
	} {
		if got := Text(test.word); got != test.text {
			t.Errorf("%q: got text %q, want %q", test.word, got, test.text)
		}
		if looks, random := Looks(test.word), LooksRandom(test.word); looks != test.looks || random != test.random {
			t.Errorf("%q: got looks %v, random %v, want %v, %v", test.word, looks, random, test.looks, test.random)
		}
	}
}

func TestJoin(t *testing.T) {
	for want, pieces := range map[string][]string{
		"root:x:0:0:root:/root:/bin/sh;ada:x:": {"cm9vdDp4OjA6", "MDpyb290Oi9y", "b290Oi9iaW4v", "c2g7YWRhOng6"},
		"root:x:0:0:root:/root:/bin/sh\n":      {"08cm9vdDp4OjA6", "09MDpyb290Oi9y", "10b290Oi9iaW4v", "11c2gK"},
		"":                                     {"20230131", "20230201", "20230202"},
	} {
		if got := Join(pieces); got != want {
			t.Errorf("%q: got %q, want %q", pieces, got, want)
		}
	}
}

func TestDecode(t *testing.T) {
	for data, want := range map[string]string{"d2hvYW1p": "whoami", "77686f616d69": "whoami", "who": "", "who am i": ""} {
		if got := string(Decode([]byte(data))); got != want {
			t.Errorf("%q: got %q, want %q", data, got, want)
		}
	}
}
