package dev.gearbox.format.template;

/** A chat template that cannot be read, or a conversation that it cannot render. */
public final class TemplateException extends RuntimeException {
  /** What went wrong, for programs. */
  public enum Code {
    /** The template is not in the language that is understood. */
    SYNTAX,
    /**
     * The template refused the conversation with {@code raise_exception}; the message is its own.
     */
    REFUSED,
    /** The template did something that is not defined, such as adding a number to a text. */
    EVALUATION,
    /** The template took too many steps, too much time or depth, or wrote too much. */
    LIMIT
  }

  private static final long serialVersionUID = 1L;

  private final Code code;

  /** An error of a kind, with a message for people. */
  public TemplateException(Code code, String message) {
    super(message);
    this.code = code;
  }

  /** What went wrong, for programs. */
  public Code code() {
    return code;
  }

  static TemplateException evaluation(String message) {
    return new TemplateException(Code.EVALUATION, message);
  }
}
