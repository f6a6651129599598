package wechat

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1" // the network's choice
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"sort"
	"strconv"
	"strings"
	"time"

	"switchyard/router"
)

// maxSkew is how far a timestamp may be off.
const maxSkew = 5 * time.Minute

// padTo is the block that plain texts are padded to.
const padTo = 32

// seal checks signatures and opens encrypted bodies.
type seal struct {
	token string
	key   []byte // of AES-256; nil in plain mode
	app   string
}

// digest is the hex SHA-1 of the sorted parts.
func digest(parts ...string) string {
	sorted := append([]string(nil), parts...)
	sort.Strings(sorted)
	sum := sha1.Sum([]byte(strings.Join(sorted, "")))
	return hex.EncodeToString(sum[:])
}

// verify checks a call's signature and time. more is the cipher text where it is signed too. bad_signature, stale_timestamp.
func (s seal) verify(given, timestamp, nonce string, now time.Time, more ...string) error {
	const op = "wechat.verify"
	want := digest(append([]string{s.token, timestamp, nonce}, more...)...)
	if subtle.ConstantTimeCompare([]byte(strings.ToLower(given)), []byte(want)) != 1 {
		return router.Fail(op, router.CodeBadSignature, "the signature does not fit the token of this source")
	}
	at, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return router.Fail(op, router.CodeBadSignature, "the timestamp must be unix seconds")
	}
	if off := now.Sub(time.Unix(at, 0)); off > maxSkew || off < -maxSkew {
		return router.Fail(op, router.CodeStaleTimestamp, "the timestamp is more than five minutes off")
	}
	return nil
}

// open decrypts a cipher text: 16 random bytes, the length, the message, our app id. bad_signature: not for us.
func (s seal) open(ciphertext string) ([]byte, error) {
	const op = "wechat.open"
	wrong := router.Fail(op, router.CodeBadSignature, "the body cannot be opened with the encoding_aes_key of this source, or is for another app")
	if s.key == nil {
		return nil, router.FailField(op, "encrypt", "the body is encrypted and this source has no encoding_aes_key")
	}
	b, err := base64.StdEncoding.DecodeString(ciphertext)
	if err != nil || len(b) == 0 || len(b)%aes.BlockSize != 0 {
		return nil, wrong
	}
	block, err := aes.NewCipher(s.key)
	if err != nil {
		return nil, router.Wrap(op, router.CodeInternal, err)
	}
	plain := make([]byte, len(b))
	cipher.NewCBCDecrypter(block, s.key[:aes.BlockSize]).CryptBlocks(plain, b)
	pad := int(plain[len(plain)-1])
	if pad < 1 || pad > padTo || pad > len(plain) {
		return nil, wrong
	}
	plain = plain[:len(plain)-pad]
	if len(plain) < 20 {
		return nil, wrong
	}
	n := uint64(binary.BigEndian.Uint32(plain[16:20]))
	if rest := plain[20:]; n <= uint64(len(rest)) && subtle.ConstantTimeCompare(rest[n:], []byte(s.app)) == 1 {
		return rest[:n], nil
	}
	return nil, wrong
}
