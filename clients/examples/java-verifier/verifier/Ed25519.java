package verifier;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.EdECPoint;
import java.security.spec.EdECPublicKeySpec;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.NamedParameterSpec;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Set;

/** Ed25519 by the JDK (RFC 8032 section 5.1.7), and the check of small order that it does not make. */
final class Ed25519 {
    private static final int POINT_BYTES = 32;
    private static final int SIGNATURE_BYTES = 64;
    /** The points of small order, without the highest bit of the last byte; the last two are second forms. */
    private static final Set<String> SMALL_ORDER = Set.of(
            "01" + "00".repeat(31),
            "ec" + "ff".repeat(30) + "7f",
            "00".repeat(32),
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "ed" + "ff".repeat(30) + "7f",
            "ee" + "ff".repeat(30) + "7f");

    private Ed25519() {}

    /**
     * @param x the public key; one that is no point of the curve verifies nothing
     * @param signature of any length
     * @throws IllegalStateException if this Java has no Ed25519, which says nothing of the signature
     */
    static boolean verifies(byte[] x, byte[] signed, byte[] signature) {
        if (signature.length != SIGNATURE_BYTES || isSmallOrder(x)) return false;
        if (isSmallOrder(Arrays.copyOf(signature, POINT_BYTES))) return false;
        try {
            Signature ed25519 = Signature.getInstance("Ed25519");
            ed25519.initVerify(publicKey(x));
            ed25519.update(signed);
            return ed25519.verify(signature);
        } catch (InvalidKeySpecException | InvalidKeyException | SignatureException e) {
            // Not a point of the curve, S is not below L, or R is not a point.
            return false;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no Ed25519", e);
        }
    }

    /**
     * By such a key a signature can hold for any text.
     *
     * @param point 32 bytes: a public key, or R, the first half of a signature
     */
    static boolean isSmallOrder(byte[] point) {
        byte[] y = point.clone();
        y[POINT_BYTES - 1] &= 0x7f;
        return SMALL_ORDER.contains(HexFormat.of().formatHex(y));
    }

    /** @param x 32 bytes: y in little-endian order, and in the highest bit whether x is odd */
    private static PublicKey publicKey(byte[] x) throws GeneralSecurityException {
        byte[] y = new byte[POINT_BYTES];
        for (int i = 0; i < POINT_BYTES; i++) y[i] = x[POINT_BYTES - 1 - i];
        boolean isOdd = y[0] < 0;
        y[0] &= 0x7f;
        EdECPoint point = new EdECPoint(isOdd, new BigInteger(1, y));
        return KeyFactory.getInstance("Ed25519").generatePublic(new EdECPublicKeySpec(NamedParameterSpec.ED25519, point));
    }
}
