package verifier

import "time"

// The codes, in the order of the checks.
const (
	Malformed          = "MALFORMED"
	UnknownKey         = "UNKNOWN_KEY"
	SignatureInvalid   = "SIGNATURE_INVALID"
	KeyCompromised     = "KEY_COMPROMISED"
	IssuerMismatch     = "ISSUER_MISMATCH"
	ModuleMismatch     = "MODULE_MISMATCH"
	VersionNotAllowed  = "VERSION_NOT_ALLOWED"
	InstanceRequired   = "INSTANCE_REQUIRED"
	InstanceMismatch   = "INSTANCE_MISMATCH"
	ClockSetBack       = "CLOCK_SET_BACK"
	StatusListInvalid  = "STATUS_LIST_INVALID"
	StatusListStale    = "STATUS_LIST_STALE"
	Revoked            = "REVOKED"
	Suspended          = "SUSPENDED"
	Expired            = "EXPIRED"
	ActivationRequired = "ACTIVATION_REQUIRED"
	ActivationInvalid  = "ACTIVATION_INVALID"
	ActivationMismatch = "ACTIVATION_MISMATCH"
	ActivationEnded    = "ACTIVATION_ENDED"
	Valid              = "VALID"
)

// Verdict is the answer, with the names of the test vectors.
type Verdict struct {
	Valid        bool           `json:"valid"`
	Code         string         `json:"code"`
	Warnings     []string       `json:"warnings"`
	LicenseID    *string        `json:"license_id"`
	LicenseType  *string        `json:"license_type"`
	CustomerName *string        `json:"customer_name"`
	ExpiresAt    *string        `json:"expires_at"`
	Entitlements map[string]any `json:"entitlements"`
	Activation   *LiveSeat      `json:"activation"`
	Revocation   string         `json:"revocation"`
	Clock        string         `json:"clock"`
	Guard        *State         `json:"guard"` // what the program stores; nil without a guard
}

// LiveSeat is the activation of this installation while it is valid.
type LiveSeat struct {
	ID          string `json:"id"`
	LeaseEndsAt string `json:"lease_ends_at"`
	Over        bool   `json:"over"`
}

// nothingProven is the verdict of the codes 1 to 4: anyone may have written what the token says.
func nothingProven(code string, guard *Guard) Verdict {
	verdict := Verdict{
		Code:         code,
		Warnings:     []string{},
		Entitlements: map[string]any{},
		Revocation:   "none",
		Clock:        "unknown",
	}
	if guard != nil {
		verdict.Guard = guard.State
	}
	return verdict
}

// describe fills in what the claims say.
func (v *Verdict) describe(of license, activation *seat) {
	v.LicenseID, v.LicenseType, v.CustomerName = &of.id, &of.kind, &of.customerName
	v.Entitlements = of.entitlements
	if of.expires != nil {
		expires := timeText(*of.expires)
		v.ExpiresAt = &expires
	}
	if activation.isLive() {
		v.Activation = &LiveSeat{ID: activation.id, LeaseEndsAt: timeText(activation.expires)}
	}
}

func timeText(seconds int64) string {
	return time.Unix(seconds, 0).UTC().Format("2006-01-02T15:04:05.000Z")
}
