package scenario

import (
	"fmt"
	"slices"
	"strings"
)

// A setting is a kind of line above the steps.
type setting struct {
	name    string
	args    string // in the usage line, before the options
	least   int    // the smallest number of words after the name
	most    int    // the largest number; -1 is any number
	options []usage
	does    string // for the manual
	example string // a whole line
	parse   func(p *parser, words []string)
}

// A usage is one option of a setting as the manual shows it.
type usage struct {
	form string // an example, such as rtt=85ms, or readonly; choices are a|b
	does string
}

// key is the option up to its =, or the whole word.
func (u usage) key() string {
	key, _, valued := strings.Cut(u.form, "=")
	if valued {
		key += "="
	}
	return key
}

// An option is one option of a setting. It sets a field of a T.
type option[T any] struct {
	form string
	does string
	set  func(p *parser, of *T, value string)
}

func (o option[T]) usage() usage { return usage{o.form, o.does} }

// usages returns the options as the manual shows them.
func usages[T any](options []option[T]) []usage {
	var list []usage
	for _, o := range options {
		list = append(list, o.usage())
	}
	return list
}

// setOptions parses the words, each an option of the setting, and sets the fields of
// of. It fails with the last mistake, and one does not hide the others.
func setOptions[T any](p *parser, setting string, options []option[T], of *T, words []string) {
	seen := map[string]bool{}
	ok := tryEach(p, words, func(_ int, word string) {
		key, value, valued := strings.Cut(word, "=")
		if valued {
			key += "="
		}
		i := slices.IndexFunc(options, func(o option[T]) bool {
			return strings.TrimSuffix(o.usage().key(), "=") == strings.TrimSuffix(key, "=")
		})
		switch {
		case i < 0:
			p.fail("unknown option %q of %s; %s", word, setting, suggestOption(setting, key))
		case options[i].usage().key() != key:
			p.fail("%q: %s was expected, such as %s", word, options[i].usage().key(), options[i].form)
		case valued && value == "":
			p.fail("%s: a value was expected, such as %s", key, options[i].form)
		}
		if seen[key] {
			p.fail("%s appears twice", key)
		}
		seen[key] = true
		options[i].set(p, of, value)
	})
	if last := len(p.errors) - 1; !ok {
		mistake := p.errors[last]
		p.errors = p.errors[:last]
		panic(mistake)
	}
}

// settingOf returns the setting of that name; ok is false if there is none.
func settingOf(name string) (s setting, ok bool) {
	i := slices.IndexFunc(settings, func(s setting) bool { return s.name == name })
	if i < 0 {
		return setting{}, false
	}
	return settings[i], true
}

// usage returns the setting with its arguments and the keys of its optional options.
func (s setting) usage() string {
	words := []string{s.name}
	if s.args != "" {
		words = append(words, s.args)
	}
	for _, o := range s.options {
		if named := strings.Contains(s.args, o.key()); !named && !strings.HasPrefix(o.form, "[") {
			words = append(words, "["+o.key()+"]")
		}
	}
	return strings.Join(words, " ")
}

// keys returns the options for a message: a, b and c.
func (s setting) keys() string {
	var keys []string
	for _, o := range s.options {
		keys = append(keys, o.key())
	}
	if len(keys) < 2 {
		return strings.Join(keys, "")
	}
	last := len(keys) - 1
	return fmt.Sprintf("%s and %s", strings.Join(keys[:last], ", "), keys[last])
}

// set parses the words after a setting's name.
func (p *parser) set(s setting, words []string) {
	switch {
	case len(p.s.Steps) > 0 && s.name == "user":
		p.fail("user is a setting, and settings come before the steps; the step to log in is login")
	case len(p.s.Steps) > 0:
		p.fail("the setting %q comes after a step; settings come first", s.name)
	case len(words) < s.least:
		p.fail("too few words: %s was expected", s.usage())
	case s.most >= 0 && len(words) > s.most:
		p.fail("too many words: %s was expected", s.usage())
	case len(words) > 0 && words[0] == "":
		p.fail(`%s: "" is empty; %s was expected`, s.name, s.usage())
	}
	p.once(s, words)
	s.parse(p, words)
}

// once refuses a setting that is there already. Of user, name and replica there may be
// several, for different names; other settings add up, or have messages of their own.
func (p *parser) once(s setting, words []string) {
	key := s.name
	switch s.name {
	case "user", "name", "replica":
		key += " " + words[0]
		if s.name == "name" && strings.Contains(words[1], ":") {
			key += " with an IPv6 address"
		}
	case "server", "client", "program", "deadline":
	default:
		return
	}
	if first, ok := p.setLines[key]; ok {
		p.fail("%s appears twice, first at line %d", key, first)
	}
	p.setLines[key] = p.line
}
