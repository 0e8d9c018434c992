package verifier;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/** The members of an object of a signed text, read by their types (docs/token-format.md section 1.2). */
final class Claims {
    /** The last second of the year 9999. */
    static final long LAST_SECOND = 253_402_300_799L;
    static final long MAX_WHOLE = (1L << 53) - 1;
    private static final Pattern UUID =
            Pattern.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");

    private final Map<String, Object> members;

    Claims(Map<String, Object> members) {
        this.members = members;
    }

    boolean has(String name) {
        return members.containsKey(name);
    }

    Map<String, Object> members() {
        return members;
    }

    Claims object(String name) throws MalformedException {
        return asObject(members.get(name), name);
    }

    @SuppressWarnings("unchecked") // Json reads objects as maps of this type only.
    static Claims asObject(Object value, String name) throws MalformedException {
        if (value instanceof Map<?, ?> map) return new Claims((Map<String, Object>) map);
        throw wrong(name);
    }

    List<?> array(String name) throws MalformedException {
        if (members.get(name) instanceof List<?> items) return items;
        throw wrong(name);
    }

    boolean bool(String name) throws MalformedException {
        if (members.get(name) instanceof Boolean value) return value;
        throw wrong(name);
    }

    /** @return any string, also one that is not a text of the format */
    String string(String name) throws MalformedException {
        if (members.get(name) instanceof String value) return value;
        throw wrong(name);
    }

    String text(String name) throws MalformedException {
        return text(name, Integer.MAX_VALUE);
    }

    /** @param longest in code points */
    String text(String name, int longest) throws MalformedException {
        return asText(members.get(name), longest, name);
    }

    static String asText(Object value, int longest, String name) throws MalformedException {
        if (value instanceof String text && isText(text) && text.codePointCount(0, text.length()) <= longest) return text;
        throw wrong(name);
    }

    /** Neither U+0000 nor a lone surrogate. */
    static boolean isText(String string) {
        return string.codePoints().noneMatch((point) -> point == 0 || point >= 0xd800 && point <= 0xdfff);
    }

    String match(String name, Pattern pattern) throws MalformedException {
        if (members.get(name) instanceof String value && pattern.matcher(value).matches()) return value;
        throw wrong(name);
    }

    String uuid(String name) throws MalformedException {
        return match(name, UUID);
    }

    long date(String name) throws MalformedException {
        return whole(name, 0, LAST_SECOND);
    }

    long whole(String name) throws MalformedException {
        return whole(name, -MAX_WHOLE, MAX_WHOLE);
    }

    long whole(String name, long least, long greatest) throws MalformedException {
        OptionalLong whole = asWhole(members.get(name));
        if (whole.isPresent() && whole.getAsLong() >= least && whole.getAsLong() <= greatest) return whole.getAsLong();
        throw wrong(name);
    }

    /** @return the value, if it is a number that is whole and not greater than 2^53 - 1 on either side of 0 */
    static OptionalLong asWhole(Object value) {
        if (!(value instanceof Double number) || number != Math.rint(number) || Math.abs(number) > MAX_WHOLE)
            return OptionalLong.empty();
        return OptionalLong.of(number.longValue());
    }

    private static MalformedException wrong(String name) {
        return new MalformedException(name + " is missing or of another type");
    }
}
