package api

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"switchyard/api/gate"
	"switchyard/api/openapi"
	"switchyard/router"
	"switchyard/router/learn"
	"switchyard/router/store"
)

func modelOf(t store.TextModel, active string) (openapi.Model, error) {
	out := openapi.Model{Version: t.Version, By: t.By, Note: t.Note, At: t.At, UsedAt: t.UsedAt, Active: t.Version == active, Examples: t.Info.Examples, Topics: t.Info.Topics}
	check, err := learn.CheckOf(t)
	if check != nil {
		out.Check = *check
	}
	return out, err
}

func (s *Server) trainingOf(t store.Training) openapi.Training {
	return openapi.Training{Running: t.Running(s.Now()), By: t.By, StartedAt: t.StartedAt, EndedAt: t.EndedAt, Done: t.Done, Version: t.Version, Problem: t.Problem}
}

// modelInForce is the version of the text model in force, empty if there is none.
func (s *Server) modelInForce(ctx context.Context) (string, error) {
	r, err := store.ActiveModel(s.Store).Get(ctx, "active")
	if router.IsCode(err, router.CodeNotFound) {
		err = nil
	}
	return r.Value.Version, err
}

// learning is how the desk learns, without its models.
func (s *Server) learning(ctx context.Context) (openapi.ModelList, error) {
	out := openapi.ModelList{Items: []openapi.Model{}}
	var err error
	if out.Active, err = s.modelInForce(ctx); err != nil {
		return out, err
	}
	if out.Corrections, err = learn.CountCorrections(ctx, s.Store); err != nil {
		return out, err
	}
	run, err := store.Trainings(s.Store).Get(ctx, "desk")
	if router.IsCode(err, router.CodeNotFound) {
		return out, nil
	}
	out.Training = s.trainingOf(run.Value)
	return out, err
}

// ListModels answers GET /v1/admin/models.
func (s *Server) ListModels(c echo.Context, p openapi.ListModelsParams) error {
	limit, err := pageSize(c, p.Limit)
	if err != nil {
		return err
	}
	after, err := place("model", p.Cursor)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	out, err := s.learning(ctx)
	if err != nil {
		return err
	}
	all, err := learn.Models(ctx, s.Store)
	if err != nil {
		return err
	}
	from := 0
	if after != "" {
		from = 1 + slices.IndexFunc(all, func(t store.TextModel) bool { return t.Version == after })
	}
	for i, t := range all[from:] {
		if i == limit {
			out.NextCursor = mark("model", all[from+i-1].Version)
			break
		}
		m, err := modelOf(t, out.Active)
		if err != nil {
			return err
		}
		out.Items = append(out.Items, m)
	}
	return c.JSON(http.StatusOK, out)
}

// GetModel answers GET /v1/admin/models/{version}.
func (s *Server) GetModel(c echo.Context, version string) error {
	ctx := c.Request().Context()
	r, err := store.TextModels(s.Store).Get(ctx, version)
	if err != nil {
		return err
	}
	active, err := s.modelInForce(ctx)
	if err != nil {
		return err
	}
	out, err := modelOf(r.Value, active)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, out)
}

// TrainModel answers POST /v1/admin/models.
func (s *Server) TrainModel(c echo.Context, _ openapi.TrainModelParams) error {
	if _, err := decode[struct{}](c); err != nil {
		return err
	}
	run, err := s.Teacher.Start(c.Request().Context(), gate.CallerOf(c).ID())
	if err != nil {
		return err
	}
	if err := s.audit(c, "train_model", "", ""); err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, s.trainingOf(run))
}

// ActivateModel answers POST /v1/admin/models/{version}/activate.
func (s *Server) ActivateModel(c echo.Context, version string, _ openapi.ActivateModelParams) error {
	in, err := decode[openapi.ActivateModelRequest](c)
	if err == nil {
		err = lineFits("reason", in.Reason)
	}
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	in.Reason = strings.TrimSpace(in.Reason)
	change, err := learn.Activate(ctx, s.Store, s.Live.View().Rules.Learning, version, gate.CallerOf(c).ID(), in.Reason, s.Now())
	if err != nil {
		return err
	}
	note := "before: " + change.Before
	if len(change.Worse) > 0 {
		note += "; worse: " + strings.Join(change.Worse, ", ")
	}
	if in.Reason != "" {
		note += "; reason: " + in.Reason
	}
	if err := s.audit(c, change.Act, version, note); err != nil {
		return err
	}
	s.refresh(ctx)
	return s.GetModel(c, version)
}
