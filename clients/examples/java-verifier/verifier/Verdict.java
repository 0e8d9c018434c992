package verifier;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;

/**
 * The answer to a question.
 *
 * @param licenseId null, as the next three are, with the codes 1 to 4: anyone may have written them
 * @param expiresAt RFC 3339 in UTC; null if it does not end
 * @param entitlements read it by its own members; empty with the codes 1 to 4
 * @param activation null if no live one was given
 * @param isClockKnown whether the local clock is known to have moved forward only
 * @param guard the state of the clock guard to store; null if there is none
 */
public record Verdict(
        Code code,
        List<Warning> warnings,
        String licenseId,
        String licenseType,
        String customerName,
        String expiresAt,
        Map<String, Object> entitlements,
        LiveActivation activation,
        Revocation revocation,
        boolean isClockKnown,
        ClockGuard.State guard) {
    private static final long EXPIRES_SOON_SECONDS = 2_592_000;
    private static final DateTimeFormatter RFC_3339 =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    /** What a valid license is about to lose. */
    public enum Warning {
        EXPIRES_SOON,
        IN_GRACE,
    }

    /** The seat that the installation holds. */
    public record LiveActivation(String id, String leaseEndsAt) {}

    public boolean isValid() {
        return code == Code.VALID;
    }

    /** Of a text by which nothing is proven: the state of the guard stays as it is. */
    static Verdict unproven(Code code, Question question) {
        return new Verdict(
                code, List.of(), null, null, null, null, Map.of(), null, Revocation.NONE, false, question.guard());
    }

    /** @param guard null if it is not used */
    static Verdict of(
            Code code, LicenseToken license, Question question, Seat seat, Revocation revocation, ClockGuard guard) {
        ClockGuard.State before = question.guard();
        return new Verdict(
                code,
                code == Code.VALID ? warnings(license, question.now()) : List.of(),
                license.id(),
                license.type(),
                license.customerName(),
                license.end() == null ? null : time(license.end()),
                license.entitlements(),
                seat == null || !seat.isLive() ? null : new LiveActivation(seat.token().id(), time(seat.token().end())),
                revocation,
                guard != null && before != null && before.isPossible() && !guard.isBehind(),
                guard == null ? null : guard.state());
    }

    private static List<Warning> warnings(LicenseToken license, double now) {
        if (license.end() == null) return List.of();
        if (now >= license.end()) return List.of(Warning.IN_GRACE);
        return license.end() - now <= EXPIRES_SOON_SECONDS ? List.of(Warning.EXPIRES_SOON) : List.of();
    }

    private static String time(long second) {
        return RFC_3339.format(Instant.ofEpochSecond(second));
    }
}
