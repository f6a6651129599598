package router

import (
	"errors"
	"fmt"
)

// Code says what went wrong in a word that programs can rely on.
type Code string

// The codes. Which HTTP status each becomes is the business of package api.
const (
	CodeInvalidJSON       Code = "invalid_json"
	CodeInvalidField      Code = "invalid_field"
	CodeUnauthorized      Code = "unauthorized"
	CodeBadSignature      Code = "bad_signature"
	CodeStaleTimestamp    Code = "stale_timestamp"
	CodeForbidden         Code = "forbidden"
	CodeNotFound          Code = "not_found"
	CodeConflict          Code = "conflict" // somebody else wrote first: read again
	CodeExists            Code = "exists"
	CodeStaleClaim        Code = "stale_claim"
	CodeUnseenMessage     Code = "unseen_message"
	CodeNotClaimable      Code = "not_claimable"
	CodeInvalidTransition Code = "invalid_transition"
	CodeCannotReply       Code = "cannot_reply"
	CodeTooLarge          Code = "too_large"
	CodeRateLimited       Code = "rate_limited"
	CodeUnavailable       Code = "unavailable"
	CodeUnreadable        Code = "unreadable" // input that no parser could read
	CodeInternal          Code = "internal"
)

// Error carries a code, the operation that failed, and the cause. Detail is a
// plain sentence for the one who asked, never with secrets or message text in it.
type Error struct {
	Code   Code
	Op     string
	Field  string
	Detail string
	Err    error
}

func (e *Error) Error() string {
	s := string(e.Code)
	if e.Op != "" {
		s = e.Op + ": " + s
	}
	if e.Field != "" {
		s += " (" + e.Field + ")"
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Fail makes an error with a sentence for the one who asked.
func Fail(op string, code Code, format string, args ...any) *Error {
	return &Error{Op: op, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// FailField makes an invalid_field error that names the field.
func FailField(op, field, format string, args ...any) *Error {
	return &Error{Op: op, Code: CodeInvalidField, Field: field, Detail: fmt.Sprintf(format, args...)}
}

// Wrap adds an operation and a code to a cause; a cause that has a code keeps it.
func Wrap(op string, code Code, err error) error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		code = e.Code
		return &Error{Op: op, Code: code, Field: e.Field, Detail: e.Detail, Err: err}
	}
	return &Error{Op: op, Code: code, Err: err}
}

// CodeOf is the code of err: the outermost one, internal if it has none, empty for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// IsCode reports whether err has this code.
func IsCode(err error, code Code) bool { return err != nil && CodeOf(err) == code }
