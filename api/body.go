package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"switchyard/router"
)

func tooLarge(limit int64) error {
	return router.Fail("api.body", router.CodeTooLarge, "the body is larger than %d bytes", limit)
}

// bodyError names what went wrong while a body was read.
func bodyError(err error, limit int64) error {
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		return tooLarge(big.Limit)
	}
	return router.Fail("api.body", router.CodeInvalidJSON, "the body broke off or cannot be read")
}

// readBody reads the whole body, within its limit, and leaves it to be read again.
func readBody(c echo.Context) ([]byte, error) {
	body, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return nil, bodyError(err, maxBody)
	}
	c.Request().Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}

// decode reads a JSON object strictly: broken JSON is invalid_json; an unknown field, a wrong
// type and a wrong form are invalid_field with the field's name. No body is an empty object.
func decode[T any](c echo.Context) (T, error) {
	var v T
	const op = "api.body"
	if _, params, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType)); err == nil {
		if cs := params["charset"]; cs != "" && !strings.EqualFold(cs, "utf-8") && !strings.EqualFold(cs, "utf8") {
			return v, router.Fail(op, router.CodeInvalidJSON, "the body must be UTF-8")
		}
	}
	body, err := readBody(c)
	if err != nil {
		return v, err
	}
	body = bytes.TrimSpace(body)
	switch {
	case !utf8.Valid(body):
		return v, router.Fail(op, router.CodeInvalidJSON, "the body is not valid UTF-8")
	case len(body) == 0:
		return v, nil
	case !json.Valid(body):
		return v, router.Fail(op, router.CodeInvalidJSON, "the body is not valid JSON")
	case body[0] != '{':
		return v, router.FailField(op, "body", "must be an object")
	}
	if err := strict(body, &v); err != nil {
		return v, fieldError(op, body, err, func(one []byte) error { var w T; return strict(one, &w) })
	}
	return v, nil
}

func strict(body []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// fieldError finds out which field is wrong.
func fieldError(op string, body []byte, err error, try func([]byte) error) error {
	if rest, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return router.FailField(op, strings.Trim(rest, `"`), "is not a field of this call")
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return router.FailField(op, wrong.Field, "must not be of the type %s", wrong.Value)
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) == nil {
		for name, value := range fields {
			one, err := json.Marshal(map[string]json.RawMessage{name: value})
			if err == nil && try(one) != nil {
				return router.FailField(op, name, "has the wrong form")
			}
		}
	}
	return router.FailField(op, "body", "has the wrong form")
}

// given checks fields that every one of some calls has.
func epochGiven(epoch int64) error {
	if epoch < 1 {
		return router.FailField("api.body", "epoch", "must be the epoch of your claim")
	}
	return nil
}

// maxLine bounds reasons and notes beside an act.
const maxLine = 4000

func lineFits(field, text string) error {
	if utf8.RuneCountInString(text) > maxLine {
		return router.FailField("api.body", field, "is longer than %d characters", maxLine)
	}
	return nil
}
