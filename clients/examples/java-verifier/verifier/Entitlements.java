package verifier;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/** What a license allows (docs/token-format.md section 3.1). */
final class Entitlements {
    private static final int MAX_ENTRIES = 100;
    private static final int MAX_BYTES = 2_048;
    private static final int LONGEST_TEXT = 200;
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_.-]{0,49}");

    private Entitlements() {}

    /** @return each value as {@code Boolean}, {@code Long} or {@code String}, in the order of the token */
    static Map<String, Object> read(Claims claims) throws MalformedException {
        Map<String, Object> entitlements = new LinkedHashMap<>();
        for (Map.Entry<String, Object> entry : claims.members().entrySet()) {
            if (!NAME.matcher(entry.getKey()).matches()) throw new MalformedException("an entitlement has a wrong name");
            entitlements.put(entry.getKey(), value(entry.getValue()));
        }
        if (entitlements.size() > MAX_ENTRIES) throw new MalformedException("there are too many entitlements");
        if (bytesOf(entitlements) > MAX_BYTES) throw new MalformedException("the entitlements are too long");
        return entitlements;
    }

    private static Object value(Object value) throws MalformedException {
        if (value instanceof Boolean) return value;
        OptionalLong whole = Claims.asWhole(value);
        if (whole.isPresent() && whole.getAsLong() >= 0) return whole.getAsLong();
        return Claims.asText(value, LONGEST_TEXT, "an entitlement");
    }

    /** As JSON without white space, however it is written in the token: {"name":value,…}. */
    private static int bytesOf(Map<String, Object> entitlements) {
        int bytes = "{}".length() + Math.max(0, entitlements.size() - 1);
        for (Map.Entry<String, Object> entry : entitlements.entrySet()) {
            bytes += entry.getKey().length() + "\"\":".length();
            bytes += entry.getValue() instanceof String text ? bytesOf(text) : entry.getValue().toString().length();
        }
        return bytes;
    }

    private static int bytesOf(String text) {
        int escapes = text.chars()
                .map((unit) -> switch (unit) {
                    case '"', '\\', '\b', '\f', '\n', '\r', '\t' -> 1;
                    default -> unit < 0x20 ? "u00xx".length() : 0;
                })
                .sum();
        return "\"\"".length() + escapes + text.getBytes(StandardCharsets.UTF_8).length;
    }
}
