package verifier

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestReceived limits a text with the white space around it, in characters.
const longestReceived = 65_536

// license is what a license token says (docs/token-format.md 3).
type license struct {
	signed        signedText
	id, issuer    string
	issuedAt      int64
	expires       *int64
	customerName  string
	module        string
	majorVersions []string
	kind          string
	fingerprint   *string
	graceDays     int64
	entitlements  map[string]any
	seatRequired  bool
	status        *place
}

// readLicense reads a token, of which nothing is verified yet. false: it is malformed.
func readLicense(text string) (license, bool) {
	if utf8.RuneCountInString(text) > longestReceived {
		return license{}, false
	}
	trimmed := strings.TrimFunc(text, func(char rune) bool { return unicode.Is(unicode.White_Space, char) })
	signed, reads := readSignedText(trimmed, licenseKind)
	if !reads {
		return license{}, false
	}
	c := &claims{}
	read := c.license(signed.payload)
	read.signed = signed
	return read, !c.broken
}

func (c *claims) license(of object) license {
	customer, module := c.object(of, "customer"), c.object(of, "module")
	c.shortText(customer, "id", 50)
	read := license{
		id:           c.uuid(of, "jti"),
		issuer:       c.text(of, "iss"),
		issuedAt:     c.date(of, "iat"),
		customerName: c.shortText(customer, "name", 255),
		module:       c.shortText(module, "technical_name", 100),
		kind:         c.string(of, "license_type"),
		entitlements: c.entitlements(of),
		status:       c.status(of),
	}
	c.require(oneOf(read.kind, "perpetual", "subscription", "demo"))
	for _, item := range c.array(module, "allowed_major_versions") {
		version, is := item.(string)
		c.require(is && isText(version))
		read.majorVersions = append(read.majorVersions, version)
	}
	if has(of, "exp") || read.kind != "perpetual" {
		expires := c.date(of, "exp")
		read.expires = &expires
	}
	if has(of, "instance_fingerprint") {
		fingerprint := c.shortText(of, "instance_fingerprint", 100)
		read.fingerprint = &fingerprint
	}
	if has(of, "grace_days") {
		read.graceDays = c.whole(of, "grace_days", 0, 365)
		c.require(read.expires != nil || read.graceDays == 0)
	}
	if has(of, "seats") {
		seats := c.object(of, "seats")
		c.require(oneOf(c.string(seats, "mode"), "fixed", "floating"))
		read.seatRequired = c.bool(seats, "required")
	}
	if has(of, "rev") {
		c.whole(of, "rev", -largestWhole, largestWhole)
	}
	return read
}
