package router

import "slices"

// Signal is a fact seen in a message: an amount, a time, an account reference.
type Signal struct {
	Kind  string `json:"kind"`            // one of SignalKinds
	Text  string `json:"text"`            // the words as they were written
	Value string `json:"value,omitempty"` // the fact in one form, whatever the words
}

// The kinds of signals.
const (
	SignalAmount      = "amount"
	SignalTime        = "time"
	SignalTransaction = "transaction"
	SignalOrder       = "order"
	SignalLast4       = "last4"
	SignalPayer       = "payer"
	SignalPayee       = "payee"
	SignalPhone       = "phone"
	SignalEmail       = "email"
	SignalErrorCode   = "error_code"
	SignalAppVersion  = "app_version"
	SignalDevice      = "device"
	SignalStatus      = "status"
	SignalConsent     = "consent"
)

var signalKinds = []string{SignalAmount, SignalTime, SignalTransaction, SignalOrder, SignalLast4, SignalPayer, SignalPayee,
	SignalPhone, SignalEmail, SignalErrorCode, SignalAppVersion, SignalDevice, SignalStatus, SignalConsent}

// SignalKinds are the kinds of signals that are found in messages.
func SignalKinds() []string { return slices.Clone(signalKinds) }
