// Package forecast says how many tickets will come, when, and how sure that is;
// how many agents that needs, when customers meet the shortest lines, and when more
// comes than was to be expected. It is pure: counts, zone, calendar and instants in.
//
// A forecast is level × profile: a profile over local quarter-hours of the day for each
// weekday and for holidays, and a level that follows the last weeks. Sparse parts
// borrow their shape: key from channel, channel from the whole desk, a weekday from
// all working days. Single days far off the rest (an outage, an incident) are cut
// back to what their likes show, block by block, so that they do not become the
// profile. Closed hours are low counts, nothing more.
//
// What always holds (the tests quote the letters):
//
//	A. The order of the history's rows changes nothing; rows of one key and
//	   quarter-hour add up.
//	B. Parts add up to their total: every mean is a sum over keys and slots.
//	C. Bands are nested: low 90 ≤ low 50 ≤ high 50 ≤ high 90, and 0 ≤ low 90.
//	D. Every number is finite; a bad row is an error that names the row.
//	E. Slots are local: a day in which the clock changes has 92 or 100 of them.
//	F. Nothing at or after asOf is looked at.
//	G. With less than two weeks of history the result says so, and bands are wider;
//	   with none there is no forecast, and the result says that.
//
// Sources: credibility (shrinkage of sparse cells) as the posterior mean of a gamma
// prior under Poisson counts, Bühlmann, Gisler 2005; the variance φ·m + (c·m)² of
// counts whose day has a random level, Jongbloed, Koole 2001 and Avramidis, Deslauriers,
// L'Ecuyer 2004; exponential weights over weeks, Holt 1957; CUSUM of counts, Lucas 1985,
// with Lorden's bound on false alarms, 1971; tests for Poisson arrivals, Brown and others
// 2005, Kim, Whitt 2014, with Durbin's transform (1961), which they call Lewis's.
package forecast
