package app

import (
	"switchyard/channels"
	"switchyard/channels/email"
)

// Kinds are all kinds of sources. A new channel is one package and one line here.
func Kinds() map[string]channels.Kind {
	out := map[string]channels.Kind{}
	for _, k := range []channels.Kind{
		email.Kind,
	} {
		out[k.Name] = k
	}
	return out
}
