package api

import (
	"net/http"

	"switchyard/api/gate"
	"switchyard/api/openapi"
)

// Routes is the route table: everything the server answers, with the permission it asks for.
func (s *Server) Routes() []gate.Route {
	w := openapi.ServerInterfaceWrapper{Handler: s}
	const get, post, put, patch, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete
	routes := []gate.Route{
		// where customers come in
		{Method: get, Path: "/v1/hooks/:source", Permission: gate.Public, Handler: w.HookChallenge},
		{Method: post, Path: "/v1/hooks/:source", Permission: gate.Public, Handler: w.Hook},
		{Method: post, Path: "/v1/chat/:source/sessions", Permission: gate.Public, Handler: w.OpenChatSession},
		{Method: get, Path: "/v1/chat/:source/socket", Permission: gate.Public, Handler: w.ChatSocket},
		{Method: get, Path: "/chat/:source/widget.js", Permission: gate.Public, Handler: w.ChatWidget},

		// what agents do
		{Method: post, Path: "/v1/pull", Permission: gate.Work, Handler: w.Pull},
		{Method: get, Path: "/v1/tickets", Permission: gate.Read, Handler: w.ListTickets},
		{Method: get, Path: "/v1/tickets/:id", Permission: gate.Read, Handler: w.GetTicket},
		{Method: get, Path: "/v1/tickets/:id/messages", Permission: gate.Read, Handler: w.TicketMessages},
		{Method: get, Path: "/v1/tickets/:id/why", Permission: gate.Read, Handler: w.WhyTicket},
		{Method: post, Path: "/v1/tickets/:id/claim", Permission: gate.Work, Handler: w.ClaimTicket},
		{Method: post, Path: "/v1/tickets/:id/decline", Permission: gate.Work, Handler: w.DeclineTicket},
		{Method: post, Path: "/v1/tickets/:id/heartbeat", Permission: gate.Work, Handler: w.Heartbeat},
		{Method: post, Path: "/v1/tickets/:id/release", Permission: gate.Work, Handler: w.Release},
		{Method: post, Path: "/v1/tickets/:id/resolve", Permission: gate.Work, Handler: w.Resolve},
		{Method: post, Path: "/v1/tickets/:id/transfer", Permission: gate.Work, Handler: w.Transfer},
		{Method: post, Path: "/v1/tickets/:id/snooze", Permission: gate.Work, Handler: w.Snooze},
		{Method: post, Path: "/v1/tickets/:id/spam", Permission: gate.Work, Handler: w.Spam},
		{Method: post, Path: "/v1/tickets/:id/replies", Permission: gate.Work, Handler: w.Reply},
		{Method: post, Path: "/v1/tickets/:id/notes", Permission: gate.Work, Handler: w.Note},
		{Method: post, Path: "/v1/tickets/:id/callbacks", Permission: gate.Work, Handler: w.Callback},
		{Method: post, Path: "/v1/tickets/:id/reopen", Permission: gate.Work, Handler: w.Reopen},
		{Method: get, Path: "/v1/messages/:id", Permission: gate.Read, Handler: w.GetMessage},
		{Method: get, Path: "/v1/messages/:id/raw", Permission: gate.Govern, Handler: w.RawMessage},
		{Method: post, Path: "/v1/attachments", Permission: gate.Files, Handler: w.UploadAttachment},
		{Method: get, Path: "/v1/attachments/:id", Permission: gate.Files, Handler: w.GetAttachment},
		{Method: get, Path: "/v1/me", Permission: gate.SignedIn, Handler: w.Me},
		{Method: put, Path: "/v1/me/presence", Permission: gate.Work, Handler: w.SetPresence},
		{Method: get, Path: "/v1/stream", Permission: gate.Read, Handler: w.Stream},

		// what managers do
		{Method: get, Path: "/v1/admin/queues", Permission: gate.Watch, Handler: w.AdminQueues},
		{Method: get, Path: "/v1/admin/load", Permission: gate.Watch, Handler: w.AdminLoad},
		{Method: get, Path: "/v1/admin/line", Permission: gate.Watch, Handler: w.AdminLine},
		{Method: get, Path: "/v1/admin/users", Permission: gate.Oversee, Handler: w.ListUsers},
		{Method: post, Path: "/v1/admin/users", Permission: gate.Govern, Handler: w.CreateUser},
		{Method: patch, Path: "/v1/admin/users/:name", Permission: gate.Govern, Handler: w.ChangeUser},
		{Method: post, Path: "/v1/admin/users/:name/disable", Permission: gate.Govern, Handler: w.DisableUser},
		{Method: post, Path: "/v1/admin/users/:name/links", Permission: gate.Govern, Handler: w.CreateLink},
		{Method: post, Path: "/v1/admin/users/:name/tokens", Permission: gate.Govern, Handler: w.CreateToken},
		{Method: del, Path: "/v1/admin/users/:name/tokens", Permission: gate.Govern, Handler: w.RevokeUser},
		{Method: get, Path: "/v1/admin/sources", Permission: gate.Oversee, Handler: w.ListSources},
		{Method: post, Path: "/v1/admin/sources", Permission: gate.Govern, Handler: w.CreateSource},
		{Method: put, Path: "/v1/admin/sources/:source", Permission: gate.Govern, Handler: w.PutSource},
		{Method: del, Path: "/v1/admin/sources/:source", Permission: gate.Govern, Handler: w.DeleteSource},
		{Method: get, Path: "/v1/admin/policies", Permission: gate.Oversee, Handler: w.ListPolicies},
		{Method: post, Path: "/v1/admin/policies", Permission: gate.Govern, Handler: w.AddPolicy},
		{Method: post, Path: "/v1/admin/policies/check", Permission: gate.Govern, Handler: w.CheckPolicy},
		{Method: post, Path: "/v1/admin/policies/rollback", Permission: gate.Govern, Handler: w.RollBackPolicy},
		{Method: get, Path: "/v1/admin/policies/:version", Permission: gate.Oversee, Handler: w.GetPolicy},
		{Method: post, Path: "/v1/admin/policies/:version/activate", Permission: gate.Govern, Handler: w.ActivatePolicy},
		{Method: get, Path: "/v1/admin/policies/:version/backtest", Permission: gate.Oversee, Handler: w.BackTestPolicy},
		{Method: get, Path: "/v1/admin/forecast", Permission: gate.Oversee, Handler: w.AdminForecast},
		{Method: get, Path: "/v1/admin/models", Permission: gate.Oversee, Handler: w.ListModels},
		{Method: post, Path: "/v1/admin/models", Permission: gate.Govern, Handler: w.TrainModel},
		{Method: get, Path: "/v1/admin/models/:version", Permission: gate.Oversee, Handler: w.GetModel},
		{Method: post, Path: "/v1/admin/models/:version/activate", Permission: gate.Govern, Handler: w.ActivateModel},
		{Method: get, Path: "/v1/admin/calendars", Permission: gate.Oversee, Handler: w.ListCalendars},
		{Method: get, Path: "/v1/admin/dead-letters", Permission: gate.Oversee, Handler: w.ListDeadLetters},
		{Method: post, Path: "/v1/admin/dead-letters/:id/retry", Permission: gate.Govern, Handler: w.RetryDeadLetter},
		{Method: get, Path: "/v1/admin/audit", Permission: gate.Oversee, Handler: w.ListAudit},
		{Method: get, Path: "/v1/admin/notices", Permission: gate.Oversee, Handler: w.ListNotices},
		{Method: get, Path: "/v1/admin/held", Permission: gate.Oversee, Handler: w.ListHeld},
		{Method: post, Path: "/v1/admin/held/:id/release", Permission: gate.Govern, Handler: w.ReleaseHeld},
		{Method: post, Path: "/v1/admin/held/:id/dismiss", Permission: gate.Govern, Handler: w.DismissHeld},
		{Method: post, Path: "/v1/admin/tickets/:id/assign", Permission: gate.Govern, Handler: w.AssignTicket},
		{Method: post, Path: "/v1/admin/tickets/:id/wake", Permission: gate.Govern, Handler: w.WakeTicket},
		{Method: post, Path: "/v1/admin/tickets/resolve", Permission: gate.Govern, Handler: w.ResolveTickets},
		{Method: get, Path: "/v1/admin/incidents", Permission: gate.Oversee, Handler: w.ListIncidents},
		{Method: post, Path: "/v1/admin/incidents", Permission: gate.Govern, Handler: w.OpenIncident},
		{Method: get, Path: "/v1/admin/incidents/:incident", Permission: gate.Oversee, Handler: w.GetIncident},
		{Method: post, Path: "/v1/admin/incidents/:incident/close", Permission: gate.Govern, Handler: w.CloseIncident},
		{Method: post, Path: "/v1/admin/incidents/:incident/tickets", Permission: gate.Govern, Handler: w.MoveIncidentTickets},
		{Method: post, Path: "/v1/admin/incidents/:incident/answer", Permission: gate.Govern, Handler: w.AnswerIncident},

		// what operators look at
		{Method: get, Path: "/healthz", Permission: gate.Public, Handler: w.Healthz},
		{Method: get, Path: "/readyz", Permission: gate.Public, Handler: w.Readyz},
		{Method: get, Path: "/metrics", Permission: gate.Public, Handler: w.Metrics},
		{Method: get, Path: "/openapi.yaml", Permission: gate.Public, Handler: w.OpenapiDocument},
		{Method: get, Path: "/docs", Permission: gate.Public, Handler: w.Docs},
	}
	return append(append(routes, s.beside()...), s.Pages...)
}

// beside are the routes that are no operations of openapi.yaml: files of the reference page, the
// dashboard of the task lanes, and what browsers ask before a widget on another site may call.
func (s *Server) beside() []gate.Route {
	routes := []gate.Route{
		{Method: http.MethodGet, Path: "/docs/*", Permission: gate.Public, Handler: s.docsFile},
		{Method: http.MethodOptions, Path: "/v1/chat/:source/sessions", Permission: gate.Public, Handler: s.preflight},
		{Method: http.MethodOptions, Path: "/v1/attachments", Permission: gate.Public, Handler: s.preflight},
		{Method: http.MethodOptions, Path: "/v1/attachments/:id", Permission: gate.Public, Handler: s.preflight},
	}
	if s.Tasks != nil {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
			for _, path := range []string{TasksRoot, TasksRoot + "/*"} {
				routes = append(routes, gate.Route{Method: method, Path: path, Permission: gate.Govern, Handler: s.tasks})
			}
		}
	}
	return routes
}
