package verifier;

import java.util.List;
import java.util.Objects;

/**
 * What a license is asked. The required parts are given to {@link #of}, the others by {@code with…}, each of which returns
 * a new question.
 *
 * @param issuers the values of {@code iss} that are accepted
 * @param module technical name of the program
 * @param version of the program: {@code 17.0} counts as 17
 * @param instance null if it is not known
 * @param now seconds since 1970, with or without a fraction
 * @param statusList of the license, as received; null if there is none
 * @param maxOffline seconds for which a status list counts after it was made; null if up to its end
 * @param activation null if the installation has no seat
 * @param isGuarded whether the clock guard is used
 * @param guard its state; null if it is new or was lost
 */
public record Question(
        Keys keys,
        List<String> issuers,
        String module,
        String version,
        Instance instance,
        double now,
        String statusList,
        Long maxOffline,
        Activation activation,
        boolean isGuarded,
        ClockGuard.State guard) {
    /** The installation that a license may be bound to. */
    public record Instance(String dbUuid, String domain) {
        boolean isGiven() {
            return dbUuid != null && domain != null && !dbUuid.isEmpty() && !domain.isEmpty();
        }

        String fingerprint() {
            return "sha256:" + Sha256.hex(dbUuid + ":" + domain);
        }
    }

    /**
     * The seat that the installation holds.
     *
     * @param token the activation token, as received
     * @param fingerprint the text by which the installation was activated
     * @param nonce of the offline request that it made; null if it made none
     * @param statusList that the activation token names; null if there is none
     */
    public record Activation(String token, String fingerprint, String nonce, String statusList) {
        public Activation {
            Objects.requireNonNull(token, "token");
            Objects.requireNonNull(fingerprint, "fingerprint");
        }
    }

    /** @throws IllegalArgumentException if a part can't be meant: a mistake of the program, which no license can cause */
    public Question {
        Objects.requireNonNull(keys, "keys");
        issuers = List.copyOf(issuers);
        Objects.requireNonNull(module, "module");
        Objects.requireNonNull(version, "version");
        if (!(now >= 0 && now <= Claims.LAST_SECOND)) throw new IllegalArgumentException("now is not in seconds since 1970");
        if (maxOffline != null && maxOffline < 0) throw new IllegalArgumentException("maxOffline is negative");
    }

    /** A question that the clock of this computer is asked with. */
    public static Question of(Keys keys, List<String> issuers, String module, String version) {
        double now = System.currentTimeMillis() / 1000.0;
        return new Question(keys, issuers, module, version, null, now, null, null, null, false, null);
    }

    public Question withNow(double other) {
        return new Question(
                keys, issuers, module, version, instance, other, statusList, maxOffline, activation, isGuarded, guard);
    }

    public Question withInstance(Instance other) {
        return new Question(
                keys, issuers, module, version, other, now, statusList, maxOffline, activation, isGuarded, guard);
    }

    /** @param longest seconds for which the list counts after it was made; null if up to its end */
    public Question withStatusList(String other, Long longest) {
        return new Question(
                keys, issuers, module, version, instance, now, other, longest, activation, isGuarded, guard);
    }

    public Question withActivation(Activation other) {
        return new Question(
                keys, issuers, module, version, instance, now, statusList, maxOffline, other, isGuarded, guard);
    }

    /** @param state what {@link Verdict#guard} was after the last call; null if there is none */
    public Question withGuard(ClockGuard.State state) {
        return new Question(keys, issuers, module, version, instance, now, statusList, maxOffline, activation, true, state);
    }
}
