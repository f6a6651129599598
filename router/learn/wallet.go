package learn

import (
	"crypto/sha256"
	"embed"
	"fmt"
	"io/fs"

	"switchyard/router"
	"switchyard/router/textmodel"
)

// The wallet desk's model comes with the program, and the examples it was trained on. It is
// made by "switchyard train --out router/learn/wallet.model" on a desk without corrections.
//
//go:generate go run switchyard/cmd/switchyard train --data /nonexistent --out wallet.model
var (
	//go:embed seeds/*/*.csv
	seedFiles embed.FS
	//go:embed wallet.model
	walletModel []byte
)

// WalletSeed is the seed that the wallet desk's model was trained with.
const WalletSeed = 1

// Wallet is the file of the wallet desk's model.
func Wallet() []byte { return walletModel }

// Kept reports whether a text is kept out of every training run, so that models can be
// measured on it: one text in five, by the SHA-256 of its words.
func Kept(text string) bool {
	sum := sha256.Sum256([]byte(text))
	return sum[0]%5 == 0
}

// Seed is an example that comes with the program, with its language.
type Seed struct {
	textmodel.Example
	Language router.Language
}

// Seeds are the wallet desk's examples, in the order of their files.
func Seeds() ([]Seed, error) {
	var out []Seed
	for _, lang := range []router.Language{router.LanguageZH, router.LanguageEN} {
		names, err := fs.Glob(seedFiles, "seeds/"+string(lang)+"/*.csv")
		if err != nil {
			return nil, router.Wrap("learn.seeds", router.CodeInternal, err)
		}
		for _, name := range names {
			f, err := seedFiles.Open(name)
			if err != nil {
				return nil, router.Wrap("learn.seeds", router.CodeInternal, err)
			}
			file, err := ReadCSV(f, SeedColumns)
			_ = f.Close() // embedded: nothing to lose
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			for _, e := range file.Examples {
				out = append(out, Seed{e, lang})
			}
		}
	}
	return out, nil
}

// SeedColumns are the columns of the files of seeds.
var SeedColumns = Columns{Text: "text", Topic: "topic", Subtopic: "subtopic"}

// Split parts examples into those for training and those that are kept out.
func Split(seeds []Seed) (train []textmodel.Example, kept []Seed) {
	for _, s := range seeds {
		if Kept(s.Text) {
			kept = append(kept, s)
		} else {
			train = append(train, s.Example)
		}
	}
	return train, kept
}
