package dev.gearbox.gateway.cli;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Asks a running gateway; tokens per second are counted over half a second. */
record PsRun(String admin, Screen screen) {
  private static final long SAMPLE_MILLIS = 500;
  private static final Pattern GENERATED =
      Pattern.compile("vllm:generation_tokens_total\\{([^}]*)\\} ([0-9.eE+]+)");

  void run(boolean json) throws IOException, InterruptedException {
    try (HttpClient client =
        HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build()) {
      JsonNode pools = Json.parse(get(client, "/admin/pools"));
      Map<String, Double> before = generated(get(client, "/metrics"), pools);
      Thread.sleep(SAMPLE_MILLIS);
      Map<String, Double> after = generated(get(client, "/metrics"), pools);
      for (JsonNode engine : pools.path("engines")) {
        String id = engine.path("engine").asString();
        double count = after.getOrDefault(id, 0.0) - before.getOrDefault(id, 0.0);
        ((ObjectNode) engine).put("tokens_per_second", count * 1000 / SAMPLE_MILLIS);
      }
      if (json) {
        screen.out().println(pools);
      } else {
        table(pools);
      }
    }
  }

  private void table(JsonNode pools) {
    Table table =
        new Table("VARIANT", "POOL", "DEVICE", "STATE", "T/S", "RUNNING", "QUEUE", "CONTEXT");
    for (JsonNode engine : pools.path("engines")) {
      String state = engine.path("state").asString();
      int percent = (int) (engine.path("progress").asDouble() * 100);
      table.row(
          engine.path("variant").asString(),
          engine.path("pool").asString(),
          engine.path("device").asString(),
          state.equals("loading") ? state + " " + percent + "%" : state,
          String.format(Locale.ROOT, "%.1f", engine.path("tokens_per_second").asDouble()),
          engine.path("running").asString("-"),
          engine.path("waiting").asString("-"),
          engine.path("max_model_len").asString("-"));
    }
    table.print(screen.out());
  }

  private String get(HttpClient client, String path) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(admin + path)).timeout(Duration.ofSeconds(5)).build();
    try {
      HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != 200) {
        throw new IOException(admin + path + " answers " + answer.statusCode());
      }
      return answer.body();
    } catch (ConnectException e) {
      throw new IOException(
          "nothing answers at "
              + admin
              + ": is gearbox serve running? --admin-port names another port",
          e);
    }
  }

  /** Tokens generated so far, by engine; the labels name the engine or its variant. */
  private static Map<String, Double> generated(String metrics, JsonNode pools) {
    Map<String, Double> counts = new HashMap<>();
    Matcher matcher = GENERATED.matcher(metrics);
    while (matcher.find()) {
      for (JsonNode engine : pools.path("engines")) {
        String labels = matcher.group(1);
        String id = engine.path("engine").asString();
        if (labels.contains("\"" + id + "\"")
            || labels.contains("\"" + engine.path("variant").asString() + "\"")) {
          counts.merge(id, Double.parseDouble(matcher.group(2)), Double::sum);
        }
      }
    }
    return counts;
  }
}
