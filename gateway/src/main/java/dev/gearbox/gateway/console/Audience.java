package dev.gearbox.gateway.console;

import dev.gearbox.gateway.security.Gatekeeper;
import dev.gearbox.policy.decide.DecisionRecord;
import org.jspecify.annotations.Nullable;

/**
 * Who looks: a tenant, who sees the platform and of single requests its own; or the operator, who
 * sees all.
 *
 * @param tenant its name; null for the operator
 */
public record Audience(@Nullable String tenant) {
  public static final Audience OPERATOR = new Audience(null);

  public boolean sees(DecisionRecord made) {
    return sees(made.request().tenant());
  }

  /** Whether whoever looks runs this gateway: the operator, or somebody at its machine. */
  boolean runsIt() {
    return tenant == null || tenant.equals(Gatekeeper.LOCAL_TENANT);
  }

  boolean sees(String whose) {
    return tenant == null || tenant.equals(whose);
  }
}
