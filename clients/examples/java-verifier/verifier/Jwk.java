package verifier;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * A public key of Ed25519 as JWK (RFC 8037).
 *
 * @param kid null if a pinned key has none
 * @param x the 32 bytes of the key
 */
record Jwk(String kid, byte[] x) {
    static final Pattern KID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,49}");
    private static final int X_BYTES = 32;

    /**
     * A key that came with the program. It may be a point of small order: then no signature by it is valid.
     *
     * @throws IllegalArgumentException if it is not the public half of an Ed25519 key
     */
    static Jwk pinned(String json) {
        try {
            Claims jwk = new Claims(Json.readObject(json.getBytes(StandardCharsets.UTF_8)));
            return new Jwk(jwk.has("kid") ? jwk.match("kid", KID) : null, publicBytes(jwk));
        } catch (MalformedException e) {
            throw new IllegalArgumentException("a pinned key is not a public Ed25519 key as JWK: " + e.getMessage(), e);
        }
    }

    /** @return {@code x} of a key, as it is: whether it is a point of the curve is not looked at */
    static byte[] publicBytes(Claims jwk) throws MalformedException {
        if (!jwk.string("kty").equals("OKP") || !jwk.string("crv").equals("Ed25519"))
            throw new MalformedException("a key is not of Ed25519");
        if (jwk.has("d")) throw new MalformedException("a key is a private one");
        byte[] x = Base64Url.decode(jwk.string("x"));
        if (x.length != X_BYTES) throw new MalformedException("a key does not have 32 bytes");
        return x;
    }
}
