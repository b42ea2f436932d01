package dev.gearbox.gateway.security;

import dev.gearbox.gateway.api.Caller;
import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.Result;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Who gets in by which door, and what is written down of it.
 *
 * @param gatekeeper of the API
 * @param tokens of an OpenID provider; null for none
 * @param tls of the ports; null for none
 * @param admin of the admin port
 * @param origins web pages that may ask
 * @param audit of refusals and changes
 * @param promptLog whether request text is logged
 * @param closes end what works for it
 */
public record Security(
    Gatekeeper gatekeeper,
    @Nullable Tokens tokens,
    @Nullable Tls tls,
    AdminGate admin,
    Origins origins,
    AuditLog audit,
    PromptLog promptLog,
    List<Runnable> closes)
    implements AutoCloseable {
  /**
   * TLS of the ports.
   *
   * @param admin whether the admin port has it too
   */
  public record Tls(LiveSslContext context, boolean admin) {}

  /** Of tenants that are known from the start, and nothing else. */
  public static Security of(List<Tenant> tenants, boolean keysRequired) {
    return new Security(
        new Gatekeeper(tenants, keysRequired),
        null,
        null,
        AdminGate.LOCAL,
        Origins.LOCAL,
        AuditLog.NONE,
        new PromptLog(false),
        List.of());
  }

  /**
   * Who asks the API.
   *
   * @param origin of the web page that asks; null where none does
   * @param host by which this machine is called; null where it is not
   */
  public Mono<Result<Caller>> caller(
      Credentials shown, @Nullable String origin, @Nullable String host) {
    Result<Caller> byKey = gatekeeper.check(shown);
    String bearer = shown.bearer();
    if (byKey instanceof Result.Refused<Caller>(Refusal why)
        && why.status() == ErrorCode.INVALID_API_KEY.status()
        && tokens != null
        && bearer != null
        && Tokens.isToken(bearer)) {
      return tokens.tenant(bearer).map(named -> named.fold(gatekeeper::named, Result::refused));
    }
    return Mono.just(byKey.fold(each -> near(each, origin, host), Result::refused));
  }

  /** Whoever is let in by an address may still be a page that a browser there has open. */
  private Result<Caller> near(Caller caller, @Nullable String origin, @Nullable String host) {
    String why = Gatekeeper.isLocal(caller) ? origins.refusal(origin, host) : null;
    return why == null
        ? Result.ok(caller)
        : Result.refused(Refusal.of(ErrorCode.PERMISSION_DENIED, why));
  }

  /** What {@code access-control-allow-origin} says to a page; null for nothing. */
  public @Nullable String readableBy(String origin, @Nullable String host) {
    if (origins.trusts(origin, host)) {
      return origin;
    }
    // Where each request shows a key, a page that has none learns nothing.
    return gatekeeper.trustsAddresses() || !origins.pages().isEmpty() ? null : "*";
  }

  @Override
  public void close() {
    closes.forEach(Runnable::run);
    audit.close();
  }
}
