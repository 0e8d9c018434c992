package verifier

const (
	clockTolerance = 300   // seconds
	listIsRecent   = 3_600 // seconds
)

// State is what the clock guard stores, in seconds since 1970.
type State struct {
	TrustedAt int64 `json:"trusted_at"`
	SeenAt    int64 `json:"seen_at"`
}

// guardClock compares the clock with verified times (docs/token-format.md 8).
//
// before is nil on the first call, or where the state was lost. times are the verified iat of tokens, lists those
// of status lists. It returns the new state, and whether the clock is behind.
func guardClock(before *State, now int64, times, lists []int64) (State, bool) {
	state := State{SeenAt: now}
	if before != nil {
		state = *before
	}
	for _, time := range append(times, lists...) {
		state.TrustedAt = later(state.TrustedAt, time)
	}
	for _, time := range lists {
		if time-now <= listIsRecent && now-time <= listIsRecent {
			state.SeenAt = now
		}
	}
	behind := now < state.TrustedAt-clockTolerance || now < state.SeenAt-clockTolerance
	state.SeenAt = later(state.SeenAt, now)
	return state, behind
}

func later(one, other int64) int64 {
	if one > other {
		return one
	}
	return other
}
