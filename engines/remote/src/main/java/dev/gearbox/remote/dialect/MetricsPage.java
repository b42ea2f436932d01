package dev.gearbox.remote.dialect;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * The samples of a page in Prometheus' text format or OpenMetrics', as far as somebody wants them.
 * A line that is not a sample is passed over: a page is read for a few names, and the rest of it is
 * nobody's business here.
 */
public final class MetricsPage {
  /** Characters of a line that are looked at; longer ones are passed over. */
  static final int MAX_LINE = 16_384;

  /** Samples of a page that are kept. */
  static final int MAX_SAMPLES = 10_000;

  private final Map<String, List<Sample>> samples;

  /** One value with its labels. */
  public record Sample(Map<String, String> labels, double value) {
    public Sample {
      labels = Map.copyOf(labels);
    }
  }

  private MetricsPage(Map<String, List<Sample>> samples) {
    this.samples = samples;
  }

  /** The page's samples whose names {@code wanted} takes. */
  public static MetricsPage parse(byte[] page, Predicate<String> wanted) {
    return parse(new String(page, StandardCharsets.UTF_8), wanted);
  }

  /** The same of a text. */
  public static MetricsPage parse(String page, Predicate<String> wanted) {
    Map<String, List<Sample>> samples = new HashMap<>();
    int kept = 0;
    int at = 0;
    while (at < page.length() && kept < MAX_SAMPLES) {
      int end = page.indexOf('\n', at);
      int stop = end < 0 ? page.length() : end;
      if (stop - at <= MAX_LINE && new LineReader(page, at, stop).read(wanted, samples)) {
        kept++;
      }
      at = stop + 1;
    }
    return new MetricsPage(samples);
  }

  /** All samples of that name, in the order of the page. */
  public List<Sample> samples(String name) {
    return samples.getOrDefault(name, List.of());
  }

  /**
   * Sum over the samples of a name that are of {@code model}; NaN without any.
   *
   * @param model null for all; samples without a {@code model_name} are of every model, and all are
   *     meant where none is of this one
   */
  public double sum(String name, @Nullable String model) {
    return over(name, model, sample -> sample.value(), 0);
  }

  /** Mean over the same samples. */
  public double mean(String name, @Nullable String model) {
    return over(name, model, sample -> sample.value(), 1);
  }

  /** Sum of the numbers that a label of the same samples has; NaN without any. */
  public double label(String name, String label, @Nullable String model) {
    return over(name, model, sample -> number(sample.labels().get(label)), 0);
  }

  private double over(
      String name, @Nullable String model, ToDoubleFunction<Sample> of, int divided) {
    double sum = 0;
    int count = 0;
    for (Sample sample : samples(name)) {
      String named = sample.labels().get("model_name");
      double value = of.applyAsDouble(sample);
      if ((model == null || named == null || named.equals(model)) && !Double.isNaN(value)) {
        sum += value;
        count++;
      }
    }
    if (count == 0) {
      // A server may call the model otherwise in its metrics than in its API.
      return model == null ? Double.NaN : over(name, null, of, divided);
    }
    return divided == 0 ? sum : sum / count;
  }

  static double number(@Nullable String text) {
    return text == null ? Double.NaN : LineReader.number(text);
  }

  /** Reads one line: {@code name{label="value",…} value [timestamp] [# exemplar]}. */
  private static final class LineReader {
    private final String page;
    private final int end;
    private int at;

    LineReader(String page, int from, int end) {
      this.page = page;
      this.at = from;
      this.end = end;
    }

    boolean read(Predicate<String> wanted, Map<String, List<Sample>> into) {
      blanks();
      int from = at;
      while (at < end && nameCharacter(page.charAt(at))) {
        at++;
      }
      if (at == from || !wanted.test(page.substring(from, at))) {
        return false;
      }
      String name = page.substring(from, at);
      blanks();
      Map<String, String> labels = new HashMap<>();
      if (at < end && page.charAt(at) == '{') {
        at++;
        if (!labels(labels)) {
          return false;
        }
      }
      double value = number(word());
      if (Double.isNaN(value)) {
        return false;
      }
      into.computeIfAbsent(name, key -> new ArrayList<>()).add(new Sample(labels, value));
      return true;
    }

    private boolean labels(Map<String, String> labels) {
      while (true) {
        skip(',');
        if (at < end && page.charAt(at) == '}') {
          at++;
          return true;
        }
        int from = at;
        while (at < end && nameCharacter(page.charAt(at))) {
          at++;
        }
        String label = page.substring(from, at);
        blanks();
        if (label.isEmpty() || !take('=')) {
          return false;
        }
        blanks();
        String value = take('"') ? quoted() : null;
        if (value == null) {
          return false;
        }
        labels.put(label, value);
      }
    }

    /** The rest of a quoted value; null when it has no end. */
    private @Nullable String quoted() {
      StringBuilder text = new StringBuilder();
      while (at < end) {
        char next = page.charAt(at++);
        if (next == '"') {
          return text.toString();
        }
        if (next == '\\' && at < end) {
          char escaped = page.charAt(at++);
          text.append(escaped == 'n' ? '\n' : escaped);
        } else {
          text.append(next);
        }
      }
      return null;
    }

    private String word() {
      blanks();
      int from = at;
      while (at < end && page.charAt(at) > ' ') {
        at++;
      }
      return page.substring(from, at);
    }

    private boolean take(char expected) {
      if (at < end && page.charAt(at) == expected) {
        at++;
        return true;
      }
      return false;
    }

    private void skip(char also) {
      while (at < end && (blank(page.charAt(at)) || page.charAt(at) == also)) {
        at++;
      }
    }

    private void blanks() {
      skip(' ');
    }

    private static boolean blank(char c) {
      return c == ' ' || c == '\t' || c == '\r';
    }

    private static boolean nameCharacter(char c) {
      return (c >= 'a' && c <= 'z')
          || (c >= 'A' && c <= 'Z')
          || (c >= '0' && c <= '9')
          || c == '_'
          || c == ':';
    }

    /** NaN where it is no number. */
    static double number(String text) {
      if (text.isEmpty()) {
        return Double.NaN;
      }
      String plain = text.charAt(0) == '+' ? text.substring(1) : text;
      if (plain.equals("Inf")) {
        return Double.POSITIVE_INFINITY;
      }
      if (plain.equals("-Inf")) {
        return Double.NEGATIVE_INFINITY;
      }
      // Java reads hexadecimal floats and suffixes too, which the format has not.
      for (int i = 0; i < plain.length(); i++) {
        char c = plain.charAt(i);
        if ((c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E') {
          return Double.NaN;
        }
      }
      try {
        return Double.parseDouble(plain);
      } catch (NumberFormatException e) {
        return Double.NaN;
      }
    }
  }
}
