package verifier;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A license token (docs/token-format.md section 3).
 *
 * @param end {@code exp} in seconds since 1970; null if it has none
 * @param fingerprint the installation that it is bound to; null if it is not bound
 * @param place where its revocation is published; null if nowhere
 */
record LicenseToken(
        SignedText text,
        String id,
        String issuer,
        long issuedAt,
        Long end,
        long graceDays,
        String type,
        String customerName,
        String module,
        List<String> majorVersions,
        String fingerprint,
        Map<String, Object> entitlements,
        boolean requiresSeat,
        StatusList.Place place) {
    /** The greatest length with white space around it, in code points. */
    private static final int LONGEST_WITH_SPACE = 65_536;
    private static final Set<String> TYPES = Set.of("perpetual", "subscription", "demo");
    private static final Set<String> SEAT_MODES = Set.of("fixed", "floating");

    static LicenseToken read(String token) throws MalformedException {
        SignedText text = SignedText.read(withoutSpace(token), SignedText.Kind.LICENSE);
        Claims claims = text.claims();
        String type = claims.string("license_type");
        if (!TYPES.contains(type)) throw new MalformedException("license_type is not known");
        Long end = claims.has("exp") || !type.equals("perpetual") ? claims.date("exp") : null;
        Claims customer = claims.object("customer");
        customer.text("id", 50);
        Claims module = claims.object("module");
        if (claims.has("rev")) claims.whole("rev");
        return new LicenseToken(
                text,
                claims.uuid("jti"),
                claims.text("iss"),
                claims.date("iat"),
                end,
                claims.has("grace_days") ? claims.whole("grace_days", 0, end == null ? 0 : 365) : 0,
                type,
                customer.text("name", 255),
                module.text("technical_name", 100),
                texts(module.array("allowed_major_versions")),
                claims.has("instance_fingerprint") ? claims.text("instance_fingerprint", 100) : null,
                claims.has("entitlements") ? Entitlements.read(claims.object("entitlements")) : Map.of(),
                claims.has("seats") && requiresSeat(claims.object("seats")),
                claims.has("status") ? StatusList.Place.read(claims) : null);
    }

    /** The first second in which it is expired; null if it does not end. The sum may lie after the year 9999. */
    Long endWithGrace() {
        return end == null ? null : end + 86_400 * graceDays;
    }

    private static String withoutSpace(String token) throws MalformedException {
        if (token == null || token.codePointCount(0, token.length()) > LONGEST_WITH_SPACE)
            throw new MalformedException("the text is missing or too long");
        int start = 0;
        int end = token.length();
        while (start < end && isWhiteSpace(token.charAt(start))) start++;
        while (start < end && isWhiteSpace(token.charAt(end - 1))) end--;
        return token.substring(start, end);
    }

    /** Unicode's property White_Space; Character.isWhitespace and String.strip know another set. */
    private static boolean isWhiteSpace(char unit) {
        return switch (unit) {
            case '\t', '\n', 0x0b, '\f', '\r', ' ', 0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000 -> true;
            default -> unit >= 0x2000 && unit <= 0x200a;
        };
    }

    private static List<String> texts(List<?> items) throws MalformedException {
        for (Object item : items) Claims.asText(item, Integer.MAX_VALUE, "allowed_major_versions");
        return items.stream().map(String.class::cast).toList();
    }

    private static boolean requiresSeat(Claims seats) throws MalformedException {
        if (!SEAT_MODES.contains(seats.string("mode"))) throw new MalformedException("seats has an unknown mode");
        return seats.bool("required");
    }
}
