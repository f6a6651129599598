// Package whatsapp connects a number of the WhatsApp Cloud API: its webhook in, Graph API out.
//
// What always holds:
//
//	A. X-Hub-Signature-256 is compared in constant time over the raw body before anything is parsed.
//	B. A message's external id is the network's own and never empty are its words: what has none is
//	   named, files are fetched or noted. Calls about other numbers of the app are answered and left alone.
//	C. A reply that failed later is reported; one outside of the 24-hour window is refused at once and says so.
//	D. A reply carries our message id in biz_opaque_callback_data, the same on every try.
//	E. The access token goes only to the API's own host and to addresses the API names by TLS, and
//	   stands in no error, log or health report.
package whatsapp
