package verifier

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
)

// JWK is a public key as it came with the program.
type JWK struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	X   string `json:"x"`
	Kid string `json:"kid"`
}

// Keys are the keys that sign licenses, status lists and activation tokens. The zero value has none.
type Keys struct {
	public      map[string]ed25519.PublicKey
	compromised map[string]bool
	expires     *int64
}

// trust is what is known of a signature, in the order of the codes.
type trust int

const (
	keyUnknown trust = iota
	signatureWrong
	keyCompromised
	trusted
)

// Pinned returns keys that do not expire. Wrong keys are a mistake of the program, and so an error.
func Pinned(jwks []JWK) (Keys, error) {
	keys := Keys{public: map[string]ed25519.PublicKey{}}
	for _, jwk := range jwks {
		public, err := jwk.public()
		if err != nil {
			return Keys{}, err
		}
		if _, twice := keys.public[jwk.Kid]; twice {
			return Keys{}, fmt.Errorf("two keys with the kid %q", jwk.Kid)
		}
		keys.public[jwk.Kid] = public
	}
	return keys, nil
}

func (jwk JWK) public() (ed25519.PublicKey, error) {
	x, decodes := decodeBase64URL(jwk.X)
	if jwk.Kty != "OKP" || jwk.Crv != "Ed25519" || !decodes || len(x) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("the key %q is not an Ed25519 key", jwk.Kid)
	}
	return x, nil
}

// judge verifies the signature of a text by the key of its kid (docs/token-format.md 2 and 4, checks 2 to 4).
func (k Keys) judge(text signedText, now int64) trust {
	if k.compromised[text.kid] {
		if !isEdDSA(text.alg) {
			return signatureWrong
		}
		return keyCompromised
	}
	public, known := k.public[text.kid]
	switch {
	case !known || k.expires != nil && now >= *k.expires:
		return keyUnknown
	case !signs(public, text):
		return signatureWrong
	}
	return trusted
}

// signs says whether the text has an algorithm of ours and a signature by this key. crypto/ed25519 refuses an S
// that is not below L, but takes keys and R, the first half of the signature, of small order.
func signs(public ed25519.PublicKey, text signedText) bool {
	return isEdDSA(text.alg) && !isSmallOrder(public) &&
		len(text.signature) == ed25519.SignatureSize && !isSmallOrder(text.signature[:32]) &&
		ed25519.Verify(public, []byte(text.input), text.signature)
}

func isEdDSA(alg string) bool {
	return alg == "EdDSA" || alg == "Ed25519"
}

const (
	zeros = "000000000000000000000000000000000000000000000000000000000000"
	ones  = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
)

// isSmallOrder says whether the order of a point divides 8. By such a key signatures can hold for any text.
func isSmallOrder(point []byte) bool {
	masked := append([]byte{}, point...)
	masked[len(masked)-1] &= 0x7f
	return oneOf(hex.EncodeToString(masked),
		"01"+zeros+"00", "ec"+ones+"7f", "00"+zeros+"00",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"ed"+ones+"7f", "ee"+ones+"7f")
}
