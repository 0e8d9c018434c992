package verifier;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Signed key sets (docs/token-format.md section 6). */
final class KeySet {
    private KeySet() {}

    /**
     * @return the keys of a key set that is trusted
     * @throws MalformedException if it breaks a rule, or the root key did not sign it
     */
    static Keys read(String text, byte[] root) throws MalformedException {
        SignedText signed = SignedText.read(text, SignedText.Kind.KEY_SET);
        Claims claims = signed.claims();
        long issuedAt = claims.date("iat");
        long end = claims.date("exp");
        if (end <= issuedAt) throw new MalformedException("the key set ends before it begins");
        Map<String, byte[]> byKid = new HashMap<>();
        for (Object key : claims.array("keys")) addKey(Claims.asObject(key, "keys"), byKid);
        Set<String> compromised = new HashSet<>();
        for (Object one : claims.array("compromised")) {
            String kid = compromisedKid(Claims.asObject(one, "compromised"));
            if (byKid.containsKey(kid) || !compromised.add(kid)) throw new MalformedException("a kid occurs twice");
        }
        if (!Keys.isAccepted(signed.alg()) || !Ed25519.verifies(root, signed.signed(), signed.signature()))
            throw new MalformedException("the key set is not signed by the root key");
        return new Keys(byKid, compromised, end, issuedAt);
    }

    private static void addKey(Claims jwk, Map<String, byte[]> byKid) throws MalformedException {
        byte[] x = Jwk.publicBytes(jwk);
        if (Ed25519.isSmallOrder(x)) throw new MalformedException("a key is of small order");
        if (jwk.has("use") && !jwk.string("use").equals("sig")) throw new MalformedException("a key is for another use");
        if (jwk.has("alg") && !Keys.isAccepted(jwk.string("alg")))
            throw new MalformedException("a key is for another algorithm");
        if (byKid.put(jwk.match("kid", Jwk.KID), x) != null) throw new MalformedException("a kid occurs twice");
    }

    private static String compromisedKid(Claims one) throws MalformedException {
        one.date("at");
        if (one.members().get("after") != Json.NULL) one.date("after");
        return one.match("kid", Jwk.KID);
    }
}
