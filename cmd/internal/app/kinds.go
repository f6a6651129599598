package app

import (
	"switchyard/channels"
	"switchyard/channels/chat"
	"switchyard/channels/email"
	"switchyard/channels/generic"
	"switchyard/channels/phone"
	"switchyard/channels/social/telegram"
	"switchyard/channels/social/wechat"
	"switchyard/channels/social/whatsapp"
	"switchyard/cmd/internal/config"
)

// Kinds are all kinds of sources. A new channel is one package and one line here.
func Kinds() map[string]channels.Kind {
	out := map[string]channels.Kind{}
	for _, k := range []channels.Kind{
		chat.Kind,
		email.Kind,
		generic.Kind,
		phone.Kind,
		telegram.Kind,
		whatsapp.Kind,
		wechat.Kind,
	} {
		out[k.Name] = k
	}
	return out
}

// ImportSettings are settings of a kind under which past records can be read without a source in the configuration.
func ImportSettings(kind string) (any, bool) {
	switch kind {
	case "imap":
		return &email.Settings{Host: "import.invalid", Username: "import", Password: "import", From: "import@import.invalid"}, true
	case "asterisk_cdr":
		c, ps := config.ParseSource("import", map[string]any{"name": "import", "kind": kind, "path": "import.csv"}, Kinds())
		return c.Settings, len(ps) == 0
	}
	return nil, false
}
