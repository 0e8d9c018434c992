package verifier;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A JWS in compact serialization whose form is right (docs/token-format.md section 1). Nothing of it is verified.
 *
 * @param kid of its header
 * @param alg of its header
 * @param claims its payload
 * @param signed the bytes that the signature is of, as received
 * @param signature of any length
 */
record SignedText(String kid, String alg, Claims claims, byte[] signed, byte[] signature) {
    /** What a signed text can be. */
    enum Kind {
        LICENSE("jwt", 8_192),
        STATUS_LIST("statuslist+jwt", 262_144),
        ACTIVATION("aegis-activation+jwt", 8_192),
        KEY_SET("jwk-set+jwt", 131_072);

        private final String typ;
        private final int longest;

        Kind(String typ, int longest) {
            this.typ = typ;
            this.longest = longest;
        }
    }

    /** Reads the form; the claims are read by the class of the kind. */
    static SignedText read(String text, Kind kind) throws MalformedException {
        if (text == null) throw new MalformedException("there is no text");
        if (text.length() > kind.longest) throw new MalformedException("the text is too long");
        String[] parts = text.split("\\.", -1);
        if (parts.length != 3) throw new MalformedException("the text does not have three parts");
        byte[] signature = Base64Url.decode(parts[2]);
        Claims header = new Claims(Json.readObject(Base64Url.decode(parts[0])));
        Claims claims = new Claims(Json.readObject(Base64Url.decode(parts[1])));
        if (header.has("crit")) throw new MalformedException("the header has crit");
        checkTyp(header, kind);
        byte[] signed = text.substring(0, text.lastIndexOf('.')).getBytes(StandardCharsets.US_ASCII);
        return new SignedText(header.string("kid"), header.string("alg"), claims, signed, signature);
    }

    private static void checkTyp(Claims header, Kind kind) throws MalformedException {
        if (kind == Kind.LICENSE && !header.has("typ")) return;
        String typ = header.string("typ");
        // Locale.ROOT lowers other letters than A to Z as well: the Kelvin sign becomes k.
        boolean isAscii = typ.chars().allMatch((unit) -> unit < 0x80);
        String lower = typ.toLowerCase(Locale.ROOT);
        String subtype = lower.startsWith("application/") ? lower.substring("application/".length()) : lower;
        if (!isAscii || !subtype.equals(kind.typ)) throw new MalformedException("typ is that of another text");
    }
}
