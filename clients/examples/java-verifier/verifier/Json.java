package verifier;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Strict JSON (RFC 8259, docs/token-format.md section 1.1). Objects are read as {@code Map<String, Object>}, arrays as
 * {@code List<Object>}, strings as {@code String}, numbers as {@code Double}, true and false as {@code Boolean}, and
 * null as {@link #NULL}, so that it is never the same as a missing member.
 */
public final class Json {
    /** null, which is not a missing member. */
    public static final Object NULL = new Object();
    private static final int MAX_DEPTH = 16;

    private final String text;
    private int at = 0;
    private int depth = 0;

    private Json(String text) {
        this.text = text;
    }

    /**
     * @return the members of the outermost value, which is an object
     * @throws MalformedException if it is not strict JSON
     */
    public static Map<String, Object> readObject(byte[] utf8) throws MalformedException {
        Json json = new Json(decode(utf8));
        json.skipWhiteSpace();
        if (json.peek() != '{') throw new MalformedException("the JSON is not an object");
        Map<String, Object> members = json.object();
        json.skipWhiteSpace();
        if (json.at < json.text.length()) throw new MalformedException("something follows the JSON");
        return members;
    }

    private static String decode(byte[] utf8) throws MalformedException {
        try {
            // A decoder of its own reports errors; new String(…) would replace them.
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
        } catch (CharacterCodingException e) {
            throw new MalformedException("the JSON is not UTF-8");
        }
    }

    private Object value() throws MalformedException {
        return switch (peek()) {
            case '{' -> object();
            case '[' -> array();
            case '"' -> string();
            case 't' -> literal("true", Boolean.TRUE);
            case 'f' -> literal("false", Boolean.FALSE);
            case 'n' -> literal("null", NULL);
            default -> number();
        };
    }

    private Map<String, Object> object() throws MalformedException {
        enter();
        Map<String, Object> members = new LinkedHashMap<>();
        for (boolean first = true; !ends('}', first); first = false) {
            String name = string();
            skipWhiteSpace();
            expect(':');
            skipWhiteSpace();
            Object value = value();
            // String.equals compares UTF-16 code units: two different lone surrogates are two names.
            if (members.put(name, value) != null) throw new MalformedException("an object has a name twice");
        }
        depth--;
        return members;
    }

    private List<Object> array() throws MalformedException {
        enter();
        List<Object> items = new ArrayList<>();
        for (boolean first = true; !ends(']', first); first = false) items.add(value());
        depth--;
        return items;
    }

    private void enter() throws MalformedException {
        if (++depth > MAX_DEPTH) throw new MalformedException("the JSON is nested too deeply");
        at++;
    }

    /** Reads the closing bracket, or what comes before the next member or item. */
    private boolean ends(char closing, boolean first) throws MalformedException {
        skipWhiteSpace();
        if (peek() == closing) {
            at++;
            return true;
        }
        if (!first) {
            expect(',');
            skipWhiteSpace();
            // A comma at the end: neither a member nor a value begins with a closing bracket.
        }
        return false;
    }

    private String string() throws MalformedException {
        expect('"');
        StringBuilder string = new StringBuilder();
        while (true) {
            char next = take();
            if (next == '"') return string.toString();
            if (next < 0x20) throw new MalformedException("a string has a control character");
            string.append(next == '\\' ? escape() : next);
        }
    }

    /** An escape is one UTF-16 code unit, so that a pair of them is one character, and a lone surrogate stays as it is. */
    private char escape() throws MalformedException {
        char kind = take();
        return switch (kind) {
            case '"', '\\', '/' -> kind;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> (char) (hex() << 12 | hex() << 8 | hex() << 4 | hex());
            default -> throw new MalformedException("a string has an escape that JSON does not know");
        };
    }

    private int hex() throws MalformedException {
        char digit = take();
        if (digit >= '0' && digit <= '9') return digit - '0';
        if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
        if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
        throw new MalformedException("an escape is not four hex digits");
    }

    /** {@code -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?} */
    private Double number() throws MalformedException {
        int start = at;
        if (peek() == '-') at++;
        if (peek() == '0') at++;
        else digits();
        if (peek() == '.') {
            at++;
            digits();
        }
        if (peek() == 'e' || peek() == 'E') {
            at++;
            if (peek() == '+' || peek() == '-') at++;
            digits();
        }
        // Double.parseDouble rounds to the nearest double; too great a number becomes infinite, which is not whole.
        return Double.valueOf(text.substring(start, at));
    }

    private void digits() throws MalformedException {
        int start = at;
        while (peek() >= '0' && peek() <= '9') at++;
        if (at == start) throw new MalformedException("the JSON has something that is not a value");
    }

    private Object literal(String word, Object value) throws MalformedException {
        if (!text.startsWith(word, at)) throw new MalformedException("the JSON has something that is not a value");
        at += word.length();
        return value;
    }

    private void skipWhiteSpace() {
        while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') at++;
    }

    private void expect(char wanted) throws MalformedException {
        if (take() != wanted) throw new MalformedException("the JSON lacks " + wanted);
    }

    /** @return the next code unit; -1 at the end */
    private int peek() {
        return at < text.length() ? text.charAt(at) : -1;
    }

    private char take() throws MalformedException {
        if (at == text.length()) throw new MalformedException("the JSON ends too early");
        return text.charAt(at++);
    }
}
