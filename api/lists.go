package api

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"switchyard/router"
)

const (
	defaultLimit = 50
	maxLimit     = 200
)

// pageSize is the limit asked for. invalid_field.
func pageSize(c echo.Context, limit int) (int, error) {
	if c.QueryParam("limit") == "" {
		return defaultLimit, nil
	}
	if limit < 1 || limit > maxLimit {
		return 0, router.FailField("api.list", "limit", "must be from 1 to %d", maxLimit)
	}
	return limit, nil
}

// mark makes a cursor of a list of this kind; place is where the page ended.
func mark(kind, place string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(kind + ":" + place))
}

// place reads what mark made, "" for the first page. invalid_field.
func place(kind, cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	at, ok := strings.CutPrefix(string(b), kind+":")
	if err != nil || !ok || at == "" {
		return "", router.FailField("api.list", "cursor", "this is not a cursor of this list")
	}
	return at, nil
}

// number reads a place that is a number from 1 up, 0 for the first page. invalid_field.
func number(kind, cursor string) (int64, error) {
	at, err := place(kind, cursor)
	if err != nil || at == "" {
		return 0, err
	}
	n, err := strconv.ParseInt(at, 10, 64)
	if err != nil || n < 1 {
		return 0, router.FailField("api.list", "cursor", "this is not a cursor of this list")
	}
	return n, nil
}
