package verifier

import (
	"crypto/ed25519"
	"errors"
	"regexp"
)

var kidForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$`)

// FromKeySet reads a signed key set (docs/token-format.md 6). With an error there are no keys: every license that
// can be read is UNKNOWN_KEY. A caller that stores key sets must not take one with an earlier iat than it has.
func FromKeySet(text string, root JWK) (Keys, error) {
	pinned, err := root.public()
	if err != nil {
		return Keys{}, err
	}
	signed, reads := readSignedText(text, keySetKind)
	if !reads {
		return Keys{}, errors.New("the key set is malformed")
	}
	keys, reads := readKeySet(signed.payload)
	if !reads {
		return Keys{}, errors.New("the key set is malformed")
	}
	if !signs(pinned, signed) {
		return Keys{}, errors.New("the root key did not sign the key set")
	}
	return keys, nil
}

func readKeySet(payload object) (Keys, bool) {
	c := &claims{}
	expires := c.date(payload, "exp")
	c.require(expires > c.date(payload, "iat"))
	keys := Keys{public: map[string]ed25519.PublicKey{}, compromised: map[string]bool{}, expires: &expires}
	for _, entry := range c.array(payload, "keys") {
		key := c.entry(entry, keys)
		public := c.publicKey(key)
		keys.public[c.string(key, "kid")] = public
	}
	for _, entry := range c.array(payload, "compromised") {
		key := c.entry(entry, keys)
		c.date(key, "at")
		if after, there := key["after"]; !there || after != nil {
			c.date(key, "after")
		}
		keys.compromised[c.string(key, "kid")] = true
	}
	return keys, !c.broken
}

// entry reads an object with a kid that no other one has.
func (c *claims) entry(value any, before Keys) object {
	entry, is := value.(object)
	kid := c.string(entry, "kid")
	_, twice := before.public[kid]
	c.require(is && kidForm.MatchString(kid) && !twice && !before.compromised[kid])
	return entry
}

func (c *claims) publicKey(key object) ed25519.PublicKey {
	jwk := JWK{Kty: c.string(key, "kty"), Crv: c.string(key, "crv"), X: c.string(key, "x")}
	public, err := jwk.public()
	c.require(err == nil && !isSmallOrder(public) && !has(key, "d"))
	if has(key, "use") {
		c.require(c.string(key, "use") == "sig")
	}
	if has(key, "alg") {
		c.require(isEdDSA(c.string(key, "alg")))
	}
	return public
}
