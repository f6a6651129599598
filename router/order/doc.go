// Package order says which waiting ticket comes first. It is pure: candidates
// with their waits and the numbers of their classes in, an order out.
//
// What always holds:
//
//	A. The order is strict and total: equal scores go to the older ticket
//	   (longer wait, then earlier AgeAt), then to the smaller id.
//	B. The order of the input does not matter.
//	C. Within one run and one part of a tier the older ticket never ranks
//	   below the younger, except in tier 1, which goes by cut-off. So the few
//	   heads of each run suffice: the best of them is the best of all. Under the
//	   rules without tiers the older of a run never ranks below the younger.
//	D. Scores are finite for every class that prioritize lets through.
//	E. A guest of overflow keeps behind the queue's own of its tier until it is past its guard.
//
// The tiers of atc and feasible_first:
//
//  1. A cut-off within its lead time that can still be reached: the earliest first.
//  2. A wait within the target, or beyond the guard.
//  3. The rest, which is late already.
//
// The other rules know one tier and no cut-offs.
//
// Sources: the tiers and their test values are this project's routing
// specification; the apparent tardiness cost index is Vepsalainen and Morton
// 1987, the index of late work van Mieghem's generalized c-mu rule (1995), which
// is also gcmu; the largest ratio of the head's wait to its target (hldr) Sun and
// Whitt 2018. Between classes of equal target and handling time gcmu is
// accumulating priority (Kleinrock 1964; Stanford, Taylor and Ziedins 2014) at the rates of the weights.
package order
