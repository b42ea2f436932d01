package dev.gearbox.e2e;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.LocatorAssertions;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the console tells those who connect a client, and what it says of their requests. */
class ConsoleClientTest {
  private static final String KEY = "key-of-acme";
  private static final String CHAT =
      "{\"model\":\"auto\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

  @TempDir static Path folder;
  private static Chromium chromium;

  /** Asks everybody for a key. */
  private static GearboxProcess keyed;

  /** Asks nobody; an answer takes four seconds. */
  private static GearboxProcess slow;

  @BeforeAll
  static void start() throws Exception {
    byte[] hash =
        MessageDigest.getInstance("SHA-256").digest(KEY.getBytes(StandardCharsets.US_ASCII));
    keyed =
        gateway(
            "keyed",
            "tenants: [{name: acme, keys: [\"sha256:%s\"]}]"
                .formatted(HexFormat.of().formatHex(hash)),
            20);
    slow = gateway("slow", "", 4000);
    keyed.awaitReady();
    slow.awaitReady();
    chromium = new Chromium();
  }

  private static GearboxProcess gateway(String name, String more, int delay) throws Exception {
    Path config =
        Files.writeString(
            folder.resolve(name + ".yaml"),
            """
            gearbox:
              models: [{name: auto, reference: smollm2-135m-q4_1, variants: [smollm2-135m-q4_1]}]
              pools: [{name: cpu, variants: [smollm2-135m-q4_1], device: cpu-simd}]
              %s
            """
                .formatted(more));
    return GearboxProcess.rehearse("--config", config.toString(), "--delay-ms", "" + delay);
  }

  @AfterAll
  static void stop() throws Exception {
    chromium.close();
    slow.close();
    keyed.close();
  }

  @AfterEach
  void noPageComplained() {
    assertThat(chromium.complaints).isEmpty();
  }

  @Test
  void withoutKeysASnippetHasTheAddressOfTheApiAndAsksForNone() {
    for (String at :
        List.of(slow.uri("/#connect").toString(), slow.adminUri("/#connect").toString())) {
      Page page = chromium.open(at);
      assertThat(page.locator("#status")).containsText("ready", Chromium.soon());

      assertThat(snippet(page, "curl")).containsText("curl " + slow.uri("/v1/chat/completions"));
      assertThat(snippet(page, "curl")).not().containsText("authorization");
      assertThat(snippet(page, "Python"))
          .containsText("base_url=\"%s\", api_key=\"none\"".formatted(slow.uri("/v1")));
    }
  }

  @Test
  void aTenantsKeyIsShownAsDotsAndCopiedAsItIs() throws Exception {
    Page page = chromium.open(keyed.uri("/#connect").toString());
    page.context().grantPermissions(List.of("clipboard-read", "clipboard-write"));
    page.getByLabel("API key").fill(KEY);
    Chromium.button(page, "Look").click();
    assertThat(page.locator("#status")).containsText("ready", Chromium.soon());
    for (String name : List.of("curl", "Python", "Java", "Open WebUI", "Continue")) {
      assertThat(snippet(page, name)).containsText("••••••••");
    }
    assertThat(page.content()).doesNotContain(KEY);

    Chromium.button(page, "Copy curl").click();
    String copied = (String) page.evaluate("navigator.clipboard.readText()");
    assertThat(copied).contains("authorization: Bearer " + KEY);
    assertThat(said(copied)).contains("\"content\":\"word \"", "data: [DONE]");
  }

  @Test
  void anOperatorsPageHasAPlaceForTheKeyAndNoKey() throws Exception {
    Page page = chromium.open(keyed.adminUri("/#connect").toString());
    assertThat(page.locator("#status")).containsText("ready", Chromium.soon());
    assertThat(snippet(page, "curl")).containsText("authorization: Bearer YOUR-KEY");
    assertThat(snippet(page, "aider")).containsText("OPENAI_API_KEY=YOUR-KEY");
    assertThat(said(snippet(page, "curl").innerText())).contains("invalid_api_key");
  }

  @Test
  void aRecordSaysWhichTargetsWereAskedAndWhichAreOfTheClass() throws Exception {
    String id =
        keyed
            .post(
                "/v1/chat/completions",
                CHAT,
                "authorization",
                "Bearer " + KEY,
                "x-slo-class",
                "interactive",
                "x-slo-ttft-ms",
                "900")
            .headers()
            .firstValue("x-gearbox-decision-id")
            .orElseThrow();

    Page page = chromium.open(keyed.adminUri("/#decision/" + id).toString());
    assertThat(page.locator(".verdict .note"))
        .containsText("ttft ≤ 900 ms (asked) · tpot ≤ 100 ms (class)", Chromium.soon());
  }

  @Test
  void whoWaitsForAPlaceIsCountedWithTheTimeThatItTakes() {
    Page page = chromium.open(slow.uri("/").toString());
    List<CompletableFuture<HttpResponse<Void>>> asking =
        IntStream.range(0, 300).mapToObj(i -> ask()).toList();
    assertThat(page.locator("#status"))
        .containsText(Pattern.compile("[1-9]\\d* queued, ≈ [\\d.]+ s"), Chromium.soon());
    asking.forEach(each -> each.cancel(true));
    assertThat(page.locator("#status"))
        .not()
        .containsText("queued", new LocatorAssertions.ContainsTextOptions().setTimeout(60_000));
  }

  private static CompletableFuture<HttpResponse<Void>> ask() {
    return GearboxProcess.HTTP.sendAsync(
        HttpRequest.newBuilder(slow.uri("/v1/chat/completions"))
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(CHAT))
            .build(),
        HttpResponse.BodyHandlers.discarding());
  }

  private static Locator snippet(Page page, String name) {
    return page.locator(".snippet")
        .filter(
            new Locator.FilterOptions()
                .setHas(page.locator("button[aria-label='Copy %s']".formatted(name))))
        .locator("code");
  }

  /** What a command for a shell prints. */
  private static String said(String command) throws Exception {
    Process shell = new ProcessBuilder("bash", "-c", command).redirectErrorStream(true).start();
    return new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }
}
