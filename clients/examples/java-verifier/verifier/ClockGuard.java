package verifier;

/**
 * Tells a clock that was set back (docs/token-format.md section 8).
 *
 * @param state the one to store
 */
public record ClockGuard(State state, boolean isBehind) {
    private static final double TOLERANCE_SECONDS = 300;
    private static final double NEW_LIST_SECONDS = 3_600;

    /**
     * What your program stores between two calls, in seconds since 1970.
     *
     * @param trustedAt the greatest time that was verified
     * @param seenAt the greatest time that the clock has shown
     */
    public record State(double trustedAt, double seenAt) {
        boolean isPossible() {
            return isDate(trustedAt) && isDate(seenAt);
        }

        private static boolean isDate(double second) {
            return second >= 0 && second <= Claims.LAST_SECOND;
        }
    }

    /**
     * @param before null if there is none, or it was lost
     * @param clock in seconds since 1970, of which whole ones count
     * @param seat null if no activation is given
     */
    static ClockGuard judge(State before, double clock, LicenseToken license, StatusList list, Seat seat) {
        double now = Math.floor(clock);
        double trustedAt = Math.max(before == null ? 0 : before.trustedAt, license.issuedAt());
        double seenAt = before == null ? now : before.seenAt;
        if (seat != null && seat.token() != null) trustedAt = Math.max(trustedAt, seat.token().issuedAt());
        for (StatusList one : new StatusList[] {list, seat == null ? null : seat.list()}) {
            if (one == null) continue;
            trustedAt = Math.max(trustedAt, one.issuedAt());
            if (Math.abs(one.issuedAt() - now) <= NEW_LIST_SECONDS) seenAt = now;
        }
        boolean isBehind = now < trustedAt - TOLERANCE_SECONDS || now < seenAt - TOLERANCE_SECONDS;
        return new ClockGuard(new State(trustedAt, Math.max(seenAt, now)), isBehind);
    }
}
