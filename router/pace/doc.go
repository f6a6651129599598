// Package pace learns how long agents work on a ticket from the claims that have ended,
// and mixes it with what the policy states.
//
// A Meter keeps the durations of claims as weights in bins of a quarter of an octave, from
// 5 seconds to 4 hours. Weights halve every 14 days. The estimate is the mean of what lies
// within three robust deviations of the median of the logarithms (the Hampel identifier:
// median and 1.4826 times the median absolute deviation), so that a claim that somebody
// opened and closed at once, and one that was forgotten, do not count. With n effective
// observations (Kish 1965) the estimate counts n/(n+20) and the policy the rest; below 10
// the policy stands alone.
//
// What always holds:
//
//	A. The order of observations changes nothing but the last digits: meters add up.
//	B. Every estimate is finite and from 5 seconds to 4 hours.
//	C. With a fifth of the observations replaced by claims of a second, or of 8 hours, the
//	   estimate moves by less than a quarter.
//	D. Mix lies between what it mixes.
//
// Sources: Hampel 1974 and Davies, Gather 1993 (identifier); Kish 1965 (effective number);
// Bühlmann 1967 (credibility n/(n+k)).
package pace
