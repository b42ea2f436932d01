package dev.gearbox.gateway.security;

import dev.gearbox.gateway.api.Caller;
import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.Result;
import dev.gearbox.gateway.api.ServiceClasses;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** Lets tenants in by their key; without tenants, loopback alone. Thread-safe. */
public final class Gatekeeper {
  /** Who is let in by its address alone. */
  public static final String LOCAL_TENANT = "local";

  private static final Caller LOCAL = new Caller(LOCAL_TENANT, ServiceClasses.STANDARD, "");

  private record Known(KeyHash hash, Caller caller) {}

  private final Map<String, Caller> tenants = new LinkedHashMap<>();
  private final List<Known> configured = new ArrayList<>();
  private final boolean keysRequired;
  private volatile List<Known> keys;

  /**
   * Knows these tenants.
   *
   * @param keysRequired whether loopback needs a key too where there are tenants
   */
  public Gatekeeper(List<Tenant> known, boolean keysRequired) {
    this.keysRequired = keysRequired;
    for (Tenant tenant : known) {
      // The name salts the prefix cache: tenants must not learn from timing what others asked.
      Caller caller = new Caller(tenant.name(), tenant.serviceClass(), tenant.name());
      tenants.put(tenant.name(), caller);
      tenant.keys().forEach(key -> configured.add(new Known(KeyHash.parse(key), caller)));
    }
    keys = List.copyOf(configured);
  }

  /** Knows these keys from here on, beside those that tenants were configured with. */
  void alsoKnow(Map<String, List<KeyHash>> more) {
    List<Known> all = new ArrayList<>(configured);
    more.forEach((tenant, hashes) -> {
      Caller caller = tenants.get(tenant);
      if (caller != null) {
        hashes.forEach(hash -> all.add(new Known(hash, caller)));
      }
    });
    keys = List.copyOf(all);
  }

  /** Names of the tenants. */
  java.util.Set<String> tenants() {
    return tenants.keySet();
  }

  /** Whether an address alone may let a request in. */
  public boolean trustsAddresses() {
    return tenants.isEmpty() || !keysRequired;
  }

  /** Whether this is who was let in by its address alone. */
  public static boolean isLocal(Caller caller) {
    return caller.tenant().equals(LOCAL_TENANT) && caller.cacheSalt().isEmpty();
  }

  /** Who asks. */
  public Result<Caller> check(Credentials shown) {
    Refusal inUrl = shown.inUrl();
    if (inUrl != null) {
      return Result.refused(inUrl);
    }
    if (tenants.isEmpty()) {
      return shown.isLoopback()
          ? Result.ok(LOCAL)
          : Result.refused(
              Refusal.of(
                  ErrorCode.PERMISSION_DENIED,
                  "without configured tenants only this machine may ask"));
    }
    if (shown.authorization() == null && !keysRequired && shown.isLoopback()) {
      return Result.ok(LOCAL);
    }
    return byKey(shown.bearer());
  }

  private Result<Caller> byKey(@Nullable String key) {
    if (key == null) {
      return unknown("an API key is needed: send Authorization: Bearer KEY");
    }
    Known found = KeyHash.find(key, keys, Known::hash);
    return found != null ? Result.ok(found.caller) : unknown("the API key is not known");
  }

  /** Who a token says it is. */
  Result<Caller> named(String tenant) {
    Caller caller = tenants.get(tenant);
    return caller != null
        ? Result.ok(caller)
        : Result.refused(
            Refusal.of(
                ErrorCode.PERMISSION_DENIED, "the token's tenant is none of this gateway's"));
  }

  private static <T> Result<T> unknown(String message) {
    return Result.refused(Refusal.of(ErrorCode.INVALID_API_KEY, message));
  }

  /**
   * Says of a text that it is this caller's, for other gateways with the same tenants.
   *
   * @return to be given to {@link #vouched}
   */
  public String vouch(Caller caller, String text) {
    String seal =
        keys.stream()
            .filter(each -> each.caller.tenant().equals(caller.tenant()))
            .findFirst()
            .map(each -> seal(each, text))
            .orElse("");
    return caller.tenant() + ";" + seal;
  }

  /** Whose a text is, as {@link #vouch} said by any of the keys that the tenant still has. */
  public Result<Caller> vouched(String voucher, String text) {
    int mark = voucher.indexOf(';');
    String tenant = mark < 0 ? "" : voucher.substring(0, mark);
    if (tenant.equals(LOCAL_TENANT) && trustsAddresses()) {
      return Result.ok(LOCAL);
    }
    byte[] seal = voucher.substring(mark + 1).getBytes(StandardCharsets.UTF_8);
    for (Known known : keys) {
      if (known.caller.tenant().equals(tenant)
          && MessageDigest.isEqual(seal(known, text).getBytes(StandardCharsets.UTF_8), seal)) {
        return Result.ok(known.caller);
      }
    }
    return unknown("nobody vouches for this request");
  }

  private static String seal(Known known, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(known.hash.bytes(), "HmacSHA256"));
      return HexFormat.of().formatHex(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has HmacSHA256", e);
    }
  }
}
