import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import verifier.ClockGuard;
import verifier.Json;
import verifier.Keys;
import verifier.MalformedException;
import verifier.Question;
import verifier.Verdict;
import verifier.Verifier;

/**
 * {@code java Vectors file…}: answers test vectors and prints each difference, a line each. Ends with 1 if there is any.
 */
final class Vectors {
    private Vectors() {}

    public static void main(String[] files) throws IOException, MalformedException {
        int vectors = 0;
        int differences = 0;
        for (String file : files) {
            Map<String, Object> content = Json.readObject(Files.readAllBytes(Path.of(file)));
            if (!content.containsKey("vectors")) continue;
            for (Object one : list(content, "vectors")) {
                vectors++;
                differences += printDifferences(map(one));
            }
        }
        System.out.println(vectors + " vectors, " + differences + " differences");
        if (vectors == 0 || differences > 0) System.exit(1);
    }

    private static int printDifferences(Map<String, Object> vector) {
        Question question = questionOf(vector);
        Map<String, Object> answer = answerOf(Verifier.verify(string(vector, "token"), question), question.isGuarded());
        Map<String, Object> expected = map(vector.get("expect"));
        int differences = 0;
        for (Map.Entry<String, Object> field : expected.entrySet()) {
            Object got = answer.get(field.getKey());
            if (field.getValue().equals(got)) continue;
            differences++;
            System.out.printf(
                    "%s: %s is %s, not %s%n", vector.get("id"), field.getKey(), shown(got), shown(field.getValue()));
        }
        return differences;
    }

    private static Object shown(Object value) {
        return value == Json.NULL ? "null" : value;
    }

    private static Question questionOf(Map<String, Object> vector) {
        Map<String, Object> asked = map(vector.get("question"));
        List<String> issuers = list(vector, "issuers").stream().map(String.class::cast).toList();
        Question question = Question.of(keysOf(vector), issuers, string(asked, "module"), string(asked, "version"))
                .withNow((Double) vector.get("now"));
        if (asked.get("instance") != Json.NULL) {
            Map<String, Object> instance = map(asked.get("instance"));
            question = question.withInstance(
                    new Question.Instance(string(instance, "db_uuid"), string(instance, "domain")));
        }
        if (vector.containsKey("status_list")) {
            Double longest = (Double) vector.get("max_offline");
            question = question.withStatusList(
                    string(vector, "status_list"), longest == null ? null : longest.longValue());
        }
        if (vector.containsKey("activation")) {
            Map<String, Object> shown = map(vector.get("activation"));
            question = question.withActivation(new Question.Activation(
                    string(shown, "token"), string(shown, "fingerprint"), string(shown, "nonce"), string(shown, "status_list")));
        }
        if (vector.containsKey("guard")) question = question.withGuard(stateOf(vector.get("guard")));
        return question;
    }

    private static Keys keysOf(Map<String, Object> vector) {
        if (vector.get("keys") instanceof List<?> pinned)
            return Keys.pinned(pinned.stream().map((key) -> jwkOf(map(key))).toArray(String[]::new));
        Map<String, Object> signed = map(vector.get("keys"));
        return Keys.signed(string(signed, "key_set"), jwkOf(map(signed.get("root"))), 0);
    }

    /** The members of keys in vectors are plain texts. */
    private static String jwkOf(Map<String, Object> key) {
        List<String> members = new ArrayList<>();
        key.forEach((name, value) -> members.add("\"" + name + "\":\"" + value + "\""));
        return "{" + String.join(",", members) + "}";
    }

    private static ClockGuard.State stateOf(Object guard) {
        if (guard == Json.NULL) return null;
        Map<String, Object> state = map(guard);
        return new ClockGuard.State((Double) state.get("trusted_at"), (Double) state.get("seen_at"));
    }

    /** As `expect` has it, with the types that Json reads. */
    private static Map<String, Object> answerOf(Verdict verdict, boolean isGuarded) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("valid", verdict.isValid());
        answer.put("code", verdict.code().name());
        answer.put("warnings", verdict.warnings().stream().<Object>map(Enum::name).toList());
        answer.put("license_id", orNull(verdict.licenseId()));
        answer.put("license_type", orNull(verdict.licenseType()));
        answer.put("customer_name", orNull(verdict.customerName()));
        answer.put("expires_at", orNull(verdict.expiresAt()));
        Map<String, Object> entitlements = new LinkedHashMap<>(verdict.entitlements());
        entitlements.replaceAll((name, value) -> value instanceof Long whole ? Double.valueOf(whole) : value);
        answer.put("entitlements", entitlements);
        Verdict.LiveActivation activation = verdict.activation();
        answer.put(
                "activation",
                activation == null
                        ? Json.NULL
                        : Map.of("id", activation.id(), "lease_ends_at", activation.leaseEndsAt(), "over", false));
        answer.put("revocation", verdict.revocation().name().toLowerCase(Locale.ROOT));
        answer.put("clock", verdict.isClockKnown() ? "ok" : "unknown");
        ClockGuard.State state = verdict.guard();
        if (isGuarded)
            answer.put(
                    "guard",
                    state == null ? Json.NULL : Map.of("trusted_at", state.trustedAt(), "seen_at", state.seenAt()));
        return answer;
    }

    private static Object orNull(String text) {
        return text == null ? Json.NULL : text;
    }

    /** @return null if it is missing */
    private static String string(Map<String, Object> members, String name) {
        return (String) members.get(name);
    }

    private static List<?> list(Map<String, Object> members, String name) {
        return (List<?>) members.get(name);
    }

    @SuppressWarnings("unchecked") // Json reads objects as maps of this type only.
    private static Map<String, Object> map(Object value) {
        return (Map<String, Object>) value;
    }
}
