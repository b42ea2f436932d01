package dev.gearbox.gateway.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Which doors are said to be open to others, and that they are said to be so no longer when closed.
 */
class ExposureTest {
  private static final KeyHash KEY = KeyHash.of(KeyHash.newKey());
  private static final Tenant ACME = new Tenant("acme", List.of(KEY.toString()), "standard");

  @Test
  void onLoopbackWithoutForeignNamesNothingIsOpen() {
    for (String host : List.of("127.0.0.1", "::1", "localhost")) {
      assertThat(Exposure.of(Security.of(List.of(), true), host)).as(host).isEmpty();
    }
  }

  @Test
  void beyondLoopbackEachDoorWithoutKeysIsNamedWithWhatClosesIt() {
    List<String> open = Exposure.of(Security.of(List.of(), true), "0.0.0.0");

    assertThat(open).hasSize(3);
    assertThat(open.get(0)).contains("The API", "Keys of tenants");
    assertThat(open.get(1)).contains("The admin port", "0.0.0.0", "security.admin-keys");
    assertThat(open.get(2)).contains("metrics", "security.metrics-keys");
  }

  @Test
  void keysCloseTheirDoors() {
    assertThat(Exposure.of(Security.of(List.of(ACME), true), "10.0.0.7"))
        .hasSize(2)
        .noneMatch(door -> door.contains("The API"));
    assertThat(Exposure.of(Security.of(List.of(ACME), false), "10.0.0.7")).hasSize(3);
    assertThat(Exposure.of(keyed(List.of(), List.of(KEY)), "10.0.0.7")).hasSize(1);
    assertThat(Exposure.of(keyed(List.of(KEY), List.of()), "10.0.0.7")).isEmpty();
  }

  @Test
  void aProxysNameAndEveryWebPageAreOpenDoorsOnLoopbackToo() {
    Origins origins = new Origins(Set.of("*"), Set.of("chat.example"));

    assertThat(Exposure.of(security(List.of(), AdminGate.LOCAL, origins), "127.0.0.1"))
        .hasSize(2)
        .anyMatch(door -> door.contains("proxy"))
        .anyMatch(door -> door.contains("security.origins"));
    assertThat(Exposure.of(security(List.of(ACME), AdminGate.LOCAL, origins), "127.0.0.1"))
        .isEmpty();
  }

  private static Security keyed(List<KeyHash> admin, List<KeyHash> metrics) {
    return security(List.of(ACME), new AdminGate(admin, metrics), Origins.LOCAL);
  }

  private static Security security(List<Tenant> tenants, AdminGate admin, Origins origins) {
    return new Security(
        new Gatekeeper(tenants, true),
        null,
        null,
        admin,
        origins,
        AuditLog.NONE,
        new PromptLog(false),
        List.of());
  }
}
