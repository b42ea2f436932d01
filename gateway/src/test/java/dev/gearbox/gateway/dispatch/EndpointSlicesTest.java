package dev.gearbox.gateway.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lists as the API of Kubernetes documents them, from a server that says what it was asked. */
class EndpointSlicesTest {
  private static final String FIRST =
      """
      {"kind":"EndpointSliceList","apiVersion":"discovery.k8s.io/v1",
       "metadata":{"resourceVersion":"7","continue":"page 2"},
       "items":[{"metadata":{"name":"vllm-a"},"addressType":"IPv4",
         "ports":[{"name":"metrics","port":9090},{"name":"http","port":8000,"protocol":"TCP"}],
         "endpoints":[
           {"addresses":["10.0.0.1"],"conditions":{"ready":true,"serving":true}},
           {"addresses":["10.0.0.2"],"conditions":{"ready":false,"terminating":true}},
           {"addresses":["10.0.0.3"]}]}]}
      """;
  private static final String SECOND =
      """
      {"kind":"EndpointSliceList","metadata":{"resourceVersion":"7"},
       "items":[
         {"addressType":"IPv6","ports":[{"port":443,"appProtocol":"https"}],
          "endpoints":[{"addresses":["fd00::1"],"conditions":{"ready":true}}]},
         {"addressType":"IPv4","ports":[],"endpoints":[{"addresses":["10.0.0.4"]}]}]}
      """;

  @TempDir private Path folder;
  private final List<String> asked = new ArrayList<>();
  private final List<String> tokens = new ArrayList<>();
  private final HttpServer api;
  private int status = 200;
  private List<String> pages = List.of(FIRST, SECOND);

  EndpointSlicesTest() throws IOException {
    api = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
  }

  @BeforeEach
  void start() {
    api.createContext(
        "/",
        exchange -> {
          asked.add(exchange.getRequestURI().getPath() + "?" + exchange.getRequestURI().getQuery());
          tokens.add(exchange.getRequestHeaders().getFirst("authorization"));
          String page = pages.get((asked.size() - 1) % pages.size());
          byte[] body = page.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    api.start();
  }

  @AfterEach
  void stop() {
    api.stop(0);
  }

  private EndpointSlices slices() throws IOException {
    Path token = Files.writeString(folder.resolve("token"), "first\n");
    URI uri = URI.create("http://127.0.0.1:" + api.getAddress().getPort());
    return new EndpointSlices(
        new EndpointSlices.Cluster(uri, token, null), "models", "app=vllm,tier in (gpu,tpu)");
  }

  @Test
  void readyEndpointsOfAllPagesAreServers() throws Exception {
    assertThat(slices().look())
        .isEqualTo(
            Set.of(
                URI.create("http://10.0.0.1:8000"),
                URI.create("http://10.0.0.3:8000"),
                URI.create("https://[fd00::1]:443")));
    assertThat(asked)
        .containsExactly(
            "/apis/discovery.k8s.io/v1/namespaces/models/endpointslices"
                + "?limit=500&labelSelector=app=vllm,tier in (gpu,tpu)&resourceVersion=0",
            "/apis/discovery.k8s.io/v1/namespaces/models/endpointslices"
                + "?limit=500&labelSelector=app=vllm,tier in (gpu,tpu)&continue=page 2");
  }

  @Test
  void theTokenIsReadAnewBecauseItIsReplacedWhileItIsValid() throws Exception {
    pages = List.of(SECOND);
    EndpointSlices slices = slices();
    slices.look();
    Files.writeString(folder.resolve("token"), "second");
    slices.look();
    assertThat(tokens).containsExactly("Bearer first", "Bearer second");
  }

  @Test
  void aClusterThatRefusesOrLiesSaysNothingOfTheServers() throws Exception {
    EndpointSlices slices = slices();
    status = 403;
    assertThatThrownBy(slices::look)
        .isInstanceOf(IOException.class)
        .hasMessage("the cluster answered 403 to a list of endpointslices in models");
    status = 200;
    pages = List.of("{\"items\":[");
    assertThatThrownBy(slices::look)
        .isInstanceOf(IOException.class)
        .hasMessage("the cluster's list is not JSON");
  }
}
