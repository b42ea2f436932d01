package dev.gearbox.gateway.security;

import dev.gearbox.gateway.api.Refusal;
import java.net.InetAddress;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a request shows of who sends it.
 *
 * @param from address of the other end; null when it is not known
 * @param authorization the header of that name; null without one
 * @param queryNames names of the URL's query parameters
 */
public record Credentials(
    @Nullable InetAddress from, @Nullable String authorization, Set<String> queryNames) {
  private static final String BEARER = "bearer ";
  private static final int MAX = 8192;

  /** Names under which keys are put into URLs, where logs and histories would keep them. */
  private static final Set<String> QUERY_KEYS =
      Set.of("key", "api_key", "api-key", "apikey", "token", "access_token");

  public Credentials {
    queryNames = Set.copyOf(queryNames);
  }

  boolean isLoopback() {
    return from != null && from.isLoopbackAddress();
  }

  /** A 400 where a key is in the URL; null where none is. */
  @Nullable Refusal inUrl() {
    return queryNames.stream().anyMatch(name -> QUERY_KEYS.contains(name.toLowerCase(Locale.ROOT)))
        ? Refusal.invalid("query", "keys in the URL are refused: send Authorization: Bearer KEY")
        : null;
  }

  /** The key or token; null without one. */
  @Nullable String bearer() {
    if (authorization == null
        || authorization.length() > MAX
        || !authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      return null;
    }
    String key = authorization.substring(BEARER.length()).strip();
    return key.isEmpty() ? null : key;
  }

  /** Nobody sees a key in a log. */
  @Override
  public String toString() {
    return "credentials from " + from;
  }
}
