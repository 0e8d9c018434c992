package verifier;

import java.util.Arrays;
import java.util.List;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * A Token Status List (docs/token-format.md section 5).
 *
 * @param ttl seconds for which it is fresh; null if it does not say
 * @param bits of a status: 1, 2, 4 or 8
 * @param statuses inflated
 */
record StatusList(String uri, long issuedAt, long end, Long ttl, int bits, byte[] statuses) {
    private static final int MAX_BYTES = 1_048_576;

    /** Where the status of a token is: in the list of this address, at this index. */
    record Place(long index, String uri) {
        /** @param claims have {@code status} */
        static Place read(Claims claims) throws MalformedException {
            Claims place = claims.object("status").object("status_list");
            return new Place(place.whole("idx"), place.text("uri"));
        }
    }

    /** A list that is not invalid for a place, and what it says there. */
    record Entry(StatusList list, int status) {}

    /**
     * Asks the newest of some lists.
     *
     * @param texts as received; null for those that are missing
     * @return null if none is valid for the place
     */
    static Entry find(List<String> texts, Place place, Keys keys, double now) {
        StatusList newest = null;
        for (String text : texts) {
            StatusList list = text == null ? null : open(text, keys, now);
            boolean isOfPlace = list != null && list.uri.equals(place.uri());
            if (isOfPlace && (newest == null || newest.issuedAt < list.issuedAt)) newest = list;
        }
        return newest == null ? null : newest.at(place.index());
    }

    private static StatusList open(String text, Keys keys, double now) {
        try {
            SignedText signed = SignedText.read(text, SignedText.Kind.STATUS_LIST);
            return keys.prove(signed, now) == Keys.Proof.GOOD ? read(signed.claims()) : null;
        } catch (MalformedException e) {
            return null;
        }
    }

    /** @return null where the list says nothing that has a meaning */
    private Entry at(long index) {
        long perByte = 8 / bits;
        if (index < 0 || index >= statuses.length * perByte) return null;
        int shift = (int) (index % perByte) * bits;
        int status = statuses[(int) (index / perByte)] >> shift & (1 << bits) - 1;
        return status > 2 ? null : new Entry(this, status);
    }

    boolean hasEnded(double now) {
        return now >= end;
    }

    boolean isFresh(double now) {
        return !hasEnded(now) && (ttl == null || now < issuedAt + ttl);
    }

    private static StatusList read(Claims claims) throws MalformedException {
        Claims list = claims.object("status_list");
        int bits = (int) list.whole("bits", 1, 8);
        if (Integer.bitCount(bits) != 1) throw new MalformedException("a status does not have so many bits");
        return new StatusList(
                claims.text("sub"),
                claims.date("iat"),
                claims.date("exp"),
                claims.has("ttl") ? claims.whole("ttl", 1, Claims.MAX_WHOLE) : null,
                bits,
                inflate(Base64Url.decode(list.text("lst"))));
    }

    /** One whole stream of zlib, and nothing after its checksum. */
    private static byte[] inflate(byte[] zlib) throws MalformedException {
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(zlib);
            byte[] statuses = new byte[MAX_BYTES + 1];
            int length = 0;
            while (!inflater.finished()) {
                int more = inflater.inflate(statuses, length, statuses.length - length);
                length += more;
                if (length > MAX_BYTES) throw new MalformedException("the list is too long");
                // Cut, or it asks for a dictionary.
                if (more == 0 && !inflater.finished()) throw new MalformedException("the list is not whole");
            }
            if (inflater.getRemaining() > 0) throw new MalformedException("something follows the list");
            return Arrays.copyOf(statuses, length);
        } catch (DataFormatException e) {
            throw new MalformedException("the list is not zlib");
        } finally {
            inflater.end();
        }
    }
}
