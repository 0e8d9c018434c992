package verifier;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Verifies license tokens without the server (docs/token-format.md section 4). */
public final class Verifier {
    private static final Pattern VERSION = Pattern.compile("(saas[~-])?([0-9]{1,10})(?![0-9])");

    private Verifier() {}

    /**
     * @param token as received, from anyone
     * @return the verdict, for any text
     * @throws IllegalStateException if this Java can't verify Ed25519, which says nothing of the license
     */
    public static Verdict verify(String token, Question question) {
        LicenseToken license;
        try {
            license = LicenseToken.read(token);
        } catch (MalformedException e) {
            return Verdict.unproven(Code.MALFORMED, question);
        }
        return switch (question.keys().prove(license.text(), question.now())) {
            case UNKNOWN_KEY -> Verdict.unproven(Code.UNKNOWN_KEY, question);
            case SIGNATURE_INVALID -> Verdict.unproven(Code.SIGNATURE_INVALID, question);
            case KEY_COMPROMISED -> Verdict.unproven(Code.KEY_COMPROMISED, question);
            case GOOD -> judge(license, question);
        };
    }

    private static Verdict judge(LicenseToken license, Question question) {
        Seat seat = Seat.judge(license, question);
        Revocation.Answer revocation = Revocation.judge(license, question, seat != null && seat.mayLackList());
        ClockGuard guard = question.isGuarded() ? guard(license, question, revocation, seat) : null;
        Code code = firstOf(
                refusedByQuestion(license, question),
                guard != null && guard.isBehind() ? Code.CLOCK_SET_BACK : null,
                revocation.refusal(),
                isExpired(license, question.now()) ? Code.EXPIRED : null,
                license.requiresSeat() ? (seat == null ? Code.ACTIVATION_REQUIRED : seat.refusal()) : null,
                Code.VALID);
        return Verdict.of(code, license, question, seat, revocation.revocation(), guard);
    }

    private static Code firstOf(Code... codes) {
        for (Code code : codes) if (code != null) return code;
        throw new IllegalArgumentException("no code");
    }

    private static ClockGuard guard(LicenseToken license, Question question, Revocation.Answer revocation, Seat seat) {
        ClockGuard.State stored = question.guard();
        ClockGuard.State before = stored != null && stored.isPossible() ? stored : null;
        return ClockGuard.judge(before, question.now(), license, revocation.list(), seat);
    }

    /** The checks 5 to 9. */
    private static Code refusedByQuestion(LicenseToken license, Question question) {
        if (!question.issuers().contains(license.issuer())) return Code.ISSUER_MISMATCH;
        if (!license.module().equals(question.module())) return Code.MODULE_MISMATCH;
        Matcher version = VERSION.matcher(question.version());
        if (!version.lookingAt() || !license.majorVersions().contains(version.group(2))) return Code.VERSION_NOT_ALLOWED;
        if (license.fingerprint() == null) return null;
        if (question.instance() == null || !question.instance().isGiven()) return Code.INSTANCE_REQUIRED;
        return license.fingerprint().equals(question.instance().fingerprint()) ? null : Code.INSTANCE_MISMATCH;
    }

    private static boolean isExpired(LicenseToken license, double now) {
        return license.end() != null && now >= license.endWithGrace();
    }
}
