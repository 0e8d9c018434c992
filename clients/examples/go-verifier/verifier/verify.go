// Package verifier answers whether a license of AEGIS is valid, without the server. It was written from
// docs/token-format.md, as an example.
package verifier

// Question is what the program wants to know.
type Question struct {
	Module   string    `json:"module"`
	Version  string    `json:"version"`
	Instance *Instance `json:"instance"` // nil: not given
}

// Instance is the installation that a license may be bound to.
type Instance struct {
	DBUUID string `json:"db_uuid"`
	Domain string `json:"domain"`
}

// Guard is given where the clock guard is used. State is nil on the first call, and where the state was lost.
type Guard struct{ State *State }

// Input is all that a verdict depends on.
type Input struct {
	Token      string
	Question   Question
	Issuers    []string
	Keys       Keys
	Now        int64       // the clock, whole seconds since 1970
	MaxOffline *int64      // seconds for which a status list counts after its iat; nil: until its exp
	StatusList *string     // nil: none is given
	Guard      *Guard      // nil: no guard is used
	Activation *Activation // nil: the installation has no seat
}

const (
	secondsPerDay = 86_400
	soon          = 30 * secondsPerDay
)

// Verify judges a license token (docs/token-format.md 4). No text that it is given makes it fail.
func Verify(in Input) Verdict {
	license, reads := readLicense(in.Token)
	if !reads {
		return nothingProven(Malformed, in.Guard)
	}
	switch in.Keys.judge(license.signed, in.Now) {
	case keyUnknown:
		return nothingProven(UnknownKey, in.Guard)
	case signatureWrong:
		return nothingProven(SignatureInvalid, in.Guard)
	case keyCompromised:
		return nothingProven(KeyCompromised, in.Guard)
	}
	activation := judgeSeat(in, license)
	revocation := judgeRevocation(in, license, activation)
	verdict := Verdict{Warnings: []string{}, Revocation: revocation.known, Clock: "unknown"}
	verdict.describe(license, activation)
	clockIsBehind := verdict.guard(in, license, activation, revocation)
	verdict.Code = firstFailure(
		questionCode(in, license),
		when(clockIsBehind, ClockSetBack),
		revocation.code,
		when(license.hasEnded(in.Now), Expired),
		seatCode(license, activation),
	)
	if verdict.Code == Valid {
		verdict.Valid = true
		verdict.Warnings = license.warnings(in.Now)
	}
	return verdict
}

// guard sets what the clock guard found, and says whether the clock is behind.
func (v *Verdict) guard(in Input, of license, activation *seat, license revocation) bool {
	if in.Guard == nil {
		return false
	}
	times, lists := []int64{of.issuedAt}, []int64{}
	if license.list != nil {
		lists = append(lists, license.list.issuedAt)
	}
	if activation.isKnown() {
		times = append(times, activation.issuedAt)
		if activation.list != nil {
			lists = append(lists, activation.list.issuedAt)
		}
	}
	state, behind := guardClock(in.Guard.State, in.Now, times, lists)
	v.Guard = &state
	if in.Guard.State != nil && !behind {
		v.Clock = "ok"
	}
	return behind
}

func when(fails bool, code string) string {
	if fails {
		return code
	}
	return ""
}

func firstFailure(codes ...string) string {
	for _, code := range codes {
		if code != "" {
			return code
		}
	}
	return Valid
}

func (l license) hasEnded(now int64) bool {
	return l.expires != nil && now >= *l.expires+secondsPerDay*l.graceDays
}

func (l license) warnings(now int64) []string {
	switch {
	case l.expires == nil:
		return []string{}
	case now >= *l.expires:
		return []string{"IN_GRACE"}
	case *l.expires-now <= soon:
		return []string{"EXPIRES_SOON"}
	}
	return []string{}
}

// seatCode is the check of the activation: empty where it holds.
func seatCode(of license, activation *seat) string {
	switch {
	case !of.seatRequired:
		return ""
	case activation == nil:
		return ActivationRequired
	}
	return activation.code
}
