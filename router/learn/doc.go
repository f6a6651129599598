// Package learn runs trainings: it reads labelled examples, spreads a
// textmodel.Plan over goroutines, measures models, and holds the examples and
// the model of the wallet desk that come with the program. It makes examples of
// what the people of a desk corrected, checks a new model beside the one in
// force and puts it in force.
//
// What always holds:
//
//	A. The same examples and seed give the same model, however many goroutines train.
//	B. A text that Kept says is kept out trains no model and tunes none.
//	C. A file of examples is taken whole or not at all; every problem names its line.
//	D. A desk trains one model at a time, in one process; a run that is stopped, at
//	   whatever moment, leaves no model behind that is not whole.
//	E. A model comes in force after a check on texts that neither it nor the one in force
//	   has seen, or with a reason, or because it was in force before; what may be in
//	   force is never forgotten.
package learn
