package config

import (
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"
)

// leaf is one key of a struct tree.
type leaf struct {
	path   string
	value  reflect.Value
	field  reflect.StructField
	secret bool
}

var durationType = reflect.TypeFor[time.Duration]()

// leaves lists the keys of a struct, in order. Nested structs add their key and a dot.
func leaves(prefix string, v reflect.Value) []leaf {
	var out []leaf
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if key == "" || key == "-" {
			continue
		}
		path := prefix + key
		if f.Type.Kind() == reflect.Struct {
			out = append(out, leaves(path+".", v.Field(i))...)
			continue
		}
		out = append(out, leaf{path, v.Field(i), f, f.Tag.Get("secret") == "true"})
	}
	return out
}

// setText sets a leaf from text: a default, a flag, a variable of the environment.
func (l leaf) setText(s string) error {
	v := l.value
	switch {
	case v.Type() == durationType:
		d, err := time.ParseDuration(s)
		if err != nil {
			return fmt.Errorf("%q is not a duration like 30s or 72h", s)
		}
		v.SetInt(int64(d))
	case v.Kind() == reflect.String:
		v.SetString(s)
	case v.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(s)
		if err != nil {
			return fmt.Errorf("%q is not true or false", s)
		}
		v.SetBool(b)
	case v.Kind() == reflect.Int || v.Kind() == reflect.Int64:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not a whole number", s)
		}
		v.SetInt(n)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String:
		list := reflect.MakeSlice(v.Type(), 0, 4)
		for _, part := range strings.Split(s, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = reflect.Append(list, reflect.ValueOf(part).Convert(v.Type().Elem()))
			}
		}
		v.Set(list)
	default:
		return fmt.Errorf("keys of type %s cannot be set here", v.Type())
	}
	return nil
}

// setValue sets a leaf from what YAML gave.
func (l leaf) setValue(x any) error {
	switch list := x.(type) {
	case nil:
		return nil
	case []any:
		if l.value.Kind() != reflect.Slice {
			return fmt.Errorf("must not be a list")
		}
		out := reflect.MakeSlice(l.value.Type(), 0, len(list))
		for _, item := range list {
			switch item.(type) {
			case map[string]any, []any:
				return fmt.Errorf("must be a list of plain values")
			}
			out = reflect.Append(out, reflect.ValueOf(fmt.Sprint(item)).Convert(l.value.Type().Elem()))
		}
		l.value.Set(out)
		return nil
	case map[string]any:
		return fmt.Errorf("must be a plain value")
	}
	return l.setText(fmt.Sprint(x))
}

// decode sets the leaves of target from a YAML map and names every key that is not one.
func decode(prefix string, in map[string]any, target reflect.Value, skip map[string]bool) Problems {
	known := map[string]leaf{}
	parents := map[string]bool{}
	for _, l := range leaves("", target) {
		known[l.path] = l
		for i := range l.path {
			if l.path[i] == '.' {
				parents[l.path[:i]] = true
			}
		}
	}
	var ps Problems
	var walk func(at string, m map[string]any)
	walk = func(at string, m map[string]any) {
		keys := make([]string, 0, len(m))
		for k := range m {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		for _, k := range keys {
			path := at + k
			if at == "" && skip[k] {
				continue
			}
			l, ok := known[path]
			sub, isMap := m[k].(map[string]any)
			switch {
			case ok:
				if err := l.setValue(m[k]); err != nil {
					ps = append(ps, Problem{prefix + path, err.Error()})
				}
			case parents[path] && isMap:
				walk(path+".", sub)
			case parents[path] && m[k] == nil:
			case parents[path]:
				ps = append(ps, Problem{prefix + path, "must have keys of its own"})
			default:
				ps = append(ps, Problem{prefix + path, "is not a key that exists"})
			}
		}
	}
	walk("", in)
	return ps
}

// defaults sets every leaf that has a default.
func defaults(target reflect.Value) {
	for _, l := range leaves("", target) {
		if d, ok := l.field.Tag.Lookup("default"); ok {
			if err := l.setText(d); err != nil {
				panic("default of " + l.path + ": " + err.Error())
			}
		}
	}
}

// envName is the name of a key in the environment.
func envName(path string) string {
	return "SWITCHYARD_" + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}
