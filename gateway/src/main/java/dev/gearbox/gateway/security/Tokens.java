package dev.gearbox.gateway.security;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.jwk.source.RateLimitReachedException;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.BadJWTException;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import com.nimbusds.jwt.proc.ExpiredJWTException;
import com.nimbusds.jwt.proc.JWTProcessor;
import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.Result;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.text.ParseException;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Tokens of one issuer. Its keys are asked for when the first token comes, kept, and asked for
 * again when a token names one that is not known, but not more often than a forger's flood should
 * make us. Thread-safe; waits for the issuer on threads that may.
 */
public final class Tokens {
  private static final Logger LOG = LoggerFactory.getLogger(Tokens.class);
  private static final int WAIT_MILLIS = 3000;
  private static final int MOST_BYTES = 256 * 1024;
  private static final long KEPT_MILLIS = Duration.ofMinutes(15).toMillis();
  private static final long BETWEEN_MILLIS = Duration.ofSeconds(5).toMillis();
  private static final Duration RETRY = Duration.ofSeconds(5);

  private final Issuer issuer;
  private volatile @Nullable JWTProcessor<SecurityContext> processor;

  /**
   * Whose tokens count, and for what.
   *
   * @param name their claim {@code iss}
   * @param audience one of their claim {@code aud}
   * @param keys where its keys are; null where its discovery document says it
   * @param algorithm the only one of signatures
   * @param tenantClaim names the tenant
   * @param skew how far its clock may be from ours
   */
  public record Issuer(
      String name,
      String audience,
      @Nullable String keys,
      String algorithm,
      String tenantClaim,
      Duration skew) {}

  public Tokens(Issuer issuer) {
    this.issuer = issuer;
  }

  /** Whether it may be a token, rather than a key: three parts with dots between. */
  static boolean isToken(String shown) {
    int first = shown.indexOf('.');
    return first > 0 && shown.indexOf('.', first + 1) > first;
  }

  /** Name of the tenant that a token is of. */
  Mono<Result<String>> tenant(String token) {
    return Mono.fromCallable(() -> read(token)).subscribeOn(Schedulers.boundedElastic());
  }

  private Result<String> read(String token) {
    try {
      String tenant = processor().process(token, null).getStringClaim(issuer.tenantClaim());
      return tenant == null || tenant.isBlank()
          ? refused("the token names no tenant")
          : Result.ok(tenant);
    } catch (ExpiredJWTException e) {
      return refused("the token has expired");
    } catch (BadJWTException e) {
      return refused("the token is of another issuer, for another audience, or not for now");
    } catch (BadJOSEException | ParseException e) {
      return unaccepted();
    } catch (RateLimitReachedException e) {
      // Others named unknown keys a moment ago, so this one is not worth a question either.
      return unaccepted();
    } catch (IOException | KeySourceException e) {
      LOG.warn("event=issuer_unreachable issuer={} reason=\"{}\"", issuer.name(), e.getMessage());
      return Result.refused(
          Refusal.later(
              ErrorCode.OVERLOADED, "the token cannot be checked: its issuer is away", RETRY));
    } catch (JOSEException e) {
      return unaccepted();
    }
  }

  private static <T> Result<T> unaccepted() {
    return refused("the token's form, algorithm or signature is not accepted");
  }

  private static <T> Result<T> refused(String message) {
    return Result.refused(Refusal.of(ErrorCode.INVALID_API_KEY, message));
  }

  private JWTProcessor<SecurityContext> processor() throws IOException {
    JWTProcessor<SecurityContext> known = processor;
    if (known == null) {
      // Two threads may both ask; both get the same.
      known = processor(keysAt());
      processor = known;
    }
    return known;
  }

  private DefaultJWTProcessor<SecurityContext> processor(URL keysAt) {
    JWKSource<SecurityContext> keys =
        JWKSourceBuilder.create(
                keysAt, new DefaultResourceRetriever(WAIT_MILLIS, WAIT_MILLIS, MOST_BYTES))
            .cache(KEPT_MILLIS, WAIT_MILLIS)
            .rateLimited(BETWEEN_MILLIS)
            .outageTolerant(4 * KEPT_MILLIS)
            .build();
    var claims =
        new DefaultJWTClaimsVerifier<SecurityContext>(
            Set.of(issuer.audience()),
            new JWTClaimsSet.Builder().issuer(issuer.name()).build(),
            Set.of("exp", "iat", issuer.tenantClaim()),
            Set.of());
    claims.setMaxClockSkew((int) issuer.skew().toSeconds());
    var made = new DefaultJWTProcessor<SecurityContext>();
    made.setJWSTypeVerifier(
        new DefaultJOSEObjectTypeVerifier<>(
            JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null));
    made.setJWSKeySelector(
        new JWSVerificationKeySelector<>(JWSAlgorithm.parse(issuer.algorithm()), keys));
    made.setJWTClaimsSetVerifier(claims);
    return made;
  }

  private URL keysAt() throws IOException {
    String configured = issuer.keys();
    if (configured != null) {
      return URI.create(configured).toURL();
    }
    URL discovery =
        URI.create(issuer.name().replaceFirst("/$", "") + "/.well-known/openid-configuration")
            .toURL();
    String text =
        new DefaultResourceRetriever(WAIT_MILLIS, WAIT_MILLIS, MOST_BYTES)
            .retrieveResource(discovery)
            .getContent();
    JsonNode document = JsonMapper.shared().readTree(text);
    if (!document.path("issuer").asString("").equals(issuer.name())) {
      throw new IOException("the document at " + discovery + " is of another issuer");
    }
    String keys = document.path("jwks_uri").asString("");
    if (!keys.startsWith("https://") && !keys.startsWith("http://")) {
      throw new IOException("the document at " + discovery + " names no keys");
    }
    return URI.create(keys).toURL();
  }
}
