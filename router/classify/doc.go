// Package classify says what a ticket is about: language, signals, topic and how
// sure that is. Manager rules come first, then the word lists of the policy's
// topics. A trained text model attaches behind the word lists, in Classify,
// where their scores become topics with confidence. Entities finds the facts in a
// text, ToneOf how it is said, DetectLanguage what it is written in; each folds
// the raw text itself.
//
// What always holds:
//
//	A. Classify is a pure function; cost is bounded by maxText characters whatever comes in.
//	B. Of two topics with enough evidence the one the policy lists first routes; all stay visible.
//	C. A rule that names a topic wins over words, with confidence 1, and says so.
//	D. Below the policy's threshold, and where nothing matched, the result is Rejected.
//	E. Entities, ToneOf and DetectLanguage are pure and linear in the text, of which they look at maxText characters.
//	F. Facts come in the order of the text, at most maxSignals, none twice and none overlapping another.
//	G. A relative time is resolved against the time of sending alone, in its zone; where that is not known it stays relative.
//	H. A second opinion counts only where the result is Rejected, and makes no spam of it.
package classify
