package dev.gearbox.format.template;

import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufMetadata;
import java.time.Clock;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.TextStyle;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A chat template in the part of Jinja2 that such templates use, with Python's meaning of values,
 * run as code from a stranger: it sees maps, lists, texts, numbers and booleans only, reaches
 * neither files nor Java, and stops after about a million steps, 100 ms, or a million characters.
 * Thread-safe.
 *
 * <p>{@code raise_exception}, {@code strftime_now}, {@code namespace}, {@code range} and {@code
 * dict} are its functions; {@code messages}, {@code tools}, {@code add_generation_prompt}, {@code
 * bos_token} and {@code eos_token} its variables.
 */
public final class ChatTemplate {
  private static final String KEY = "tokenizer.chat_template";
  private static final int MAX_SOURCE = 1 << 20;

  private final List<Statement> statements;
  private final String bosToken;
  private final String eosToken;
  private final Clock clock;
  private final LongSupplier nanoTime;

  ChatTemplate(
      String source, String bosToken, String eosToken, Clock clock, LongSupplier nanoTime) {
    if (source.length() > MAX_SOURCE) {
      throw new TemplateException(
          TemplateException.Code.LIMIT,
          "the chat template has more than %d characters".formatted(MAX_SOURCE));
    }
    this.statements = StatementParser.parse(source);
    this.bosToken = bosToken;
    this.eosToken = eosToken;
    this.clock = clock;
    this.nanoTime = nanoTime;
    warmUp();
  }

  /** A template by its text. */
  public static ChatTemplate of(String source, String bosToken, String eosToken) {
    return new ChatTemplate(
        source, bosToken, eosToken, Clock.system(ZoneId.systemDefault()), System::nanoTime);
  }

  /**
   * The template in a model's file; empty for a model that has none.
   *
   * @throws TemplateException when there is one that cannot be read
   */
  public static Optional<ChatTemplate> of(GgufFile file) {
    GgufMetadata metadata = file.metadata();
    return metadata
        .findString(KEY)
        .map(source -> of(source, token(metadata, "bos"), token(metadata, "eos")));
  }

  private static String token(GgufMetadata metadata, String name) {
    int id = metadata.getInt("tokenizer.ggml.%s_token_id".formatted(name), -1);
    List<String> tokens = metadata.findStrings("tokenizer.ggml.tokens");
    return id >= 0 && id < tokens.size() ? tokens.get(id) : "";
  }

  /** The text of the BOS token, empty where the model has none. */
  public String bosToken() {
    return bosToken;
  }

  /**
   * The prompt of a conversation.
   *
   * @param messages of plain values, as in the OpenAI API
   * @param tools of plain values, or null without tools
   * @param addGenerationPrompt whether to end with the beginning of the assistant's answer
   * @throws TemplateException when the template refuses or fails
   */
  public String render(
      List<? extends Map<String, ? extends @Nullable Object>> messages,
      @Nullable List<?> tools,
      boolean addGenerationPrompt) {
    return renderPrepared(Conversation.prepared(messages), tools, addGenerationPrompt);
  }

  /** Renders messages that went through {@link Conversation#prepared} already. */
  String renderPrepared(
      List<? extends Map<String, ? extends @Nullable Object>> messages,
      @Nullable List<?> tools,
      boolean addGenerationPrompt) {
    Scope globals = new Scope(null);
    globals.set("messages", Values.of(messages));
    if (tools != null && !tools.isEmpty()) {
      globals.set("tools", Values.of(tools));
    }
    globals.set("add_generation_prompt", addGenerationPrompt);
    globals.set("bos_token", bosToken);
    globals.set("eos_token", eosToken);
    globals.set("date_string", strftime("%d %b %Y"));
    Budget budget = new Budget(nanoTime);
    functions(globals, budget);
    try {
      return new Interpreter(budget, globals).run(statements);
    } catch (ArithmeticException e) {
      throw TemplateException.evaluation("a number is too large");
    }
  }

  private void functions(Scope globals, Budget budget) {
    Callable raise =
        (given, named) -> {
          String message = given.isEmpty() ? "no reason given" : PythonText.str(given.getFirst());
          throw new TemplateException(TemplateException.Code.REFUSED, message);
        };
    globals.set("raise_exception", raise);
    Callable now =
        (given, named) -> {
          String format = given.isEmpty() ? "%Y-%m-%d" : Values.text(given.getFirst());
          budget.make(16L * format.length());
          return strftime(format);
        };
    globals.set("strftime_now", now);
    globals.set("namespace", (Callable) (given, named) -> new Namespace(named));
    globals.set("dict", (Callable) (given, named) -> Map.copyOf(named));
    globals.set("range", (Callable) (given, named) -> range(given, budget));
  }

  private static Object range(List<Object> given, Budget budget) {
    Arguments arguments = new Arguments("range", given, new HashMap<>());
    boolean one = given.size() < 2;
    long from = one ? 0 : Values.integer(arguments.get(0, "start"));
    long to = Values.integer(arguments.get(one ? 0 : 1, "stop"));
    long step = Values.integer(arguments.get(2, "step", 1L));
    if (step == 0) {
      throw TemplateException.evaluation("a range has a step of zero");
    }
    long count = Math.max(0, Math.ceilDiv(Math.subtractExact(to, from), step));
    budget.make(Math.multiplyExact(count, 16L));
    List<Object> numbers = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      numbers.add(from + i * step);
    }
    return numbers;
  }

  private String strftime(String format) {
    ZonedDateTime now = ZonedDateTime.now(clock);
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        out.append(c);
        continue;
      }
      boolean plain = format.charAt(i + 1) == '-' && i + 2 < format.length();
      i += plain ? 2 : 1;
      String field = field(format.charAt(i), now);
      out.append(plain && field.length() > 1 && field.startsWith("0") ? field.substring(1) : field);
    }
    return out.toString();
  }

  private static String field(char directive, ZonedDateTime now) {
    return switch (directive) {
      case 'Y' -> "%04d".formatted(now.getYear());
      case 'y' -> "%02d".formatted(now.getYear() % 100);
      case 'm' -> "%02d".formatted(now.getMonthValue());
      case 'd' -> "%02d".formatted(now.getDayOfMonth());
      case 'H' -> "%02d".formatted(now.getHour());
      case 'I' -> "%02d".formatted((now.getHour() + 11) % 12 + 1);
      case 'M' -> "%02d".formatted(now.getMinute());
      case 'S' -> "%02d".formatted(now.getSecond());
      case 'p' -> now.getHour() < 12 ? "AM" : "PM";
      case 'j' -> "%03d".formatted(now.getDayOfYear());
      case 'B' -> now.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
      case 'b' -> now.getMonth().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
      case 'A' -> now.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
      case 'a' -> now.getDayOfWeek().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
      case '%' -> "%";
      default -> throw TemplateException.evaluation("%" + directive + " is no part of a date");
    };
  }

  /**
   * Loads what a rendering needs, so that the first request does not wait for it; what the template
   * makes of it is of no interest.
   */
  private void warmUp() {
    try {
      render(
          List.of(Map.of("role", "user", "content", "Hello")),
          List.of(
              Map.of("type", "function", "function", Map.of("name", "f", "parameters", Map.of()))),
          true);
    } catch (TemplateException e) {
      // A template may refuse the sample; it will be asked again with real messages.
    }
  }
}
