// Package textmodel is the trained text model: it learns from labelled texts in
// Chinese and English what a text is about, and says how sure it is. It needs no
// downloaded model. An ensemble of linear members and small networks reads words,
// pairs of words, character n-grams and the concepts of a hand-written lexicon;
// its answers are calibrated on texts that its nets had not seen.
//
// Training is cut into jobs (Plan) that may run side by side; package learn runs them.
//
// What always holds:
//
//	A. The same examples and seed give the same bytes on one architecture.
//	B. Predict is pure, safe for any number of goroutines, and its cost is bounded
//	   by maxText characters whatever comes in.
//	C. Confidence, OutOfScope and their joint Sure are probabilities, 0–1, never NaN.
//	D. Decode(Encode(m)) predicts as m does; a broken or newer file is an error, never a model.
//	E. Calibration sees only answers of nets that had not seen the text.
package textmodel
