package dev.gearbox.telemetry.trace;

import dev.gearbox.telemetry.record.TraceContext.Span;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The header {@code traceparent} of W3C Trace Context, levels 1 and 2. */
final class TraceParent {
  private static final int LONGEST = 256;
  private static final Pattern FORM =
      Pattern.compile("([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?");

  private TraceParent() {}

  /** What it names; null where there is none or it is not one, which nobody is refused for. */
  static @Nullable Span parse(@Nullable String header) {
    if (header == null || header.length() > LONGEST) {
      return null;
    }
    Matcher parts = FORM.matcher(header.strip());
    if (!parts.matches()
        || parts.group(1).equals("ff")
        || (parts.group(1).equals("00") && parts.group(5) != null)
        || parts.group(2).equals("0".repeat(32))
        || parts.group(3).equals("0".repeat(16))) {
      return null;
    }
    boolean sampled = (HexFormat.fromHexDigits(parts.group(4)) & 1) == 1;
    return new Span(parts.group(2), parts.group(3), sampled);
  }
}
