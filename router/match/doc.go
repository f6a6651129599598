// Package match says which agents may serve which runs, and whom to choose where the engine
// chooses: skills with levels and languages in rings that relax as a ticket waits, capacity,
// shifts, and the reserve of idle agents. Pulls and the simulator both ask it. It is pure.
//
// What always holds:
//
//	A. Whoever may serve a run at one wait may serve it at every longer wait.
//	B. Who has more skills, levels or languages reaches no run later.
//	C. Choose does not depend on the order of the agents: it ends in their ids.
//
// Sources: choice by fit, then cost, then longest idle, and the reserve are this project's routing
// specification; the idle reserve is Armony, Gurvich and Mandelbaum 2008, thresholds Osogami 2005.
package match
