package dev.gearbox.gateway.security;

import ch.qos.logback.core.ContextBase;
import ch.qos.logback.core.encoder.EncoderBase;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.util.FileSize;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Who was refused, and who changed what: one JSON object a line, in a file that is rotated. Neither
 * keys nor anything else that a client wrote is in it but what it calls itself by. Thread-safe, and
 * nobody waits for the disk: a flood of refusals loses some, and the next line says how many.
 */
public final class AuditLog implements AutoCloseable {
  /** Keeps nothing. */
  public static final AuditLog NONE = new AuditLog(null, InstantSource.system());

  private static final int WAITING = 4096;

  /** Refusals leave this much room for changes, of which none may be lost. */
  private static final int KEPT_FOR_CHANGES = 1024;

  private final @Nullable RollingFileAppender<String> file;
  private final InstantSource time;
  private final AtomicLong lost = new AtomicLong();
  private final AtomicInteger waiting = new AtomicInteger();
  private final ThreadPoolExecutor writer =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          // Bounded by the count of what waits: a bounded queue has a lock that event loops would
          // wait for.
          new LinkedTransferQueue<>(),
          Thread.ofPlatform().daemon().name("gearbox-audit").factory());

  private AuditLog(@Nullable RollingFileAppender<String> file, InstantSource time) {
    this.file = file;
    this.time = time;
  }

  /** Writes texts as they are. */
  private static final class Lines extends EncoderBase<String> {
    private static final byte[] NOTHING = {};

    @Override
    public byte[] headerBytes() {
      return NOTHING;
    }

    @Override
    public byte[] encode(String line) {
      return (line + "\n").getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public byte[] footerBytes() {
      return NOTHING;
    }
  }

  /**
   * Appends to a file.
   *
   * @param file its folder is made where it is missing
   * @param maxBytes after which it is put aside as {@code FILE.1}
   * @param kept how many of those there are
   * @throws IOException when it cannot be written
   */
  public static AuditLog open(Path file, long maxBytes, int kept, InstantSource time)
      throws IOException {
    Path absolute = file.toAbsolutePath();
    Path folder = absolute.getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    ContextBase context = new ContextBase();
    var appender = new RollingFileAppender<String>();
    var rolling = new FixedWindowRollingPolicy();
    rolling.setContext(context);
    rolling.setParent(appender);
    rolling.setFileNamePattern(absolute + ".%i");
    rolling.setMinIndex(1);
    rolling.setMaxIndex(kept);
    var size = new SizeBasedTriggeringPolicy<String>();
    size.setContext(context);
    size.setMaxFileSize(new FileSize(maxBytes));
    size.setCheckIncrement(ch.qos.logback.core.util.Duration.buildByMilliseconds(0));
    Lines lines = new Lines();
    lines.setContext(context);
    appender.setContext(context);
    appender.setFile(absolute.toString());
    appender.setEncoder(lines);
    appender.setRollingPolicy(rolling);
    appender.setTriggeringPolicy(size);
    rolling.start();
    size.start();
    lines.start();
    appender.start();
    if (!appender.isStarted()) {
      throw new IOException("cannot write security.audit.file " + file);
    }
    AuditLog log = new AuditLog(appender, time);
    log.writer.prestartCoreThread();
    return log;
  }

  /**
   * Somebody was turned away.
   *
   * @param door {@code api}, {@code admin}, {@code kafka}, {@code tls} or {@code engine}
   * @param from address of the other end
   * @param what that was asked for: a method and a route, or a name of ours
   * @param status as of HTTP; 0 where there is none
   * @param why in words of ours
   */
  public void refused(String door, String from, String what, int status, String why) {
    if (file == null) {
      return;
    }
    int most = WAITING - KEPT_FOR_CHANGES;
    if (waiting.get() >= most) {
      lost.incrementAndGet();
      return;
    }
    ObjectNode json = line("refused").put("door", door).put("from", from).put("what", what);
    if (status > 0) {
      json.put("status", status);
    }
    write(json.put("why", why), most);
  }

  /**
   * Something was changed, or was not.
   *
   * @param what such as {@code policy}, {@code keys}, {@code certificate}
   * @param who an operator, or {@code file}
   * @param outcome {@code done} or {@code refused}
   * @param facts more of it
   */
  public void changed(String what, String who, String outcome, Map<String, String> facts) {
    if (file == null) {
      return;
    }
    ObjectNode json = line("changed").put("what", what).put("who", who).put("outcome", outcome);
    new TreeMap<>(facts).forEach(json::put);
    write(json, WAITING);
  }

  private ObjectNode line(String event) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("time", time.instant().toString())
        .put("event", event);
  }

  private void write(ObjectNode json, int most) {
    if (waiting.incrementAndGet() > most) {
      waiting.decrementAndGet();
      lost.incrementAndGet();
      return;
    }
    try {
      writer.execute(() -> append(json));
    } catch (RejectedExecutionException e) {
      waiting.decrementAndGet();
      lost.incrementAndGet();
    }
  }

  private void append(ObjectNode json) {
    waiting.decrementAndGet();
    long missing = lost.getAndSet(0);
    if (missing > 0) {
      json.put("lost_before", missing);
    }
    if (file != null) {
      file.doAppend(JsonMapper.shared().writeValueAsString(json));
    }
  }

  /** Writes what waits. */
  @Override
  public void close() {
    if (file == null) {
      return;
    }
    writer.shutdown();
    try {
      var _ = writer.awaitTermination(2, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    file.stop();
  }
}
