package verifier;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The activation that an installation shows, as far as it can be trusted (docs/token-format.md section 7).
 *
 * @param refusal {@code ACTIVATION_INVALID}, {@code ACTIVATION_MISMATCH} or {@code ACTIVATION_ENDED}; null if it is live
 * @param token null if it is invalid or a mismatch
 * @param list the status list that counts for it; null if there is none
 */
record Seat(Code refusal, Token token, StatusList list) {
    private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern NONCE = Pattern.compile("[0-9a-f]{16}");

    /**
     * An activation token.
     *
     * @param end the second from which it is no longer valid
     * @param nonce of the offline request that it answers; null if it answers none
     * @param place where its end is published; null if nowhere
     */
    record Token(String id, long issuedAt, long end, String nonce, StatusList.Place place) {}

    /** @return null if no activation is given */
    static Seat judge(LicenseToken license, Question question) {
        Question.Activation shown = question.activation();
        if (shown == null) return null;
        try {
            SignedText signed = SignedText.read(shown.token(), SignedText.Kind.ACTIVATION);
            Claims claims = signed.claims();
            Token token = new Token(
                    claims.uuid("jti"),
                    claims.date("iat"),
                    claims.date("exp"),
                    claims.has("nonce") ? claims.match("nonce", NONCE) : null,
                    claims.has("status") ? StatusList.Place.read(claims) : null);
            String fingerprint = claims.match("fp", DIGEST);
            claims.whole("fence", 1, Claims.MAX_WHOLE);
            boolean isOfLicense = lower(claims.uuid("sub")).equals(lower(license.id()));
            boolean isOfIssuer = question.issuers().contains(claims.text("iss"));
            if (question.keys().prove(signed, question.now()) != Keys.Proof.GOOD || !isOfIssuer || !isOfLicense)
                return new Seat(Code.ACTIVATION_INVALID, null, null);
            boolean isOfInstallation =
                    fingerprint.equals(Sha256.hex(lower(license.id()) + ":" + shown.fingerprint()))
                            && (token.nonce == null || token.nonce.equals(shown.nonce()));
            return isOfInstallation ? judgeEnd(token, shown, question) : new Seat(Code.ACTIVATION_MISMATCH, null, null);
        } catch (MalformedException e) {
            return new Seat(Code.ACTIVATION_INVALID, null, null);
        }
    }

    boolean isLive() {
        return refusal == null;
    }

    /** It is an offline file that counts: the vendor's leave to go without a status list. */
    boolean mayLackList() {
        return isLive() && token.nonce != null;
    }

    private static Seat judgeEnd(Token token, Question.Activation shown, Question question) {
        double now = question.now();
        List<String> lists = Arrays.asList(question.statusList(), shown.statusList());
        StatusList.Entry entry =
                token.place == null ? null : StatusList.find(lists, token.place, question.keys(), now);
        boolean isEndedByList =
                entry != null && entry.status() != 0 && (!entry.list().hasEnded(now) || token.nonce != null);
        Code refusal = isEndedByList || now >= token.end ? Code.ACTIVATION_ENDED : null;
        return new Seat(refusal, token, entry == null ? null : entry.list());
    }

    /** Of hex digits only. */
    private static String lower(String uuid) {
        return uuid.toLowerCase(Locale.ROOT);
    }
}
