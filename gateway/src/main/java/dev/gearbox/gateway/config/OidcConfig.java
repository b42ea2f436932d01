package dev.gearbox.gateway.config;

import dev.gearbox.workshop.settings.Setting;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Tokens of an OpenID provider, which say the tenant in a claim.
 *
 * @param jwksUri where its keys are; null to ask the issuer's {@code
 *     /.well-known/openid-configuration}
 */
public record OidcConfig(
    @Setting(
            value =
                "Who issues the tokens, as their claim iss says it; https, or http on this machine",
            pattern = SAFE)
        String issuer,
    @Setting("For whom the tokens are, as one of their claim aud says it") String audience,
    @Setting(
            value = "Where the issuer's keys are; what its discovery document says when absent",
            optional = true,
            pattern = SAFE)
        @Nullable String jwksUri,
    @Setting(
            value = "The one algorithm of signatures; no other is accepted",
            byDefault = "RS256",
            pattern = "(RS|PS|ES)(256|384|512)|EdDSA")
        String algorithm,
    @Setting(value = "Claim that names the tenant", byDefault = "tenant") String tenantClaim,
    @Setting(
            value = "How far the issuer's clock may be from this one",
            byDefault = "30s",
            min = 0,
            max = 300)
        Duration clockSkew) {
  static final String SAFE =
      "https://[^\\s?#]+|http://(localhost|127\\.0\\.0\\.1|\\[::1\\])(:\\d+)?(/[^\\s?#]*)?";
}
