// Package learn runs trainings: it reads labelled examples, spreads a
// textmodel.Plan over goroutines, measures models, and holds the examples and
// the model of the wallet desk that come with the program.
//
// What always holds:
//
//	A. The same examples and seed give the same model, however many goroutines train.
//	B. A text that Kept says is kept out trains no model and tunes none.
//	C. A file of examples is taken whole or not at all; every problem names its line.
package learn
