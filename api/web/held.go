package web

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"switchyard/router/dispatch"
)

// heldRow is one held ticket.
type heldRow struct {
	dispatch.HeldTicket
	Name   string
	Govern bool // the reader may release and dismiss it
}

// heldData is one page of the list of held tickets.
type heldData struct {
	Held  []heldRow
	Next  string // cursor of the next page, empty at the end
	Later bool   // this is not the first page
}

func (p *Pages) held(ctx context.Context, after string, limit int, govern bool) ([]heldRow, string, error) {
	held, next, err := p.Desk.Held(ctx, after, limit)
	if err != nil {
		return nil, "", err
	}
	out := make([]heldRow, len(held))
	for i, h := range held {
		contact, err := p.contactOf(ctx, h.Ticket.ContactID)
		if err != nil {
			return nil, "", err
		}
		out[i] = heldRow{h, contact.Name, govern}
	}
	return out, next, nil
}

func (p *Pages) managerHeld(c echo.Context) error {
	cursor := c.QueryParam("cursor")
	rows, next, err := p.held(c.Request().Context(), cursor, maxListed, callerGoverns(c))
	if err != nil {
		return err
	}
	return p.render(c, http.StatusOK, "held.html", "held", heldData{Held: rows, Next: next, Later: cursor != ""})
}
