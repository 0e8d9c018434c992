package verifier

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

var (
	fingerprintForm = regexp.MustCompile(`^[0-9a-f]{64}$`)
	nonceForm       = regexp.MustCompile(`^[0-9a-f]{16}$`)
)

// Activation is the seat of an installation.
type Activation struct {
	Token       string  `json:"token"`
	Fingerprint string  `json:"fingerprint"`
	Nonce       *string `json:"nonce"`       // of the offline request, nil without one
	StatusList  *string `json:"status_list"` // that the token names, nil without one
}

// seat is what was found of an activation (docs/token-format.md 7).
type seat struct {
	code     string // empty while it is live
	id       string
	issuedAt int64
	expires  int64
	offline  bool    // it answers an offline request
	list     *answer // of its status list, nil without one that counts
}

// judgeSeat judges the activation of a license. nil: none is given.
func judgeSeat(in Input, of license) *seat {
	if in.Activation == nil {
		return nil
	}
	given := *in.Activation
	signed, reads := readSignedText(given.Token, activationKind)
	if !reads || in.Keys.judge(signed, in.Now) != trusted {
		return &seat{code: ActivationInvalid}
	}
	c := &claims{}
	read := &seat{
		id:       c.uuid(signed.payload, "jti"),
		issuedAt: c.date(signed.payload, "iat"),
		expires:  c.date(signed.payload, "exp"),
		offline:  has(signed.payload, "nonce"),
	}
	issuer, license := c.text(signed.payload, "iss"), c.uuid(signed.payload, "sub")
	fingerprint, nonce := c.string(signed.payload, "fp"), ""
	c.require(fingerprintForm.MatchString(fingerprint))
	c.whole(signed.payload, "fence", 1, largestWhole)
	if read.offline {
		nonce = c.string(signed.payload, "nonce")
		c.require(nonceForm.MatchString(nonce))
	}
	status := c.status(signed.payload)
	if c.broken || !oneOf(issuer, in.Issuers...) || !strings.EqualFold(license, of.id) {
		return &seat{code: ActivationInvalid}
	}
	if fingerprint != sha256Hex(strings.ToLower(of.id)+":"+given.Fingerprint) ||
		read.offline && (given.Nonce == nil || *given.Nonce != nonce) {
		return &seat{code: ActivationMismatch}
	}
	if status != nil {
		read.list = ask([]*string{in.StatusList, given.StatusList}, *status, in.Keys, in.Now)
	}
	if read.endedByList(in.Now) || in.Now >= read.expires {
		read.code = ActivationEnded
	}
	return read
}

func (s *seat) endedByList(now int64) bool {
	return s.list != nil && s.list.status != statusValid && (now < s.list.expires || s.offline)
}

// isLive says whether there is an activation that counts.
func (s *seat) isLive() bool {
	return s != nil && s.code == ""
}

// isKnown says whether the token is of this installation, ended or not, so that its times are verified.
func (s *seat) isKnown() bool {
	return s != nil && (s.code == "" || s.code == ActivationEnded)
}

func sha256Hex(text string) string {
	hash := sha256.Sum256([]byte(text))
	return hex.EncodeToString(hash[:])
}
