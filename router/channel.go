package router

// Channel is the kind of door a customer came through.
type Channel string

// The channels.
const (
	ChannelPhone  Channel = "phone"
	ChannelEmail  Channel = "email"
	ChannelChat   Channel = "chat"
	ChannelSocial Channel = "social"
)

// Channels are all channels, in the order in which they are shown.
func Channels() []Channel {
	return []Channel{ChannelPhone, ChannelChat, ChannelSocial, ChannelEmail}
}

// Valid reports whether c is one of the channels.
func (c Channel) Valid() bool {
	switch c {
	case ChannelPhone, ChannelEmail, ChannelChat, ChannelSocial:
		return true
	}
	return false
}

// Handle is an address on a channel that reaches a contact: a phone number in
// E.164, a mailbox in lower case, a chat session, a social network's id.
type Handle struct {
	Channel Channel `json:"channel" yaml:"channel"`
	Address string  `json:"address" yaml:"address"`
}

// Key identifies the handle among all contacts. Phone numbers and mailboxes mean
// the same person at every source; a chat session or social id only at its own.
func (h Handle) Key(source SourceName) string {
	if h.Channel == ChannelPhone || h.Channel == ChannelEmail {
		return string(h.Channel) + "|" + h.Address
	}
	return string(h.Channel) + "|" + string(source) + "|" + h.Address
}

// Language is what a message is written in, as far as the desk cares.
type Language string

// The languages a desk tells apart.
const (
	LanguageZH    Language = "zh"
	LanguageEN    Language = "en"
	LanguageMixed Language = "mixed"
	LanguageOther Language = "other"
)
