package dev.gearbox.gateway.security;

import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.Result;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Who may use the admin port: whoever has one of its keys, from anywhere; without such keys this
 * machine alone, and metrics for everybody. Keys of tenants open nothing here.
 *
 * @param keys open everything
 * @param metricsKeys open metrics only, for scrapers
 */
public record AdminGate(List<KeyHash> keys, List<KeyHash> metricsKeys) {
  public static final AdminGate LOCAL = new AdminGate(List.of(), List.of());

  /** What is written down of who asks without a key. */
  private static final Operator HERE = new Operator("local");

  /**
   * Who administers.
   *
   * @param name {@code local}, or {@code key-} and the beginning of the key's hash
   */
  public record Operator(String name) {}

  public AdminGate {
    keys = List.copyOf(keys);
    metricsKeys = List.copyOf(metricsKeys);
  }

  /** Whether nobody is let in by address alone. */
  public boolean isKeyed() {
    return !keys.isEmpty();
  }

  /** Who may do anything. */
  public Result<Operator> operator(Credentials shown) {
    Refusal inUrl = shown.inUrl();
    if (inUrl != null) {
      return Result.refused(inUrl);
    }
    if (isKeyed()) {
      return byKey(shown, keys);
    }
    return shown.isLoopback()
        ? Result.ok(HERE)
        : Result.refused(
            Refusal.of(
                ErrorCode.PERMISSION_DENIED,
                "only this machine may ask; security.admin-keys lets others in"));
  }

  /** Who may read metrics. */
  public Result<Operator> scraper(Credentials shown) {
    Refusal inUrl = shown.inUrl();
    if (inUrl != null) {
      return Result.refused(inUrl);
    }
    return keys.isEmpty() && metricsKeys.isEmpty()
        ? Result.ok(HERE)
        : byKey(shown, Stream.concat(keys.stream(), metricsKeys.stream()).toList());
  }

  private static Result<Operator> byKey(Credentials shown, List<KeyHash> known) {
    String key = shown.bearer();
    if (key == null) {
      return refused("a key of the admin port is needed: send Authorization: Bearer KEY");
    }
    KeyHash found = KeyHash.find(key, known, Function.identity());
    return found == null
        ? refused("the key is none of the admin port's")
        : Result.ok(new Operator("key-" + found.shown()));
  }

  private static Result<Operator> refused(String message) {
    return Result.refused(Refusal.of(ErrorCode.INVALID_API_KEY, message));
  }
}
