// Package web is the pages: sign-in, the agent's console, the manager's page, the
// customer's chat. They are rendered on the server, which escapes whatever
// customers write; live parts are fragments fetched again when the event stream
// says that something changed. The little script there is stands in static/.
//
// What always holds:
//
//	A. No page needs inline script or style; everything comes from this origin.
//	B. What a customer wrote is shown as text only, never as HTML.
//	C. Every visible word exists in Chinese and English (words.go).
//	D. Pages act only through the HTTP API, with the session's CSRF value.
package web
