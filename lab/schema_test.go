package lab

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/baseline"
	"ftplab/lab/analysis/baseline/alert"
)

// A schema is a JSON Schema, of as much of the language as the schemas here use.
type schema struct {
	Type        any // one, or a list
	Description string
	Ref         string `json:"$ref"`
	Const       int
	Properties  map[string]*schema
	Required    []string
	Items       *schema
	Defs        map[string]*schema `json:"$defs"`
}

// readSchema reads the schema in a file.
func readSchema(t *testing.T, name string) (root schema) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(text, &root)
	}
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// TestBaselineSchema holds the schema of baseline check --json to the types. A writer adds some fields to those of the type.
func TestBaselineSchema(t *testing.T) {
	root := readSchema(t, "baseline.schema.json")
	var written bytes.Buffer
	w, err := alert.NewWriter("json", &written)
	if err == nil {
		err = w.Write(&alert.Report{Name: "a.pcap", Assessment: &baseline.Assessment{}, Suppressed: 1, LeftOut: "x"})
	}
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(written.Bytes(), &fields); err != nil {
		t.Fatal(err)
	}
	for _, name := range root.Required {
		delete(fields, name)
	}
	for name := range fields {
		if s := root.Properties[name]; s == nil || s.Description == "" {
			t.Errorf("%s is not in the schema", name)
		}
		delete(root.Properties, name)
	}
	root.compare(t, &root, reflect.TypeFor[baseline.Assessment](), "object", "assessment")
}

// TestVerdictSchema holds the schema of verdict.json to the types: it has each field, and no other.
func TestVerdictSchema(t *testing.T) {
	root := readSchema(t, "verdict.schema.json")
	written, err := json.Marshal(&Verdict{})
	if err != nil {
		t.Fatal(err)
	}
	var added map[string]any // MarshalJSON adds fields to those of the type
	if err := json.Unmarshal(written, &added); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"version", "outcome", "judged"} {
		if s := root.Properties[name]; added[name] == nil || s == nil || s.Description == "" || !slices.Contains(root.Required, name) {
			t.Errorf("%s: the JSON has %v, and the schema %+v", name, added[name], s)
			continue
		}
		delete(root.Properties, name)
	}
	for _, name := range root.Required {
		if _, ok := added[name]; !ok {
			t.Errorf("%s is required, and %s lacks it", name, written)
		}
	}
	root.compare(t, &root, reflect.TypeFor[Verdict](), "object", "verdict")
}

// compare compares what a schema says with a type.
func (root *schema) compare(t *testing.T, s *schema, typ reflect.Type, want, at string) {
	if s.Description == "" && s != root && !strings.HasSuffix(at, "[]") {
		t.Errorf("%s has no description", at)
	}
	if name, ok := strings.CutPrefix(s.Ref, "#/$defs/"); ok {
		if s = root.Defs[name]; s == nil {
			t.Errorf("%s: there is no %s", at, name)
			return
		}
	}
	if got := fmt.Sprint(s.Type); got != want {
		t.Errorf("%s is of type %s, want %s", at, got, want)
	}
	switch {
	case s.Items != nil && typ.Kind() == reflect.Slice:
		root.compare(t, s.Items, typ.Elem(), jsonType(typ.Elem()), at+"[]")
	case typ.Kind() == reflect.Struct && want == "object":
		root.compareFields(t, s, typ, at)
	}
}

func (root *schema) compareFields(t *testing.T, s *schema, typ reflect.Type, at string) {
	known := map[string]bool{}
	for f := range typ.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		known[name] = true
		if s.Properties[name] == nil {
			t.Errorf("%s.%s is not in the schema", at, name)
			continue
		}
		required := slices.Contains(s.Required, name)
		if required == strings.HasPrefix(options, "omit") {
			t.Errorf("%s.%s: required is %v, and its options are %q", at, name, required, options)
		}
		typ := f.Type
		if typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		want := jsonType(typ)
		if want == "array" && required {
			want = "[array null]" // of a slice that is nil
		}
		root.compare(t, s.Properties[name], typ, want, at+"."+name)
	}
	for name := range s.Properties {
		if !known[name] {
			t.Errorf("%s has no field %s", at, name)
		}
	}
}

// jsonType is the type of the JSON of a Go type.
func jsonType(typ reflect.Type) string {
	if typ.Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
		return "string"
	}
	switch typ.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Float64:
		return "number"
	case reflect.Slice:
		return "array"
	case reflect.Map, reflect.Struct:
		return "object"
	}
	return "integer"
}
