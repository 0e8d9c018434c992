package verifier;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * The keys that sign licenses, status lists and activation tokens. Make them once, from pinned keys or from a signed key
 * set, and use them for each verification.
 */
public final class Keys {
    /** What a key says of a signed text. */
    enum Proof {
        GOOD,
        UNKNOWN_KEY,
        SIGNATURE_INVALID,
        KEY_COMPROMISED,
    }

    private final Map<String, byte[]> byKid;
    private final Set<String> compromised;
    /** From this second on the keys are unknown. */
    private final double end;
    private final long issuedAt;

    Keys(Map<String, byte[]> byKid, Set<String> compromised, double end, long issuedAt) {
        this.byKid = byKid;
        this.compromised = compromised;
        this.end = end;
        this.issuedAt = issuedAt;
    }

    /**
     * Public keys that came with your program. They do not expire.
     *
     * @param jwks JSON of a key each (RFC 8037), with {@code kid}
     * @throws IllegalArgumentException if one is not the public half of an Ed25519 key, has no kid, or a kid occurs twice
     */
    public static Keys pinned(String... jwks) {
        Map<String, byte[]> byKid = new HashMap<>();
        for (String jwk : jwks) {
            Jwk key = Jwk.pinned(jwk);
            if (key.kid() == null) throw new IllegalArgumentException("a pinned key has no kid");
            if (byKid.put(key.kid(), key.x()) != null)
                throw new IllegalArgumentException("two pinned keys have the kid " + key.kid());
        }
        return new Keys(byKid, Set.of(), Double.POSITIVE_INFINITY, 0);
    }

    /**
     * The keys of a signed key set ({@code /.well-known/jwks.jwt}). One that is not trusted has no keys, so that every
     * license is {@code UNKNOWN_KEY}.
     *
     * @param keySet as received
     * @param root JSON of the pinned root key, a JWK; its {@code kid} does not matter
     * @param newestIat {@link #issuedAt} of the newest one that your program has had, 0 if none: an older one may hide that a
     *     key was compromised, and is not trusted
     * @throws IllegalArgumentException if the root key is not the public half of an Ed25519 key
     */
    public static Keys signed(String keySet, String root, long newestIat) {
        byte[] rootKey = Jwk.pinned(root).x();
        try {
            Keys trusted = KeySet.read(keySet, rootKey);
            if (trusted.issuedAt >= newestIat) return trusted;
        } catch (MalformedException e) {
            // No keys.
        }
        return new Keys(Map.of(), Set.of(), Double.POSITIVE_INFINITY, 0);
    }

    /** @return {@code iat} of a signed key set, in seconds since 1970: store the greatest one. 0 of all other keys */
    public long issuedAt() {
        return issuedAt;
    }

    /** The checks 2 to 4 of a license; other texts are trusted by {@link Proof#GOOD} only. */
    Proof prove(SignedText text, double now) {
        boolean isCompromised = compromised.contains(text.kid());
        byte[] x = now < end ? byKid.get(text.kid()) : null;
        if (x == null && !isCompromised) return Proof.UNKNOWN_KEY;
        if (!isAccepted(text.alg())) return Proof.SIGNATURE_INVALID;
        if (isCompromised) return Proof.KEY_COMPROMISED;
        return Ed25519.verifies(x, text.signed(), text.signature()) ? Proof.GOOD : Proof.SIGNATURE_INVALID;
    }

    /** RFC 8037 names the algorithm EdDSA, and RFC 9864 Ed25519. */
    static boolean isAccepted(String alg) {
        return alg.equals("EdDSA") || alg.equals("Ed25519");
    }
}
