package dev.gearbox.e2e;

import java.io.IOException;
import java.net.BindException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** A {@code ./gearbox serve} (or {@code engine}) of its own, on free ports, stopped by SIGTERM. */
final class GearboxProcess implements AutoCloseable {
  static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  static final HttpClient HTTP =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();

  private static final Pattern LOADED = Pattern.compile("\"value\"\\s*:\\s*\"loaded\"");

  private final Process process;
  private final Path log;
  private final String what;
  private final String[] arguments;
  final int port;
  final int adminPort;

  private GearboxProcess(
      Process process, Path log, int port, int adminPort, String what, String... arguments) {
    this.what = what;
    this.arguments = arguments.clone();
    this.process = process;
    this.log = log;
    this.port = port;
    this.adminPort = adminPort;
  }

  /** Starts {@code gearbox serve} with these arguments besides the ports; does not wait. */
  static GearboxProcess serve(String... arguments) throws IOException {
    return start("serve", arguments);
  }

  /** Starts {@code gearbox engine} the same way. */
  static GearboxProcess engine(String... arguments) throws IOException {
    return start("engine", arguments);
  }

  /** Starts what has ended once more, on the same ports. */
  GearboxProcess again() throws IOException {
    return start(what, port, adminPort, arguments);
  }

  /** Starts the platform with engines that compute nothing. */
  static GearboxProcess rehearse(String... arguments) throws IOException {
    return start("rehearse", arguments);
  }

  private static GearboxProcess start(String what, String... arguments) throws IOException {
    return start(what, freePort(), freePort(), arguments);
  }

  private static GearboxProcess start(String what, int port, int adminPort, String... arguments)
      throws IOException {
    var command = new ArrayList<>(List.of(ROOT.resolve("gearbox").toString(), what));
    command.addAll(
        List.of("--port", Integer.toString(port), "--admin-port", Integer.toString(adminPort)));
    command.addAll(List.of(arguments));
    Path log = Files.createTempFile("gearbox-e2e", ".log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    return new GearboxProcess(process, log, port, adminPort, what, arguments);
  }

  /** Waits until it listens; its weights may still be on their way. */
  GearboxProcess awaitLive() throws Exception {
    await("the program", "/health/live", body -> true);
    return this;
  }

  /** Waits until it takes requests. */
  GearboxProcess awaitReady() throws Exception {
    await("a model", "/health/ready", body -> true);
    return this;
  }

  /** Waits until every one of these variants is loaded. */
  GearboxProcess awaitVariants(String... variants) throws Exception {
    for (String variant : variants) {
      await(variant, "/v1/models/" + variant, LOADED.asPredicate());
    }
    return this;
  }

  /** Waits until a metric is at least {@code least}: what ended is counted a moment after it. */
  void awaitMetric(String name, double least) throws Exception {
    long deadline = System.nanoTime() + Duration.ofMinutes(2).toNanos();
    while (metric(name) < least) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError(name + " stays below " + least + ":\n" + output());
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  private void await(String what, String path, Predicate<String> there) throws Exception {
    long deadline = System.nanoTime() + Duration.ofMinutes(5).toNanos();
    while (!says(path, there)) {
      if (!process.isAlive() || System.nanoTime() > deadline) {
        throw new AssertionError(what + " is not there; the program said:\n" + output());
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  private boolean says(String path, Predicate<String> there) throws InterruptedException {
    try {
      var answer = get(path);
      return answer.statusCode() == 200 && there.test(answer.body());
    } catch (IOException e) {
      return false; // not listening yet
    }
  }

  URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port + path);
  }

  URI adminUri(String path) {
    return URI.create("http://127.0.0.1:" + adminPort + path);
  }

  HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder(uri(path)).GET());
  }

  HttpResponse<String> admin(String path) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder(adminUri(path)).GET());
  }

  /** Posts JSON; {@code headers} are names and values in turn. */
  HttpResponse<String> post(String path, String json, String... headers)
      throws IOException, InterruptedException {
    var request =
        HttpRequest.newBuilder(uri(path))
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return send(request);
  }

  /** Posts JSON to the admin port. */
  HttpResponse<String> postAdmin(String path, String json)
      throws IOException, InterruptedException {
    return send(
        HttpRequest.newBuilder(adminUri(path))
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json)));
  }

  private static HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return HTTP.send(
        request.timeout(Duration.ofMinutes(3)).build(), HttpResponse.BodyHandlers.ofString());
  }

  /** Sum over the samples of a metric whose line contains all of {@code labels}; 0 without any. */
  double metric(String name, String... labels) throws IOException, InterruptedException {
    return admin("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
        .filter(line -> List.of(labels).stream().allMatch(line::contains))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  String output() throws IOException {
    return Files.readString(log);
  }

  Process process() {
    return process;
  }

  /** Ends it at once, as a power cut would. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  @Override
  public void close() throws IOException {
    process.destroy();
    try {
      if (!process.waitFor(45, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Files.deleteIfExists(log);
  }

  /** A port that nobody listens on, below those that connections on their way out are given. */
  static int freePort() throws IOException {
    for (int tries = 0; ; tries++) {
      int port = ThreadLocalRandom.current().nextInt(15_000, 32_000);
      try (var socket = new ServerSocket(port)) {
        return socket.getLocalPort();
      } catch (BindException e) {
        if (tries == 100) {
          throw e;
        }
      }
    }
  }
}
