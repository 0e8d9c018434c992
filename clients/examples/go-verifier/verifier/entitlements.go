package verifier

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	mostEntitlements    = 100
	longestEntitlement  = 200
	longestEntitlements = 2_048 // bytes, as JSON
)

var entitlementForm = regexp.MustCompile(`^[a-z][a-z0-9_.-]{0,49}$`)

// entitlements reads the claim (docs/token-format.md 3.1); values are bool, int64 or string.
func (c *claims) entitlements(of object) map[string]any {
	read := map[string]any{}
	if !has(of, "entitlements") {
		return read
	}
	members := c.object(of, "entitlements")
	c.require(len(members) <= mostEntitlements)
	size := 1 // the comma that the first member does not have is one of the two braces
	if len(members) == 0 {
		size = 2
	}
	for name, value := range members {
		c.require(entitlementForm.MatchString(name))
		var written int
		read[name], written = c.entitlement(value)
		size += len(`"":,`) + len(name) + written
	}
	c.require(size <= longestEntitlements)
	return read
}

// entitlement reads a value, and says how many bytes it takes as JSON.
func (c *claims) entitlement(value any) (any, int) {
	switch value := value.(type) {
	case bool:
		return value, len(strconv.FormatBool(value))
	case string:
		c.require(isText(value) && utf8.RuneCountInString(value) <= longestEntitlement)
		return value, writtenSize(value)
	}
	number, is := wholeNumber(value)
	c.require(is && number >= 0)
	return number, len(strconv.FormatInt(number, 10))
}

// writtenSize is the number of bytes of a string as JSON that escapes only what must be escaped.
func writtenSize(text string) int {
	size := len(`""`)
	for index := 0; index < len(text); index++ {
		switch char := text[index]; {
		case strings.IndexByte("\"\\\b\f\n\r\t", char) >= 0:
			size += len(`\n`)
		case char < 0x20:
			size += len(`\u001f`)
		default:
			size++
		}
	}
	return size
}
