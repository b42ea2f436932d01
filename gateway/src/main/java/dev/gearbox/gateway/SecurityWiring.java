package dev.gearbox.gateway;

import dev.gearbox.gateway.config.EngineTlsConfig;
import dev.gearbox.gateway.config.GearboxConfig;
import dev.gearbox.gateway.config.OidcConfig;
import dev.gearbox.gateway.config.PoolConfig;
import dev.gearbox.gateway.config.SecurityConfig;
import dev.gearbox.gateway.config.TlsConfig;
import dev.gearbox.gateway.security.AdminGate;
import dev.gearbox.gateway.security.AuditLog;
import dev.gearbox.gateway.security.Gatekeeper;
import dev.gearbox.gateway.security.KeyFile;
import dev.gearbox.gateway.security.KeyHash;
import dev.gearbox.gateway.security.LiveSslContext;
import dev.gearbox.gateway.security.Origins;
import dev.gearbox.gateway.security.PromptLog;
import dev.gearbox.gateway.security.Security;
import dev.gearbox.gateway.security.Tenant;
import dev.gearbox.gateway.security.TlsFiles;
import dev.gearbox.gateway.security.Tokens;
import dev.gearbox.gateway.watch.FileWatch;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Builds the doors that a configuration asks for.
 *
 * @param security of the ports
 * @param engines TLS to the servers of pools, by their names
 */
record SecurityWiring(Security security, Map<String, SslContext> engines) {
  /**
   * Who gets in.
   *
   * @throws IOException when a file of it is missing or wrong
   */
  static SecurityWiring open(GearboxConfig config) throws IOException {
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
      Security made =
          new Security(
              gatekeeper,
              tokens(security.oidc()),
              tls(security.tls(), watch, audit),
              new AdminGate(hashes(security.adminKeys()), hashes(security.metricsKeys())),
              new Origins(Set.copyOf(security.origins()), lowerCase(security.hosts())),
              audit,
              new PromptLog(security.logPrompts()),
              List.of(watch::close));
      return new SecurityWiring(made, engines(config, watch, audit));
    } catch (IOException | RuntimeException e) {
      watch.close();
      audit.close();
      throw e;
    }
  }

  private static @Nullable Tokens tokens(@Nullable OidcConfig oidc) {
    return oidc == null
        ? null
        : new Tokens(
            new Tokens.Issuer(
                oidc.issuer(),
                oidc.audience(),
                oidc.jwksUri(),
                oidc.algorithm(),
                oidc.tenantClaim(),
                oidc.clockSkew()));
  }

  private static Security.@Nullable Tls tls(
      @Nullable TlsConfig tls, FileWatch watch, AuditLog audit) throws IOException {
    if (tls == null) {
      return null;
    }
    TlsFiles files =
        new TlsFiles(Path.of(tls.certificate()), Path.of(tls.key()), path(tls.clientCa()));
    ClientAuth clients =
        switch (tls.clientAuth()) {
          case REQUIRED -> ClientAuth.REQUIRE;
          case OPTIONAL -> ClientAuth.OPTIONAL;
        };
    return new Security.Tls(LiveSslContext.server(files, clients, watch, audit), tls.admin());
  }

  private static Map<String, SslContext> engines(
      GearboxConfig config, FileWatch watch, AuditLog audit) throws IOException {
    Map<String, SslContext> engines = new HashMap<>();
    for (PoolConfig pool : config.pools()) {
      EngineTlsConfig tls = pool.tls();
      if (tls != null) {
        TlsFiles files = new TlsFiles(path(tls.certificate()), path(tls.key()), path(tls.ca()));
        engines.put(pool.name(), LiveSslContext.client(files, watch, audit));
      }
    }
    return engines;
  }

  private static @Nullable Path path(@Nullable String file) {
    return file == null ? null : Path.of(file);
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
