package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"switchyard/channels/email"
	"switchyard/channels/email/parse"
	"switchyard/channels/phone"
	"switchyard/cmd/internal/app"
	"switchyard/cmd/internal/config"
	"switchyard/router"
	"switchyard/router/privacy"
)

// maxLine bounds one line of a filter's input, in bytes.
const maxLine = 8 << 20

// lineError is what stands in place of a bad line's result.
type lineError struct {
	Error struct {
		Code   router.Code `json:"code"`
		Detail string      `json:"detail"`
		Line   int         `json:"line"`
	} `json:"error"`
}

func badLine(n int, code router.Code, detail string) lineError {
	e := lineError{}
	e.Error.Code, e.Error.Detail, e.Error.Line = code, detail, n
	return e
}

// filter reads JSON lines {"text": …} and writes one JSON line each, in order. Any bad line: exit code 1.
func (s *shell) filter(do func(text string) any) error {
	in, out := bufio.NewReaderSize(s.in, 64<<10), bufio.NewWriter(s.out)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	bad := false
	for n := 1; ; n++ {
		line, tooLong, err := readLine(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if len(line) > 0 || tooLong {
			result := one(n, line, tooLong, do)
			if _, failed := result.(lineError); failed {
				bad = true
			}
			if err := enc.Encode(result); err != nil {
				return err
			}
		}
		if err != nil {
			break
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if bad {
		return quiet{}
	}
	return nil
}

func one(n int, line []byte, tooLong bool, do func(string) any) any {
	var in struct {
		Text *string `json:"text"`
	}
	switch {
	case tooLong:
		return badLine(n, router.CodeTooLarge, "the line is longer than 8 MiB")
	case !utf8.Valid(line):
		return badLine(n, router.CodeInvalidJSON, "the line is not UTF-8")
	}
	if err := json.Unmarshal(line, &in); err != nil {
		return badLine(n, router.CodeInvalidJSON, "the line is not a JSON object with a text")
	}
	if in.Text == nil {
		return badLine(n, router.CodeInvalidField, "text must be given")
	}
	return do(*in.Text)
}

// readLine reads one line without its end; of a longer one it drops the rest.
func readLine(r *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > maxLine+len("\r\n") {
			tooLong, line = true, nil
		} else if !tooLong {
			line = append(line, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
			line = line[:len(line)-1]
		}
		return line, tooLong || len(line) > maxLine, err
	}
}

func (s *shell) maskCommand() *cobra.Command {
	return &cobra.Command{Use: "mask", Short: "mask secrets: JSON lines {\"text\": …} in, one line each out", Args: args(cobra.NoArgs), RunE: func(*cobra.Command, []string) error {
		return s.filter(func(text string) any {
			masked, kinds := privacy.Mask(text)
			if kinds == nil {
				kinds = []string{}
			}
			return struct {
				Text   string   `json:"text"`
				Masked []string `json:"masked"`
			}{masked, kinds}
		})
	}}
}

// parsers normalize files of a kind without storing; each writes a line a record and counts the errors.
var parsers = map[string]func(ctx context.Context, path string, emit func(any) error) (failed int, err error){
	"email": func(ctx context.Context, path string, emit func(any) error) (int, error) {
		return email.ParseFile(ctx, path, parse.Options{}, emit)
	},
	"asterisk_cdr": func(ctx context.Context, path string, emit func(any) error) (int, error) {
		return phone.ParseFile(ctx, path, phone.Options{}, emit)
	},
}

func (s *shell) parseCommand() *cobra.Command {
	return &cobra.Command{Use: "parse KIND PATH…", Short: "normalize mails or call records without storing", Args: args(cobra.MinimumNArgs(2)), RunE: func(c *cobra.Command, a []string) error {
		parse, ok := parsers[a[0]]
		if !ok {
			return usage{fmt.Errorf("%q cannot be parsed; email and asterisk_cdr can", a[0])}
		}
		out := bufio.NewWriter(s.out)
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		failed := 0
		for _, path := range a[1:] {
			n, err := parse(c.Context(), path, enc.Encode)
			failed += n
			if err != nil {
				return errors.Join(err, out.Flush())
			}
		}
		if err := out.Flush(); err != nil {
			return err
		}
		if failed > 0 {
			return quiet{}
		}
		return nil
	}}
}

func (s *shell) configCommand() *cobra.Command {
	c := &cobra.Command{Use: "config", Short: "check, print or document the configuration", Args: args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error { return usage{errors.New("give check, print or doc")} }}
	check := &cobra.Command{Use: "check", Short: "say whether the configuration is good", Args: args(cobra.NoArgs), RunE: func(*cobra.Command, []string) error {
		if _, err := s.loadWhole(nil); err != nil {
			return err
		}
		fmt.Fprintln(s.out, "the configuration is good")
		return nil
	}}
	show := &cobra.Command{Use: "print", Short: "print the configuration in force, without secrets", Args: args(cobra.NoArgs), RunE: func(*cobra.Command, []string) error {
		cfg, err := s.load(nil)
		if err == nil {
			config.Print(s.out, cfg)
		}
		return err
	}}
	s.storeFlags(check)
	s.storeFlags(show)
	c.AddCommand(check, show, &cobra.Command{Use: "doc", Short: "print the reference page of all keys", Args: args(cobra.NoArgs),
		Run: func(*cobra.Command, []string) { config.Doc(s.out, app.Kinds()) }})
	return c
}
