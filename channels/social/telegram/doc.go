// Package telegram connects a bot of Telegram: its webhook in, the Bot API out.
//
// What always holds:
//
//	A. The secret token of the webhook is compared in constant time before anything is parsed.
//	B. A message has the same external id on every delivery; an edit is a message of its own that
//	   says so. A message is never empty: what has no words is named, files are fetched or noted.
//	C. Only private chats with the bot are support; anything else is answered and left alone.
//	D. The bot's token stands in the path of every call and in no error, log or health report.
//	E. A reply in several parts goes on, when it is tried again, with the part that is missing.
package telegram
