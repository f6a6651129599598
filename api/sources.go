package api

import (
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"switchyard/api/openapi"
	"switchyard/router"
)

// ListSources answers GET /v1/admin/sources.
func (s *Server) ListSources(c echo.Context) error {
	items, err := s.Sources.List(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, openapi.SourceList{Items: items})
}

// sourceKeys reads a source's keys. Every kind has its own, so that they are checked by the one who knows the kinds.
func sourceKeys(c echo.Context) (map[string]any, error) {
	keys, err := decode[map[string]json.RawMessage](c)
	if err != nil {
		return nil, err
	}
	out := make(map[string]any, len(keys))
	for k, raw := range keys {
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			return nil, router.FailField("api.source", k, "has the wrong form")
		}
		out[k] = v
	}
	return out, nil
}

// CreateSource answers POST /v1/admin/sources.
func (s *Server) CreateSource(c echo.Context, _ openapi.CreateSourceParams) error {
	keys, err := sourceKeys(c)
	if err != nil {
		return err
	}
	if name, ok := keys["name"].(string); ok && s.Runner.Source(router.SourceName(name)) != nil {
		return router.FailField("api.source", "name", "is taken")
	}
	return s.storeSource(c, keys, "create_source", http.StatusCreated)
}

// PutSource answers PUT /v1/admin/sources/{source}.
func (s *Server) PutSource(c echo.Context, name router.SourceName) error {
	keys, err := sourceKeys(c)
	if err != nil {
		return err
	}
	if given, ok := keys["name"]; ok && given != string(name) {
		return router.FailField("api.source", "name", "differs from the name in the address")
	}
	keys["name"] = string(name)
	return s.storeSource(c, keys, "put_source", http.StatusOK)
}

func (s *Server) storeSource(c echo.Context, keys map[string]any, act string, status int) error {
	name, err := s.Sources.Put(c.Request().Context(), keys)
	if err != nil {
		return err
	}
	kind, _ := keys["kind"].(string)
	if err := s.audit(c, act, string(name), kind); err != nil {
		return err
	}
	return c.JSON(status, openapi.SourceMade{Name: name})
}

// DeleteSource answers DELETE /v1/admin/sources/{source}.
func (s *Server) DeleteSource(c echo.Context, name router.SourceName) error {
	if err := s.Sources.Delete(c.Request().Context(), name); err != nil {
		return err
	}
	if err := s.audit(c, "delete_source", string(name), ""); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
