// Package incident says when many tickets about one thing are one incident, and which
// tickets belong to it: a surge over the forecast opens one, later tickets join it, a
// person closes it. It is pure: counts, open incidents, policy and instants in.
//
// What always holds (the tests quote the letters):
//
//	A. A topic has at most one open incident. Alarms of one topic over channels and
//	   languages are one incident; a wider alarm widens the open one, and no alarm narrows it.
//	B. No alarm of fewer than the policy's AtLeast tickets opens an incident, and none
//	   opens one again within Pause after a person closed the topic's last.
//	C. Only a person closes.
//	D. A ticket joins by its topic (and channel and language, where the incident has them) and
//	   by when its case began; it leaves when its topic changes or the incident is closed.
//	   One that a person took out stays out.
//	E. A look into an unfinished quarter-hour never alarms where the finished one would not.
//	F. The order of counts changes nothing.
//
// Surges are package forecast's (CUSUM of counts, Lucas 1985).
package incident
