package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"switchyard/api/gate"
	"switchyard/api/openapi"
	"switchyard/router"
	"switchyard/router/dispatch"
)

// emptyHeader says why a pull gave nothing.
const emptyHeader = "X-Switchyard-Empty"

// Pull answers POST /v1/pull.
func (s *Server) Pull(c echo.Context, _ openapi.PullParams) error {
	in, err := decode[openapi.PullRequest](c)
	if err != nil {
		return err
	}
	if len(in.Queues) > 100 {
		return router.FailField("api.pull", "queues", "are more than 100")
	}
	served, err := s.Desk.Pull(c.Request().Context(), *gate.CallerOf(c).User, in.Queues)
	if err != nil {
		return err
	}
	if served.Empty != "" {
		c.Response().Header().Set(emptyHeader, string(served.Empty))
		return c.NoContent(http.StatusNoContent)
	}
	return s.served(c, served)
}

// ClaimTicket answers POST /v1/tickets/{id}/claim.
func (s *Server) ClaimTicket(c echo.Context, id router.TicketID, _ openapi.ClaimTicketParams) error {
	if _, err := decode[struct{}](c); err != nil {
		return err
	}
	served, err := s.Desk.Claim(c.Request().Context(), *gate.CallerOf(c).User, id)
	if err != nil {
		return err
	}
	return s.served(c, served)
}

func (s *Server) served(c echo.Context, served dispatch.Served) error {
	t, err := s.view(gate.CallerOf(c)).whole(c.Request().Context(), served.Ticket)
	if err != nil {
		return err
	}
	out := openapi.Served{Ticket: t, Claim: claimOf(served.Ticket)}
	if served.Trace != nil {
		out.Why = *served.Trace
	}
	return c.JSON(http.StatusOK, out)
}

// changed answers a ticket after an act, with the claim if the caller still holds it.
func (s *Server) changed(c echo.Context, t router.Ticket, err error) error {
	if err != nil {
		return err
	}
	shape, err := s.view(gate.CallerOf(c)).ticket(c.Request().Context(), t)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, openapi.Changed{Ticket: shape, Claim: shape.Claim})
}

// Heartbeat answers POST /v1/tickets/{id}/heartbeat.
func (s *Server) Heartbeat(c echo.Context, id router.TicketID, _ openapi.HeartbeatParams) error {
	in, err := decode[openapi.EpochRequest](c)
	if err == nil {
		err = epochGiven(in.Epoch)
	}
	if err != nil {
		return err
	}
	t, err := s.Desk.Heartbeat(c.Request().Context(), gate.CallerOf(c).ID(), id, in.Epoch)
	return s.changed(c, t, err)
}

// Release answers POST /v1/tickets/{id}/release.
func (s *Server) Release(c echo.Context, id router.TicketID, _ openapi.ReleaseParams) error {
	in, err := decode[openapi.ReleaseRequest](c)
	if err == nil {
		err = first(epochGiven(in.Epoch), lineFits("reason", in.Reason))
	}
	if err != nil {
		return err
	}
	t, err := s.Desk.Release(c.Request().Context(), gate.CallerOf(c).ID(), id, in.Epoch, in.Reason)
	return s.changed(c, t, err)
}

// Resolve answers POST /v1/tickets/{id}/resolve.
func (s *Server) Resolve(c echo.Context, id router.TicketID, _ openapi.ResolveParams) error {
	in, err := decode[openapi.ResolveRequest](c)
	if err == nil {
		err = first(epochGiven(in.Epoch), lineFits("note", in.Note))
	}
	if err != nil {
		return err
	}
	t, err := s.Desk.Resolve(c.Request().Context(), gate.CallerOf(c).ID(), id, in.Epoch, in.Topic, in.Note, in.Seen)
	return s.changed(c, t, err)
}

// Transfer answers POST /v1/tickets/{id}/transfer.
func (s *Server) Transfer(c echo.Context, id router.TicketID, _ openapi.TransferParams) error {
	in, err := decode[openapi.TransferRequest](c)
	if err == nil {
		err = first(epochGiven(in.Epoch), lineFits("note", in.Note))
	}
	if err != nil {
		return err
	}
	t, err := s.Desk.Transfer(c.Request().Context(), gate.CallerOf(c).ID(), id, in.Epoch, in.Queue, in.Note)
	return s.changed(c, t, err)
}

// Snooze answers POST /v1/tickets/{id}/snooze.
func (s *Server) Snooze(c echo.Context, id router.TicketID, _ openapi.SnoozeParams) error {
	in, err := decode[openapi.SnoozeRequest](c)
	if err == nil {
		err = epochGiven(in.Epoch)
	}
	if err != nil {
		return err
	}
	t, err := s.Desk.Snooze(c.Request().Context(), gate.CallerOf(c).ID(), id, in.Epoch, in.Until.UTC())
	return s.changed(c, t, err)
}

// Spam answers POST /v1/tickets/{id}/spam.
func (s *Server) Spam(c echo.Context, id router.TicketID, _ openapi.SpamParams) error {
	in, err := decode[openapi.EpochRequest](c)
	if err == nil {
		err = epochGiven(in.Epoch)
	}
	if err != nil {
		return err
	}
	t, err := s.Desk.Spam(c.Request().Context(), gate.CallerOf(c).ID(), id, in.Epoch)
	return s.changed(c, t, err)
}

// Callback answers POST /v1/tickets/{id}/callbacks.
func (s *Server) Callback(c echo.Context, id router.TicketID, _ openapi.CallbackParams) error {
	in, err := decode[openapi.CallbackRequest](c)
	if err == nil {
		err = first(epochGiven(in.Epoch), lineFits("note", in.Note))
	}
	if err != nil {
		return err
	}
	t, err := s.Desk.CallBack(c.Request().Context(), gate.CallerOf(c).ID(), id, in.Epoch, dispatch.Callback{Outcome: in.Outcome, RetryAt: in.RetryAt.UTC(), Note: in.Note})
	return s.changed(c, t, err)
}

// Reopen answers POST /v1/tickets/{id}/reopen.
func (s *Server) Reopen(c echo.Context, id router.TicketID, _ openapi.ReopenParams) error {
	if _, err := decode[struct{}](c); err != nil {
		return err
	}
	t, err := s.Desk.Reopen(c.Request().Context(), gate.CallerOf(c).ID(), id)
	return s.changed(c, t, err)
}

// first is the first of some errors.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
