package dev.gearbox.gateway.security;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import dev.gearbox.gateway.api.Caller;
import dev.gearbox.gateway.api.Result;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import no.nav.security.mock.oauth2.MockOAuth2Server;
import no.nav.security.mock.oauth2.token.DefaultOAuth2TokenCallback;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tokens of an OpenID server over its real discovery and keys, and all that is not one. */
class TokensTest {
  private static final MockOAuth2Server PROVIDER = new MockOAuth2Server();

  @BeforeAll
  static void start() throws Exception {
    PROVIDER.start(InetAddress.getLoopbackAddress(), 0);
  }

  @AfterAll
  static void stop() {
    PROVIDER.shutdown();
  }

  private static Security security(String issuer, @Nullable String keys) {
    return new Security(
        new Gatekeeper(List.of(new Tenant("acme", List.of(), "interactive")), true),
        new Tokens(
            new Tokens.Issuer(issuer, "gearbox", keys, "RS256", "tenant", Duration.ofSeconds(30))),
        null,
        AdminGate.LOCAL,
        Origins.LOCAL,
        AuditLog.NONE,
        new PromptLog(false),
        List.of());
  }

  private static Security security() {
    return security(PROVIDER.issuerUrl("main").toString(), null);
  }

  private static Result<Caller> shown(Security security, String token) {
    Credentials credentials =
        new Credentials(InetAddress.getLoopbackAddress(), "Bearer " + token, Set.of());
    return security
        .caller(credentials, null, null)
        .blockOptional(Duration.ofSeconds(20))
        .orElseThrow();
  }

  private static String refusal(Security security, String token) {
    return shown(security, token)
        .fold(caller -> "let in", why -> why.status() + " " + why.message());
  }

  private static String issued(
      String issuer, String audience, long seconds, Map<String, Object> more) {
    return PROVIDER
        .issueToken(
            issuer,
            "client",
            new DefaultOAuth2TokenCallback(
                issuer, "somebody", "JWT", List.of(audience), more, seconds))
        .serialize();
  }

  @Test
  void aTokenOfTheIssuerForThisAudienceIsItsTenant() {
    Result<Caller> result =
        shown(security(), issued("main", "gearbox", 60, Map.of("tenant", "acme")));

    assertThat(result).isEqualTo(Result.ok(new Caller("acme", "interactive", "acme")));
  }

  @Test
  void whatIsNotForUsOrNotOfNowIsRefused() {
    Security security = security();
    Map<String, Object> acme = Map.of("tenant", "acme");
    assertThat(refusal(security, issued("main", "another", 60, acme)))
        .startsWith("401")
        .contains("audience");
    assertThat(refusal(security, issued("main", "gearbox", -60, acme)))
        .isEqualTo("401 the token has expired");
    assertThat(refusal(security, issued("main", "gearbox", -10, acme)))
        .as("within the skew of clocks")
        .isEqualTo("let in");
    assertThat(refusal(security, issued("main", "gearbox", 60, Map.of("tenant", "nobody"))))
        .startsWith("403");
    assertThat(refusal(security, issued("main", "gearbox", 60, Map.of()))).startsWith("401");
    assertThat(refusal(security, issued("main", "gearbox", 60, Map.of("tenant", 5))))
        .startsWith("401");
    assertThat(refusal(security, issued("other", "gearbox", 60, acme)))
        .as("a token of another issuer, whose key is not ours")
        .startsWith("401");
  }

  private static JWTClaimsSet claims(String issuer) {
    return new JWTClaimsSet.Builder()
        .issuer(issuer)
        .audience("gearbox")
        .subject("somebody")
        .issueTime(Date.from(Instant.now()))
        .expirationTime(Date.from(Instant.now().plusSeconds(60)))
        .claim("tenant", "acme")
        .build();
  }

  private static String signed(RSAKey key, JWSAlgorithm algorithm, String issuer) throws Exception {
    SignedJWT token =
        new SignedJWT(
            new JWSHeader.Builder(algorithm).type(JOSEObjectType.JWT).keyID(key.getKeyID()).build(),
            claims(issuer));
    token.sign(new RSASSASigner(key));
    return token.serialize();
  }

  @Test
  void forgedTokensAreRefused() throws Exception {
    String issuer = PROVIDER.issuerUrl("main").toString();
    Security security = security();
    RSAKey forger = new RSAKeyGenerator(2048).keyID("main").generate();
    String good = issued("main", "gearbox", 60, Map.of("tenant", "acme"));
    assertThat(refusal(security, good)).isEqualTo("let in");

    assertThat(refusal(security, new PlainJWT(claims(issuer)).serialize()))
        .as("alg: none")
        .startsWith("401");
    assertThat(refusal(security, signed(forger, JWSAlgorithm.RS256, issuer)))
        .as("by another key of the same id")
        .startsWith("401");
    assertThat(refusal(security, signed(forger, JWSAlgorithm.RS512, issuer)))
        .as("by another algorithm")
        .startsWith("401");
    SignedJWT symmetric =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("main").build(), claims(issuer));
    symmetric.sign(new MACSigner(forger.toRSAPublicKey().getEncoded()));
    assertThat(refusal(security, symmetric.serialize()))
        .as("by the public key taken for a secret")
        .startsWith("401");
    String[] parts = good.split("\\.", -1);
    assertThat(refusal(security, parts[0] + "." + parts[1] + "x." + parts[2])).startsWith("401");
    assertThat(refusal(security, parts[0] + "." + parts[1] + ".")).startsWith("401");
    for (String text : List.of("a.b.c", "..", "....", "eyJ.eyJ.", "x".repeat(6000) + ".a.b")) {
      assertThat(refusal(security, text)).as(text.substring(0, 2)).startsWith("401");
    }
  }

  @Test
  void newKeysOfTheIssuerAreFoundAndAFloodOfUnknownOnesAsksItSeldom() throws Exception {
    RSAKey first = new RSAKeyGenerator(2048).keyID("first").generate();
    RSAKey second = new RSAKeyGenerator(2048).keyID("second").generate();
    AtomicInteger asked = new AtomicInteger();
    byte[][] served = {keys(first)};
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/keys",
        exchange -> {
          asked.incrementAndGet();
          exchange.sendResponseHeaders(200, served[0].length);
          exchange.getResponseBody().write(served[0]);
          exchange.close();
        });
    server.start();
    try {
      String issuer = "https://issuer.example";
      Security security =
          security(issuer, "http://127.0.0.1:" + server.getAddress().getPort() + "/keys");
      assertThat(refusal(security, signed(first, JWSAlgorithm.RS256, issuer))).isEqualTo("let in");
      served[0] = keys(second);
      assertThat(refusal(security, signed(second, JWSAlgorithm.RS256, issuer)))
          .as("a key that came since")
          .isEqualTo("let in");
      int before = asked.get();
      for (int i = 0; i < 50; i++) {
        RSAKey unknown = new RSAKey.Builder(first).keyID("unknown" + i).build();
        assertThat(refusal(security, signed(unknown, JWSAlgorithm.RS256, issuer)))
            .startsWith("401");
      }
      assertThat(asked.get() - before).isLessThanOrEqualTo(4);
    } finally {
      server.stop(0);
    }
  }

  private static byte[] keys(RSAKey key) {
    return new JWKSet(key.toPublicJWK()).toString().getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void anIssuerThatIsAwayIsNoReasonToCallATokenWrong() throws Exception {
    Security security = security("http://127.0.0.1:1/none", null);
    String token = issued("main", "gearbox", 60, Map.of("tenant", "acme"));

    assertThat(refusal(security, token)).startsWith("503");
  }
}
