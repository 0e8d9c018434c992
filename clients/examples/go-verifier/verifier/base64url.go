package verifier

import (
	"encoding/base64"
	"strings"
)

// decodeBase64URL reads base64url in its canonical form. Strict refuses bits that belong to no byte, but the
// decoder of Go ignores line breaks, also then.
func decodeBase64URL(text string) ([]byte, bool) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return data, err == nil
}
