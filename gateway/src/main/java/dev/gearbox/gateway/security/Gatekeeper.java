package dev.gearbox.gateway.security;

import dev.gearbox.gateway.api.Caller;
import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.Result;
import dev.gearbox.gateway.api.ServiceClasses;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** Lets tenants in by their key; without tenants, loopback alone. */
public final class Gatekeeper {
  private static final String PREFIX = "sha256:";
  private static final String BEARER = "bearer ";
  private static final int MAX_KEY = 1024;

  /** Names under which keys are put into URLs, where logs and histories would keep them. */
  private static final Set<String> QUERY_KEYS =
      Set.of("key", "api_key", "api-key", "apikey", "token", "access_token");

  private static final Caller LOCAL = new Caller("local", ServiceClasses.STANDARD, "");

  private static final class Known {
    final byte[] digest;
    final Caller caller;

    Known(byte[] digest, Caller caller) {
      this.digest = digest;
      this.caller = caller;
    }
  }

  private final List<Known> keys = new ArrayList<>();
  private final boolean tenants;
  private final boolean keysRequired;

  /**
   * Knows these tenants.
   *
   * @param keysRequired whether loopback needs a key too where there are tenants
   */
  public Gatekeeper(List<Tenant> configured, boolean keysRequired) {
    this.tenants = !configured.isEmpty();
    this.keysRequired = keysRequired;
    for (Tenant tenant : configured) {
      // The name salts the prefix cache: tenants must not learn from timing what others asked.
      Caller caller = new Caller(tenant.name(), tenant.serviceClass(), tenant.name());
      for (String key : tenant.keys()) {
        String hex = key.startsWith(PREFIX) ? key.substring(PREFIX.length()) : key;
        keys.add(new Known(HexFormat.of().parseHex(hex), caller));
      }
    }
  }

  /**
   * Who asks.
   *
   * @param from address of the other end; null when it is not known
   * @param authorization the header of that name; null without one
   * @param queryNames names of the URL's query parameters
   */
  public Result<Caller> check(
      @Nullable InetAddress from, @Nullable String authorization, Set<String> queryNames) {
    for (String name : queryNames) {
      if (QUERY_KEYS.contains(name.toLowerCase(Locale.ROOT))) {
        return Result.refused(
            Refusal.invalid(
                "query", "keys in the URL are refused: send Authorization: Bearer KEY"));
      }
    }
    boolean loopback = from != null && from.isLoopbackAddress();
    if (!tenants) {
      return loopback
          ? Result.ok(LOCAL)
          : Result.refused(
              Refusal.of(
                  ErrorCode.PERMISSION_DENIED,
                  "without configured tenants only this machine may ask"));
    }
    if (authorization == null && !keysRequired && loopback) {
      return Result.ok(LOCAL);
    }
    return byKey(authorization);
  }

  private Result<Caller> byKey(@Nullable String authorization) {
    String key = key(authorization);
    if (key == null) {
      return Result.refused(
          Refusal.of(
              ErrorCode.INVALID_API_KEY, "an API key is needed: send Authorization: Bearer KEY"));
    }
    byte[] digest = sha256(key);
    Caller found = null;
    // Every key is compared, and each in constant time.
    for (Known known : keys) {
      if (MessageDigest.isEqual(known.digest, digest)) {
        found = known.caller;
      }
    }
    return found != null
        ? Result.ok(found)
        : Result.refused(Refusal.of(ErrorCode.INVALID_API_KEY, "the API key is not known"));
  }

  /**
   * Says of a text that it is this caller's, for other gateways with the same tenants.
   *
   * @return to be given to {@link #vouched}
   */
  public String vouch(Caller caller, String text) {
    Known known = known(caller.tenant());
    return caller.tenant() + ";" + (known == null ? "" : seal(known, text));
  }

  /** Whose a text is, as {@link #vouch} said. */
  public Result<Caller> vouched(String voucher, String text) {
    int mark = voucher.indexOf(';');
    String tenant = mark < 0 ? "" : voucher.substring(0, mark);
    if (tenant.equals(LOCAL.tenant()) && (!tenants || !keysRequired)) {
      return Result.ok(LOCAL);
    }
    Known known = known(tenant);
    return known != null
            && MessageDigest.isEqual(
                seal(known, text).getBytes(StandardCharsets.US_ASCII),
                voucher.substring(mark + 1).getBytes(StandardCharsets.US_ASCII))
        ? Result.ok(known.caller)
        : Result.refused(Refusal.of(ErrorCode.INVALID_API_KEY, "nobody vouches for this request"));
  }

  private @Nullable Known known(String tenant) {
    return keys.stream()
        .filter(each -> each.caller.tenant().equals(tenant))
        .findFirst()
        .orElse(null);
  }

  private static String seal(Known known, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(known.digest, "HmacSHA256"));
      return HexFormat.of().formatHex(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has HmacSHA256", e);
    }
  }

  private static @Nullable String key(@Nullable String authorization) {
    if (authorization == null
        || authorization.length() > MAX_KEY
        || !authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      return null;
    }
    String key = authorization.substring(BEARER.length()).strip();
    return key.isEmpty() ? null : key;
  }

  private static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
