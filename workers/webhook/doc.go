// Package webhook makes the calls of the desk's outgoing webhooks: signed, bounded, and tried again until
// the receiver took them or a day has passed.
//
// What always holds:
//
//	A. A call is a record in the store before it is tried. Whoever finds it makes it: a task at
//	   once, the sweep if that was lost. Every try sends the same bytes under the same id.
//	B. Two processes do not try one call at once: a try begins by a compare-and-set that puts the next one off. Only a
//	   process that dies after the receiver took a call and before that is written sends it again,
//	   under the same id, which receivers drop.
//	C. A call that failed for good is told to the managers before it is written as failed.
//	D. Redirects are not followed. Addresses that did not come from the configuration's file must be public.
//	E. No secret and no address stands in a record, an error or the log.
package webhook
