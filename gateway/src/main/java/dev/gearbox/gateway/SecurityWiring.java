package dev.gearbox.gateway;

import dev.gearbox.gateway.config.GearboxConfig;
import dev.gearbox.gateway.config.SecurityConfig;
import dev.gearbox.gateway.security.AdminGate;
import dev.gearbox.gateway.security.AuditLog;
import dev.gearbox.gateway.security.FileWatch;
import dev.gearbox.gateway.security.Gatekeeper;
import dev.gearbox.gateway.security.KeyFile;
import dev.gearbox.gateway.security.KeyHash;
import dev.gearbox.gateway.security.Origins;
import dev.gearbox.gateway.security.PromptLog;
import dev.gearbox.gateway.security.Security;
import dev.gearbox.gateway.security.Tenant;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Builds the doors that a configuration asks for. */
final class SecurityWiring {
  private SecurityWiring() {}

  /**
   * Who gets in.
   *
   * @throws IOException when a file of it is missing or wrong
   */
  static Security open(GearboxConfig config) throws IOException {
    SecurityConfig security = config.security();
    AuditLog audit = audit(security.audit());
    FileWatch watch = new FileWatch();
    try {
      Gatekeeper gatekeeper =
          new Gatekeeper(
              config.tenants().stream()
                  .map(t -> new Tenant(t.name(), t.keys(), t.serviceClass()))
                  .toList(),
              security.apiKeys() == SecurityConfig.ApiKeys.REQUIRED);
      String keys = security.keysFile();
      if (keys != null) {
        KeyFile.open(Path.of(keys), gatekeeper, audit, watch);
      }
      return new Security(
          gatekeeper,
          new AdminGate(hashes(security.adminKeys()), hashes(security.metricsKeys())),
          new Origins(Set.copyOf(security.origins()), lowerCase(security.hosts())),
          audit,
          new PromptLog(security.logPrompts()),
          List.of(watch::close));
    } catch (IOException | RuntimeException e) {
      watch.close();
      audit.close();
      throw e;
    }
  }

  private static AuditLog audit(SecurityConfig.@Nullable Audit audit) throws IOException {
    return audit == null
        ? AuditLog.NONE
        : AuditLog.open(
            Path.of(audit.file()), audit.maxSize().bytes(), audit.keep(), InstantSource.system());
  }

  private static List<KeyHash> hashes(List<String> written) {
    return written.stream().map(KeyHash::parse).toList();
  }

  private static Set<String> lowerCase(List<String> names) {
    return names.stream().map(name -> name.toLowerCase(Locale.ROOT)).collect(Collectors.toSet());
  }
}
