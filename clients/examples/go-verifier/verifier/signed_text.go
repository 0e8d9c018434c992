package verifier

import "strings"

// kind is one of the four kinds of signed texts.
type kind struct {
	typ        string
	mayMissTyp bool
	longest    int
}

var (
	licenseKind    = kind{typ: "jwt", mayMissTyp: true, longest: 8_192}
	statusListKind = kind{typ: "statuslist+jwt", longest: 262_144}
	activationKind = kind{typ: "aegis-activation+jwt", longest: 8_192}
	keySetKind     = kind{typ: "jwk-set+jwt", longest: 131_072}
)

// signedText is a text that is not malformed by its outer form. Nothing is verified yet.
type signedText struct {
	kid, alg  string
	input     string // header.payload, as received
	signature []byte
	payload   object
}

// readSignedText reads a JWS in compact serialization (docs/token-format.md 1). false: it is malformed.
func readSignedText(text string, of kind) (signedText, bool) {
	// Bytes are counted: a text with characters of more bytes is malformed in any case.
	if len(text) > of.longest {
		return signedText{}, false
	}
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return signedText{}, false
	}
	header, isObject := readPart(parts[0])
	payload, isAlso := readPart(parts[1])
	signature, decodes := decodeBase64URL(parts[2])
	if !isObject || !isAlso || !decodes {
		return signedText{}, false
	}
	c := &claims{}
	read := signedText{
		kid:       c.string(header, "kid"),
		alg:       c.string(header, "alg"),
		input:     parts[0] + "." + parts[1],
		signature: signature,
		payload:   payload,
	}
	c.require(!has(header, "crit"))
	if has(header, "typ") || !of.mayMissTyp {
		typ := lowerASCII(c.string(header, "typ"))
		c.require(strings.TrimPrefix(typ, "application/") == of.typ)
	}
	return read, !c.broken
}

func readPart(part string) (object, bool) {
	data, decodes := decodeBase64URL(part)
	if !decodes {
		return nil, false
	}
	read, err := parseObject(string(data))
	return read, err == nil
}

// lowerASCII changes A to Z only: strings.ToLower makes a k of the Kelvin sign.
func lowerASCII(text string) string {
	return strings.Map(func(char rune) rune {
		if char >= 'A' && char <= 'Z' {
			return char + 'a' - 'A'
		}
		return char
	}, text)
}
