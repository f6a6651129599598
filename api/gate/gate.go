// Package gate holds the words of the route table: who calls, what a route
// permits, and the route itself. Pages and API share it.
//
// What always holds:
//
//	A. Every route states one Permission; a route without one cannot be mounted.
//	B. Allows is the only place that says which role may do what.
package gate

import (
	"github.com/labstack/echo/v4"

	"switchyard/router"
)

// Permission is what a route asks of its caller.
type Permission string

// The permissions.
const (
	Public   Permission = "public"    // anybody; what the route needs it checks itself (signatures, visitor tokens)
	SignedIn Permission = "signed_in" // any user
	Read     Permission = "read"      // tickets and messages: agent, manager, auditor, machine
	Work     Permission = "work"      // pull, claim, answer: agent, manager
	Oversee  Permission = "oversee"   // see how the desk is governed: manager, auditor
	Watch    Permission = "watch"     // load and queues: manager, auditor, machine
	Govern   Permission = "govern"    // change how the desk is governed: manager
	Files    Permission = "files"     // attachments: users who may read, and visitors for their own
)

// Permissions are all of them, for the test that tries every route with every role.
func Permissions() []Permission {
	return []Permission{Public, SignedIn, Read, Work, Oversee, Watch, Govern, Files}
}

// Visitor is a customer who holds a visitor token.
type Visitor struct {
	Source router.SourceName
	Handle router.Handle
}

// Caller is who calls: nobody, a user, or a visitor.
type Caller struct {
	User    *router.User
	Visitor *Visitor
	CSRF    string // of the session, where the caller came with a cookie
	Session string // secret of the session, for signing out
}

// ID is the user's name, empty if the caller is none.
func (c Caller) ID() router.AgentID {
	if c.User == nil {
		return ""
	}
	return c.User.ID
}

// Allows reports whether the caller may use routes of this permission.
func (p Permission) Allows(c Caller) bool {
	if p == Public {
		return true
	}
	if c.User == nil {
		return p == Files && c.Visitor != nil
	}
	switch r := c.User.Role; p {
	case SignedIn, Read, Files:
		return true
	case Work:
		return r == router.RoleAgent || r == router.RoleManager
	case Oversee:
		return r == router.RoleManager || r == router.RoleAuditor
	case Watch:
		return r == router.RoleManager || r == router.RoleAuditor || r == router.RoleMachine
	case Govern:
		return r == router.RoleManager
	}
	return false
}

// Route is one line of the route table.
type Route struct {
	Method     string
	Path       string // in Echo's form: /v1/tickets/:id
	Permission Permission
	Handler    echo.HandlerFunc
}

const callerKey = "switchyard.caller"

// SetCaller notes who calls; the authentication middleware does it.
func SetCaller(c echo.Context, who Caller) { c.Set(callerKey, who) }

// CallerOf is who calls.
func CallerOf(c echo.Context) Caller {
	who, _ := c.Get(callerKey).(Caller)
	return who
}
