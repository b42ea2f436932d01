package dev.gearbox.workshop;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Downloads over HTTP and goes on where it stopped, with a range. A connection that breaks is tried
 * again as long as each attempt brings something.
 *
 * @param connect until the head of the answer, name lookup included
 * @param stall longest silence in the middle
 */
record HttpFetcher(Source.Http source, Duration connect, Duration stall) implements Fetcher {
  static final Duration CONNECT = Duration.ofMillis(2500);
  static final Duration STALL = Duration.ofSeconds(30);

  @Override
  public boolean remote() {
    return true;
  }

  @Override
  public void fetch(PartialFile partial, long size, FetchListener listener)
      throws IOException, InterruptedException {
    long before = partial.bytesFrom(source.written());
    while (before < size) {
      IOException broken = attempt(partial, before, size, listener);
      long now = partial.size();
      if (now >= size) {
        return;
      }
      if (broken == null) {
        throw new IOException("ends after " + now + " of " + size + " bytes");
      }
      if (now <= before) {
        throw broken;
      }
      listener.note(source.written() + ": " + reason(broken) + ", going on at byte " + now);
      before = now;
    }
  }

  /** One connection; gives back the exception that broke it in the middle. */
  private @Nullable IOException attempt(
      PartialFile partial, long from, long size, FetchListener listener)
      throws IOException, InterruptedException {
    HttpURLConnection connection = open(from);
    try {
      long start = startOfBody(connection, from);
      long length = connection.getContentLengthLong();
      if (length >= 0 && start + length != size) {
        partial.delete();
        throw new IOException(
            "has %d bytes where the catalog says %d".formatted(start + length, size));
      }
      // Only a source that answers may throw away what another one brought.
      partial.begin(source.written());
      try (InputStream in = connection.getInputStream();
          OutputStream out = partial.writeAt(start)) {
        new Copy(listener, size).transfer(in, out, start);
        return null;
      } catch (IOException e) {
        return e;
      }
    } finally {
      connection.disconnect();
    }
  }

  /** The byte that the body begins with: servers may ignore the range. */
  private static long startOfBody(HttpURLConnection connection, long from) throws IOException {
    int status = connection.getResponseCode();
    if (status == HttpURLConnection.HTTP_OK) {
      return 0;
    }
    String range = connection.getHeaderField("Content-Range");
    if (status == HttpURLConnection.HTTP_PARTIAL
        && range != null
        && range.startsWith("bytes " + from + "-")) {
      return from;
    }
    throw new IOException("answers " + status);
  }

  private HttpURLConnection open(long from) throws IOException, InterruptedException {
    FutureTask<HttpURLConnection> task =
        new FutureTask<>(() -> {
          var connection = (HttpURLConnection) source.uri().toURL().openConnection();
          connection.setConnectTimeout((int) connect.toMillis());
          connection.setReadTimeout((int) stall.toMillis());
          connection.setRequestProperty("Accept-Encoding", "identity");
          connection.setRequestProperty("User-Agent", "gearbox");
          if (from > 0) {
            connection.setRequestProperty("Range", "bytes=" + from + "-");
          }
          connection.getResponseCode();
          return connection;
        });
    // Name lookup has no time-out of its own, so the head is awaited from outside.
    Thread.ofPlatform().daemon().name("fetch-" + source.uri().getHost()).start(task);
    try {
      return task.get(connect.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new IOException("no answer within " + connect.toMillis() + " ms", e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException io
          ? new IOException(reason(io), io)
          : new IOException(e.getCause());
    }
  }

  private static String reason(IOException e) {
    return switch (e) {
      case UnknownHostException unknown -> "no such host " + unknown.getMessage();
      default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    };
  }
}
