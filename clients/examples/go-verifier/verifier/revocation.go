package verifier

// revocation is what is known of a license's revocation (docs/token-format.md 5).
type revocation struct {
	code  string // empty where nothing fails
	known string // fresh, stale or none
	list  *answer
}

// judgeRevocation asks the status list of a license, which an offline activation gives leave to go without.
func judgeRevocation(in Input, of license, activation *seat) revocation {
	if of.status == nil {
		return revocation{known: "none"}
	}
	leave := activation.isLive() && activation.offline
	list := ask([]*string{in.StatusList}, *of.status, in.Keys, in.Now)
	switch {
	case list == nil && leave:
		return revocation{known: "stale"}
	case list == nil:
		return revocation{known: "none", code: when(in.StatusList != nil, StatusListInvalid)}
	case !leave && list.isStale(in.Now, in.MaxOffline):
		return revocation{known: "stale", code: StatusListStale, list: list}
	}
	return revocation{known: list.revocation(in.Now), code: list.code(), list: list}
}

func (a *answer) code() string {
	switch a.status {
	case statusRevoked:
		return Revoked
	case statusSuspended:
		return Suspended
	}
	return ""
}
