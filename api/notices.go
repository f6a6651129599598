package api

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"switchyard/api/openapi"
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
	said, err := store.TailJSON[store.Notice](c.Request().Context(), s.Store, store.NoticeStream, before, limit)
	if err != nil {
		return err
	}
	out := openapi.NoticeList{Items: make([]openapi.Notice, len(said))}
	for i, n := range said {
		out.Items[i] = openapi.Notice{Seq: n.Seq, At: n.At, Kind: n.Value.Kind, Ticket: n.Value.Ticket, Text: n.Value.Text}
	}
	if n := len(said); n == limit && said[n-1].Seq > 1 {
		out.NextCursor = mark("notice", strconv.FormatInt(said[n-1].Seq, 10))
	}
	return c.JSON(http.StatusOK, out)
}
