package verifier;

/** A signed text that breaks a rule of the format: anyone may have written it. */
public final class MalformedException extends Exception {
    private static final long serialVersionUID = 1L;

    /** @param rule what the text breaks, for people */
    MalformedException(String rule) {
        // Without a stack trace: texts come from anyone, and a trace takes longer than reading them.
        super(rule, null, false, false);
    }
}
