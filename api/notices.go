package api

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"switchyard/api/openapi"
	"switchyard/router"
	"switchyard/router/store"
)

// ListNotices answers GET /v1/admin/notices.
func (s *Server) ListNotices(c echo.Context, p openapi.ListNoticesParams) error {
	limit, err := pageSize(c, p.Limit)
	if err != nil {
		return err
	}
	before, err := number("notice", p.Cursor)
	if err != nil {
		return err
	}
	entries, err := s.Store.TailStream(c.Request().Context(), store.NoticeStream, before, limit)
	if err != nil {
		return err
	}
	out := openapi.NoticeList{Items: make([]openapi.Notice, len(entries))}
	for i, e := range entries {
		var n store.Notice
		if err := json.Unmarshal(e.Body, &n); err != nil {
			return router.Wrap("api.notices", router.CodeInternal, err)
		}
		out.Items[i] = openapi.Notice{Seq: e.Seq, At: e.At, Kind: n.Kind, Ticket: n.Ticket, Text: n.Text}
	}
	if n := len(entries); n == limit && entries[n-1].Seq > 1 {
		out.NextCursor = mark("notice", strconv.FormatInt(entries[n-1].Seq, 10))
	}
	return c.JSON(http.StatusOK, out)
}
