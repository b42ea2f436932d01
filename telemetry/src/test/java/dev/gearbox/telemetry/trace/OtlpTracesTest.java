package dev.gearbox.telemetry.trace;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import com.sun.net.httpserver.HttpServer;
import dev.gearbox.telemetry.record.EngineTimings;
import dev.gearbox.telemetry.record.Outcome;
import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.TokenCounts;
import dev.gearbox.telemetry.record.TraceContext;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OtlpTracesTest {
  private static final String CLIENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  private static final long MS = 1_000_000;

  private final BlockingQueue<byte[]> bodies = new LinkedBlockingQueue<>();
  private HttpServer collector;

  @BeforeEach
  void collect() throws IOException {
    collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    collector.createContext(
        "/v1/traces",
        exchange -> {
          bodies.add(exchange.getRequestBody().readAllBytes());
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    collector.start();
  }

  @AfterEach
  void stop() {
    collector.stop(0);
  }

  @Test
  void aRequestIsOneTraceFromItsClientToItsLastToken() throws Exception {
    Note rule = new Note("gearbox.rule").with("gearbox.rule", "floor").with("gearbox.margin", 0.5);
    Told spans = told(CLIENT, false, timeline(Outcome.STOP, 200), List.of(rule));

    Span root = spans.span("chat auto");
    assertThat(hex(root.getTraceId().toByteArray())).isEqualTo("0af7651916cd43dd8448eb211c80319c");
    assertThat(hex(root.getParentSpanId().toByteArray())).isEqualTo("b7ad6b7169203331");
    assertThat(root.getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_SERVER);
    assertThat(attributes(root))
        .containsEntry("gen_ai.operation.name", "chat")
        .containsEntry("gen_ai.request.model", "auto")
        .containsEntry("gen_ai.response.model", "small")
        .containsEntry("gen_ai.usage.output_tokens", "5")
        .containsEntry("gearbox.decision.id", "dec-1");
    assertThat(spans.names())
        .containsExactlyInAnyOrder(
            "chat auto", "admission", "decision", "queue", "prefill", "decode");
    for (String child : List.of("admission", "decision", "queue", "prefill", "decode")) {
      assertThat(spans.span(child).getParentSpanId()).isEqualTo(root.getSpanId());
    }
    assertThat(millis(spans.span("decision"))).isEqualTo(3);
    assertThat(millis(spans.span("queue"))).isEqualTo(10);
    assertThat(millis(spans.span("prefill"))).isEqualTo(20);
    assertThat(millis(root)).isEqualTo(600);
    assertThat(spans.span("decision").getEvents(0).getName()).isEqualTo("gearbox.rule");
  }

  @Test
  void whatComesOutOfAQueueHasATraceOfItsOwnLinkedToWhatPutItThere() throws Exception {
    Told spans = told(CLIENT, true, timeline(Outcome.STOP, 200), List.of());

    Span root = spans.span("chat auto");
    assertThat(root.getParentSpanId()).isEmpty();
    assertThat(hex(root.getTraceId().toByteArray())).isNotEqualTo(CLIENT.substring(3, 35));
    assertThat(hex(root.getLinks(0).getTraceId().toByteArray())).isEqualTo(CLIENT.substring(3, 35));
  }

  @Test
  void aRefusalEndsAtTheDecision() throws Exception {
    Told spans = told(null, false, timeline(Outcome.REFUSED, 503), List.of());

    assertThat(spans.names()).containsExactlyInAnyOrder("chat auto", "admission", "decision");
    assertThat(attributes(spans.span("chat auto"))).containsEntry("error.type", "503");
  }

  @Test
  void clientsAndTheConfiguredShareSayWhatIsRecorded() {
    try (OtlpTraces none = traces(address(), 0)) {
      assertThat(none.begin(CLIENT, false, "chat").sampled()).isTrue();
      assertThat(none.begin(CLIENT.replace("-01", "-00"), false, "chat").sampled()).isFalse();
      assertThat(none.begin(null, false, "chat").sampled()).isFalse();
    }
    try (OtlpTraces all = traces(address(), 1)) {
      assertThat(all.begin(null, false, "chat").sampled()).isTrue();
      TraceContext odd = all.begin("00-" + "0".repeat(32) + "-b7ad6b7169203331-01", false, "chat");
      assertThat(odd.parent()).as("an invalid header is as none").isNull();
    }
    assertThat(Traces.OFF.begin(null, false, "chat")).isNull();
    assertThat(requireNonNull(Traces.OFF.begin(CLIENT, false, "chat")).header()).isEqualTo(CLIENT);
  }

  @Test
  void aCollectorThatHangsLosesTracesAndHoldsUpNobody() throws Exception {
    try (ServerSocket hanging = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      URI address = URI.create("http://127.0.0.1:" + hanging.getLocalPort() + "/v1/traces");
      try (OtlpTraces traces = traces(address, 1)) {
        int requests = 3 * OtlpTraces.QUEUED;
        for (int i = 0; i < requests; i++) {
          TraceContext trace = traces.begin(null, false, "chat");
          traces.ended(timeline(Outcome.STOP, 200).in(trace));
        }
        assertThat(traces.lost().queue()).isPositive();
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (traces.lost().export() == 0 && System.nanoTime() < end) {
          Thread.sleep(10);
        }
        assertThat(traces.lost().export()).isPositive();
      }
    }
  }

  private Told told(
      @Nullable String traceparent, boolean queued, RequestTimeline timeline, List<Note> notes)
      throws Exception {
    Function<String, List<Note>> said = id -> id.equals("dec-1") ? notes : List.of();
    try (OtlpTraces traces =
        new OtlpTraces(address(), 1, Duration.ofSeconds(5), System::nanoTime, said)) {
      traces.ended(timeline.in(traces.begin(traceparent, queued, "chat")));
    }
    return new Told(spans());
  }

  private Map<String, Span> spans() throws InterruptedException, InvalidProtocolBufferException {
    byte[] body = bodies.poll(10, TimeUnit.SECONDS);
    assertThat(body).as("an export").isNotNull();
    return ExportTraceServiceRequest.parseFrom(body).getResourceSpansList().stream()
        .flatMap(each -> each.getScopeSpansList().stream())
        .flatMap(each -> each.getSpansList().stream())
        .collect(Collectors.toMap(Span::getName, span -> span));
  }

  /** What the collector was told, by the names of spans. */
  private record Told(Map<String, Span> spans) {
    Span span(String name) {
      return requireNonNull(spans.get(name), name);
    }

    Set<String> names() {
      return spans.keySet();
    }
  }

  private URI address() {
    return URI.create("http://127.0.0.1:" + collector.getAddress().getPort() + "/v1/traces");
  }

  private static OtlpTraces traces(URI address, double sample) {
    return new OtlpTraces(
        address, sample, Duration.ofMillis(200), System::nanoTime, id -> List.of());
  }

  private static Map<String, String> attributes(Span span) {
    return span.getAttributesList().stream()
        .collect(
            Collectors.toMap(
                each -> each.getKey(),
                each ->
                    each.getValue().hasIntValue()
                        ? Long.toString(each.getValue().getIntValue())
                        : each.getValue().getStringValue()));
  }

  private static long millis(Span span) {
    return (span.getEndTimeUnixNano() - span.getStartTimeUnixNano()) / MS;
  }

  private static String hex(byte[] id) {
    return HexFormat.of().formatHex(id);
  }

  private static RequestTimeline timeline(Outcome outcome, int code) {
    boolean answered = code == 200;
    return new RequestTimeline(
        "r",
        "dec-1",
        "auto",
        answered ? "small" : null,
        answered ? "cpu" : null,
        answered ? "cpu/small" : null,
        "std",
        "acme",
        true,
        1000 * MS,
        1001 * MS,
        1004 * MS,
        answered ? 1200 * MS : 0,
        1600 * MS,
        answered ? new TokenCounts(10, 4, 5) : TokenCounts.NONE,
        new EngineTimings(10 * MS, 20 * MS, 400 * MS),
        outcome,
        code);
  }
}
