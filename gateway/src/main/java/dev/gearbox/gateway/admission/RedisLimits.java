package dev.gearbox.gateway.admission;

import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.distributed.AsyncBucketProxy;
import io.github.bucket4j.distributed.ExpirationAfterWriteStrategy;
import io.github.bucket4j.distributed.proxy.AsyncProxyManager;
import io.github.bucket4j.redis.lettuce.Bucket4jLettuce;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accounts in a Redis, by bucket4j's compare-and-swap. It connects when it first can, and again
 * whenever it was lost; until then every question fails at once.
 */
public final class RedisLimits implements SharedLimits {
  private static final Logger LOG = LoggerFactory.getLogger(RedisLimits.class);
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final long AGAIN_MILLIS = 1000;

  private final RedisClient client;
  private final Duration timeout;
  private volatile @Nullable AsyncProxyManager<String> buckets;
  private volatile boolean closed;

  private RedisLimits(RedisClient client, Duration timeout) {
    this.client = client;
    this.timeout = timeout;
  }

  /**
   * Begins to connect; returns at once.
   *
   * @param address {@code redis://HOST:PORT}, with TLS {@code rediss://HOST:PORT}
   * @param passwordFile null for none
   * @param timeout of each question
   * @throws IOException when the file cannot be read
   */
  public static RedisLimits connect(String address, @Nullable Path passwordFile, Duration timeout)
      throws IOException {
    RedisURI uri = RedisURI.create(address);
    uri.setTimeout(timeout);
    if (passwordFile != null) {
      uri.setAuthentication(Files.readString(passwordFile).strip());
    }
    RedisLimits limits = new RedisLimits(RedisClient.create(uri), timeout);
    Thread.ofVirtual().name("gearbox-redis").start(limits::connect);
    return limits;
  }

  private void connect() {
    boolean said = false;
    while (!closed && buckets == null) {
      try {
        StatefulRedisConnection<String, byte[]> connection =
            client.connect(RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE));
        buckets =
            Bucket4jLettuce.casBasedBuilder(connection)
                .expirationAfterWrite(
                    ExpirationAfterWriteStrategy.basedOnTimeForRefillingBucketUpToMax(MINUTE))
                .build()
                .asAsync();
        LOG.info("event=shared_limits_connected");
      } catch (RuntimeException e) {
        if (!said) {
          LOG.warn("event=shared_limits_away reason=\"{}\"", e.getMessage());
          said = true;
        }
        pause();
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(AGAIN_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public Account account(String tenant, TenantLimits limits) {
    return new RedisAccount(tenant, limits);
  }

  private final class RedisAccount implements Account {
    private final String tenant;
    private final TenantLimits limits;

    RedisAccount(String tenant, TenantLimits limits) {
      this.tenant = tenant;
      this.limits = limits;
    }

    private @Nullable AsyncBucketProxy bucket(String what, @Nullable Number perMinute) {
      AsyncProxyManager<String> open = buckets;
      if (perMinute == null || open == null) {
        return null;
      }
      long most = perMinute.longValue();
      BucketConfiguration configuration =
          BucketConfiguration.builder()
              .addLimit(limit -> limit.capacity(most).refillGreedy(most, MINUTE))
              .build();
      return open.builder()
          .build(
              "gearbox:" + tenant + ":" + what + ":" + most,
              () -> CompletableFuture.completedFuture(configuration));
    }

    @Override
    public CompletableFuture<Answer> take(long tokens) {
      if (buckets == null) {
        return CompletableFuture.failedFuture(new IOException("the store is away"));
      }
      AsyncBucketProxy requests = bucket("requests", limits.requestsPerMinute());
      return probe(requests, 1)
          .thenCompose(first ->
              first != null && !first.isConsumed()
                  ? CompletableFuture.completedFuture(
                      new Answer(Over.REQUESTS, first.getNanosToWaitForRefill(), 0, -1))
                  : tokens(tokens, requests, first))
          .orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
    }

    private CompletableFuture<Answer> tokens(
        long tokens, @Nullable AsyncBucketProxy requests, @Nullable ConsumptionProbe first) {
      long left = first == null ? -1 : first.getRemainingTokens();
      return probe(bucket("tokens", limits.tokensPerMinute()), tokens)
          .thenApply(second -> {
            if (second == null || second.isConsumed()) {
              return new Answer(null, 0, left, second == null ? -1 : second.getRemainingTokens());
            }
            if (requests != null) {
              quietly(requests.addTokens(1));
            }
            long wait = second.getNanosToWaitForRefill();
            return new Answer(Over.TOKENS, wait, left, second.getRemainingTokens());
          });
    }

    @Override
    public void settle(long tokensBack) {
      AsyncBucketProxy bucket = tokensBack == 0 ? null : bucket("tokens", limits.tokensPerMinute());
      if (bucket != null) {
        quietly(
            tokensBack > 0
                ? bucket.addTokens(tokensBack)
                : bucket.consumeIgnoringRateLimits(-tokensBack));
      }
    }
  }

  private static CompletableFuture<@Nullable ConsumptionProbe> probe(
      @Nullable AsyncBucketProxy bucket, long amount) {
    if (bucket == null || amount == 0) {
      return CompletableFuture.completedFuture(null);
    }
    return bucket.tryConsumeAndReturnRemaining(amount).thenApply(probe -> probe);
  }

  /** A difference that cannot be told is lost with the store that was to know it. */
  private static void quietly(CompletableFuture<?> told) {
    var _ = told.exceptionally(e -> null);
  }

  @Override
  public void close() {
    closed = true;
    var _ = client.shutdownAsync(0, 1, TimeUnit.SECONDS);
  }
}
