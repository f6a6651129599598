// Package wechat connects a WeChat Official Account: its messages in, plain or encrypted,
// the customer service message API out.
//
// What always holds:
//
//	A. The signature (SHA-1 of sorted token, timestamp, nonce, and the cipher text where there is
//	   one) is compared in constant time before anything is parsed; five minutes off is refused.
//	   An encrypted body is opened only with a key configured, and only if it names our app.
//	B. A message has the same external id on every delivery and is never empty. Events are
//	   answered and left alone: nobody wrote.
//	C. The answer comes within the five seconds that the network waits.
//	D. The app's secret and the access token stand in addresses of calls and in no error, log or health report.
//	E. A reply in several parts goes on, when it is tried again, with the part that is missing.
package wechat
