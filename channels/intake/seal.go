package intake

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"

	"switchyard/router"
)

// Sealer encrypts what cannot be masked. Sealed bytes are: version 1, four bytes of key id,
// nonce, AES-256-GCM with the blob's id as additional data.
type Sealer struct {
	primary key
	keys    []key
}

type key struct {
	id   [4]byte
	aead cipher.AEAD
}

const sealVersion = 1

// KeySize is the length of a key, in bytes.
const KeySize = 32

// ParseKey reads a key of 32 bytes in base64. invalid_field.
func ParseKey(field, s string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(b) != KeySize {
		return nil, router.FailField("intake.key", field, "must be 32 bytes in base64")
	}
	return b, nil
}

// NewSealer seals with the first key and opens with any.
func NewSealer(primary []byte, old ...[]byte) (*Sealer, error) {
	s := &Sealer{}
	for _, k := range append([][]byte{primary}, old...) {
		if len(k) != KeySize {
			return nil, router.FailField("intake.key", "privacy.key", "must be 32 bytes")
		}
		block, err := aes.NewCipher(k)
		if err != nil {
			return nil, router.Wrap("intake.key", router.CodeInternal, err)
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, router.Wrap("intake.key", router.CodeInternal, err)
		}
		sum := sha256.Sum256(k)
		s.keys = append(s.keys, key{id: [4]byte(sum[:4]), aead: aead})
	}
	s.primary = s.keys[0]
	return s, nil
}

// Seal encrypts bytes that will be stored under id.
func (s *Sealer) Seal(id router.BlobID, plain []byte) ([]byte, error) {
	nonce := make([]byte, s.primary.aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return nil, router.Wrap("intake.seal", router.CodeInternal, err)
	}
	out := append([]byte{sealVersion}, s.primary.id[:]...)
	out = append(out, nonce...)
	return s.primary.aead.Seal(out, nonce, plain, []byte(id)), nil
}

// Open decrypts what Seal made under the same id. unreadable: another key, or changed bytes.
func (s *Sealer) Open(id router.BlobID, sealed []byte) ([]byte, error) {
	n := s.primary.aead.NonceSize()
	if len(sealed) < 5+n || sealed[0] != sealVersion {
		return nil, router.Fail("intake.open", router.CodeUnreadable, "not sealed by this program")
	}
	for _, k := range s.keys {
		if bytes.Equal(k.id[:], sealed[1:5]) {
			plain, err := k.aead.Open(nil, sealed[5:5+n], sealed[5+n:], []byte(id))
			return plain, router.Wrap("intake.open", router.CodeUnreadable, err)
		}
	}
	return nil, router.Fail("intake.open", router.CodeUnreadable, "sealed with a key that is not configured")
}
