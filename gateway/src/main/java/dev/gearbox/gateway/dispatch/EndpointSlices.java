package dev.gearbox.gateway.dispatch;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Servers that Kubernetes lists: the ready endpoints of the EndpointSlices in a namespace that a
 * label selector picks, such as {@code kubernetes.io/service-name=vllm}. Their port is the one that
 * is named {@code http} or {@code https}, or else the first. One thread at a time.
 *
 * @see <a href="https://kubernetes.io/docs/reference/kubernetes-api/">discovery.k8s.io/v1</a>
 */
public final class EndpointSlices implements Discovery.Source {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final int PAGE = 500;
  private static final long MOST_BYTES = 16L << 20;

  private final Cluster cluster;
  private final String namespace;
  private final String selector;
  private @Nullable HttpClient client;

  /**
   * How to reach the cluster's API.
   *
   * @param api its address
   * @param token file with the token that it wants, read anew each time, because it is replaced
   *     while it is valid; null for none
   * @param authority file with the certificate that it is known by; null for those of the machine
   */
  public record Cluster(URI api, @Nullable Path token, @Nullable Path authority) {
    private static final Path ACCOUNT = Path.of("/var/run/secrets/kubernetes.io/serviceaccount");

    /**
     * The cluster that this program runs in, as its service account.
     *
     * @throws IOException when it runs in none
     */
    public static Cluster around() throws IOException {
      String host = System.getenv("KUBERNETES_SERVICE_HOST");
      String port = System.getenv("KUBERNETES_SERVICE_PORT");
      if (host == null || port == null) {
        throw new IOException("this program does not run in a Kubernetes cluster");
      }
      return new Cluster(
          Discovery.server("https", host, Integer.parseInt(port)),
          ACCOUNT.resolve("token"),
          ACCOUNT.resolve("ca.crt"));
    }
  }

  /** Looks in a namespace for what {@code selector} picks, in the notation of {@code kubectl}. */
  public EndpointSlices(Cluster cluster, String namespace, String selector) {
    this.cluster = cluster;
    this.namespace = namespace;
    this.selector = selector;
  }

  @Override
  public Set<URI> look() throws IOException, InterruptedException {
    Set<URI> servers = new TreeSet<>();
    String next = "";
    do {
      JsonNode page = page(next);
      page.path("items").forEach(slice -> add(slice, servers));
      next = page.at("/metadata/continue").asString("");
    } while (!next.isEmpty());
    return servers;
  }

  private static void add(JsonNode slice, Set<URI> servers) {
    JsonNode port = port(slice.path("ports"));
    if (!port.path("port").canConvertToInt()) {
      return;
    }
    boolean secure =
        "https".equals(port.path("name").asString(""))
            || "https".equals(port.path("appProtocol").asString(""));
    for (JsonNode endpoint : slice.path("endpoints")) {
      // No word on it means that it is ready.
      if (endpoint.at("/conditions/ready").asBoolean(true)) {
        String address = endpoint.path("addresses").path(0).asString("");
        if (!address.isEmpty()) {
          servers.add(
              Discovery.server(secure ? "https" : "http", address, port.path("port").asInt()));
        }
      }
    }
  }

  private static JsonNode port(JsonNode ports) {
    for (JsonNode port : ports) {
      if (port.path("name").asString("").matches("https?")) {
        return port;
      }
    }
    return ports.path(0);
  }

  private JsonNode page(String next) throws IOException, InterruptedException {
    // What the API server has in its cache is young enough.
    String from = next.isEmpty() ? "&resourceVersion=0" : "&continue=" + encoded(next);
    URI uri =
        cluster
            .api()
            .resolve(
                "/apis/discovery.k8s.io/v1/namespaces/%s/endpointslices?limit=%d&labelSelector=%s%s"
                    .formatted(namespace, PAGE, encoded(selector), from));
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri).timeout(PATIENCE).header("accept", "application/json");
    Path token = cluster.token();
    if (token != null) {
      request.header("authorization", "Bearer " + Files.readString(token).strip());
    }
    HttpResponse<byte[]> answer =
        client()
            .send(
                request.build(),
                HttpResponse.BodyHandlers.limiting(
                    HttpResponse.BodyHandlers.ofByteArray(), MOST_BYTES));
    if (answer.statusCode() != 200) {
      throw new IOException(
          "the cluster answered %d to a list of endpointslices in %s"
              .formatted(answer.statusCode(), namespace));
    }
    try {
      return JsonMapper.shared().readTree(answer.body());
    } catch (JacksonException e) {
      throw new IOException("the cluster's list is not JSON", e);
    }
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private HttpClient client() throws IOException {
    if (client == null) {
      HttpClient.Builder made = HttpClient.newBuilder().connectTimeout(PATIENCE);
      Path authority = cluster.authority();
      if (authority != null) {
        made.sslContext(trusting(authority));
      }
      client = made.build();
    }
    return client;
  }

  private static SSLContext trusting(Path authority) throws IOException {
    try (InputStream in = Files.newInputStream(authority)) {
      KeyStore known = KeyStore.getInstance(KeyStore.getDefaultType());
      known.load(null, null);
      int number = 0;
      for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        known.setCertificateEntry("authority-" + number++, each);
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(known);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException("cannot use the certificate in " + authority, e);
    }
  }
}
