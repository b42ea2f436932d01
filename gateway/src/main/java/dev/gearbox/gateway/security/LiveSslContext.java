package dev.gearbox.gateway.security;

import dev.gearbox.gateway.watch.FileWatch;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolNegotiator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSessionContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Certificates that change while connections stand: a new connection is made by those of the
 * moment, and one that stands goes on by those that it was made with. Each change has a cache of
 * sessions of its own, so that nobody resumes what the certificates at hand would refuse.
 */
public final class LiveSslContext extends SslContext {
  private static final Logger LOG = LoggerFactory.getLogger(LiveSslContext.class);

  private volatile SslContext now;

  @FunctionalInterface
  private interface Loading {
    SslContext load() throws IOException;
  }

  private LiveSslContext(SslContext first) {
    this.now = first;
  }

  /**
   * Of a server.
   *
   * @throws IOException when the files cannot be used
   */
  public static LiveSslContext server(
      TlsFiles files, ClientAuth clients, FileWatch watch, AuditLog audit) throws IOException {
    return live(files, () -> files.server(clients, InstantSource.system()), watch, audit);
  }

  /**
   * Of a client of engines.
   *
   * @throws IOException when the files cannot be used
   */
  public static LiveSslContext client(TlsFiles files, FileWatch watch, AuditLog audit)
      throws IOException {
    return live(files, () -> files.client(InstantSource.system()), watch, audit);
  }

  private static LiveSslContext live(
      TlsFiles files, Loading loading, FileWatch watch, AuditLog audit) throws IOException {
    LiveSslContext live = new LiveSslContext(loading.load());
    watch.watch(files.all(), () -> live.again(files.all().toString(), loading, audit));
    return live;
  }

  /** Files that cannot be used change nothing. */
  private void again(String files, Loading loading, AuditLog audit) {
    try {
      now = loading.load();
      LOG.info("event=certificates_changed files={}", files);
      audit.changed("certificates", "file", "done", Map.of("files", files));
    } catch (IOException e) {
      LOG.warn("event=certificates_kept files={} reason=\"{}\"", files, e.getMessage());
      audit.changed(
          "certificates",
          "file",
          "refused",
          Map.of("files", files, "why", String.valueOf(e.getMessage())));
    }
  }

  @Override
  public boolean isClient() {
    return now.isClient();
  }

  @Override
  public List<String> cipherSuites() {
    return now.cipherSuites();
  }

  @Override
  @SuppressWarnings("deprecation") // Netty's own method has no other type.
  public ApplicationProtocolNegotiator applicationProtocolNegotiator() {
    return now.applicationProtocolNegotiator();
  }

  @Override
  public SSLEngine newEngine(ByteBufAllocator alloc) {
    return now.newEngine(alloc);
  }

  @Override
  public SSLEngine newEngine(ByteBufAllocator alloc, String peerHost, int peerPort) {
    return now.newEngine(alloc, peerHost, peerPort);
  }

  @Override
  public SSLSessionContext sessionContext() {
    return now.sessionContext();
  }
}
