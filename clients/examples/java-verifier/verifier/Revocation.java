package verifier;

import java.util.List;

/** How much is known of a revocation. */
public enum Revocation {
    FRESH,
    STALE,
    NONE;

    /**
     * What the status list says of the license.
     *
     * @param refusal null if it refuses nothing
     * @param list the one that was read; null if it is not looked at, missing or invalid
     */
    record Answer(Revocation revocation, Code refusal, StatusList list) {}

    /** @param mayLackList an offline activation counts, which is the leave to go without a list */
    static Answer judge(LicenseToken license, Question question, boolean mayLackList) {
        if (license.place() == null) return new Answer(NONE, null, null);
        Revocation lacking = mayLackList ? STALE : NONE;
        if (question.statusList() == null) return new Answer(lacking, null, null);
        StatusList.Entry entry =
                StatusList.find(List.of(question.statusList()), license.place(), question.keys(), question.now());
        if (entry == null) return new Answer(lacking, mayLackList ? null : Code.STATUS_LIST_INVALID, null);
        if (!mayLackList && isTooOld(entry.list(), question)) return new Answer(STALE, Code.STATUS_LIST_STALE, entry.list());
        Code refusal = switch (entry.status()) {
            case 1 -> Code.REVOKED;
            case 2 -> Code.SUSPENDED;
            default -> null;
        };
        return new Answer(entry.list().isFresh(question.now()) ? FRESH : STALE, refusal, entry.list());
    }

    private static boolean isTooOld(StatusList list, Question question) {
        return list.hasEnded(question.now())
                || question.maxOffline() != null && question.now() >= list.issuedAt() + question.maxOffline();
    }
}
