package verifier;

/** Base64url without padding, in its canonical form only (RFC 4648 section 5). */
final class Base64Url {
    private Base64Url() {}

    /**
     * java.util.Base64 takes padding, and ignores the bits of the last character that belong to no byte.
     *
     * @return the bytes; none for the empty text
     */
    static byte[] decode(String text) throws MalformedException {
        if (text.length() % 4 == 1) throw new MalformedException("base64url of this length encodes no bytes");
        byte[] bytes = new byte[text.length() * 3 / 4];
        int bits = 0;
        int held = 0;
        int at = 0;
        for (int i = 0; i < text.length(); i++) {
            held = held << 6 | valueOf(text.charAt(i));
            bits += 6;
            if (bits < 8) continue;
            bits -= 8;
            bytes[at++] = (byte) (held >> bits);
            held &= (1 << bits) - 1;
        }
        if (held != 0) throw new MalformedException("base64url ends with bits that belong to no byte");
        return bytes;
    }

    private static int valueOf(char character) throws MalformedException {
        if (character >= 'A' && character <= 'Z') return character - 'A';
        if (character >= 'a' && character <= 'z') return character - 'a' + 26;
        if (character >= '0' && character <= '9') return character - '0' + 52;
        if (character == '-') return 62;
        if (character == '_') return 63;
        throw new MalformedException("a character is not of base64url");
    }
}
