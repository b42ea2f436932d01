package dev.gearbox.e2e;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import com.sun.net.httpserver.HttpServer;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The console as an operator has it before them: in a browser, by mouse or by keyboard. */
@Tag("weights")
class ConsoleTest {
  private static final String HOSTILE = "<img src=x onerror=document.title='owned'>";
  private static final List<String> VIEWS =
      List.of("live", "decisions", "playground", "policy", "connect", "config");

  private static Desk desk;

  @TempDir static Path folder;

  @BeforeAll
  static void start() throws Exception {
    desk = Desk.at(GearboxProcess::rehearse);
  }

  @AfterAll
  static void stop() throws Exception {
    desk.close();
  }

  @AfterEach
  void noPageComplained() {
    assertThat(desk.chromium().complaints).isEmpty();
  }

  @Test
  void theFirstLoadShowsHowFarItIs() throws Exception {
    Path models = Path.of(String.valueOf(System.getenv("GEARBOX_MODELS")));
    Path weights = models.resolve("smollm2-135m-instruct-q4_1.gguf");
    Path fetched = models.resolve("first-%d.gguf".formatted(System.nanoTime()));
    CountDownLatch seen = new CountDownLatch(1);
    HttpServer source = slow(weights, seen);
    Path config =
        Files.writeString(
            folder.resolve("first.yaml"),
            """
            gearbox:
              catalog: ["file:first-catalog.yaml"]
              models:
                - {name: auto, reference: first, variants: [first]}
              pools:
                - {name: cpu, variants: [first], device: cpu-simd}
            """);
    Files.writeString(
        folder.resolve("first-catalog.yaml"),
        """
        catalog:
          variants:
            - name: first
              model: SmolLM2-135M-Instruct
              techniques: [quantized]
              licence: Apache-2.0
              file: %s
              size: 98362432
              sha256: b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
              sources: ["http://127.0.0.1:%d/weights"]
        """
            .formatted(fetched.getFileName(), source.getAddress().getPort()));
    try (GearboxProcess gearbox = GearboxProcess.serve("--config", config.toString())) {
      gearbox.awaitLive();
      Page page = desk.chromium().open(gearbox.uri("/").toString());
      Locator loading = page.getByLabel("Weights on their way");
      assertThat(loading).containsText("The first model is on its way", patient());
      assertThat(loading).containsText(Pattern.compile("[1-9]\\d? % of 98 MB"), patient());

      seen.countDown();
      assertThat(loading).isHidden(new LocatorAssertions.IsHiddenOptions().setTimeout(60_000));
      assertThat(page.locator("#status")).containsText("ready");
    } finally {
      source.stop(0);
      Files.deleteIfExists(fetched);
    }
  }

  @Test
  void whatIsOpenToOthersWithoutAKeyIsSaidUntilItIsKnown() throws Exception {
    Path config =
        Files.writeString(
            folder.resolve("proxied.yaml"),
            """
            gearbox:
              models: [{name: auto, reference: smollm2-135m-q4_1, variants: [smollm2-135m-q4_1]}]
              pools: [{name: cpu, variants: [smollm2-135m-q4_1], device: cpu-simd}]
              security: {hosts: [chat.example]}
            """);
    try (GearboxProcess proxied = GearboxProcess.rehearse("--config", config.toString())) {
      Page page = desk.chromium().open(proxied.awaitLive().uri("/").toString());
      Locator said = page.getByLabel("Open without a key");
      assertThat(said).containsText("Keys of tenants close it", Chromium.soon());
      Chromium.button(page, "Hide").click();
      assertThat(said).isHidden();
      page.reload();
      assertThat(page.locator("#status")).containsText("ready", Chromium.soon());
      assertThat(said).isHidden();
    }
    Page closed = desk.open("live");
    assertThat(closed.locator("#status")).containsText("ready", Chromium.soon());
    assertThat(closed.getByLabel("Open without a key")).isHidden();
  }

  @Test
  void aDecisionIsInTheShareOfItsGearAndItsEndInTheHistoryOfItsClass() throws Exception {
    desk.gearbox()
        .post(
            "/v1/chat/completions",
            "{\"model\":\"auto\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
    Page page = desk.open("live");

    assertThat(page.locator(".strip")).containsText(Shared.LARGE, Chromium.soon());
    assertThat(page.locator(".strip")).containsText(Pattern.compile("\\d+ %"));
    assertThat(
            page.locator(".class")
                .filter(new Locator.FilterOptions().setHasText("standard"))
                .locator(".ends"))
        .hasAttribute("aria-label", Pattern.compile("^last 15 min.* [1-9]\\d* met, "));
  }

  @Test
  void rulesThatDoNotCompileShowTheirLine() {
    Page page = desk.operator("policy");
    Locator editor = page.getByLabel("Rules, as DRL or a decision table in CSV");
    String text = editor.inputValue();
    editor.fill(text.replace("name == ", "nmae == "));
    Chromium.button(page, "Check").click();
    assertThat(page.locator(".problems")).containsText("line 10", Chromium.soon());
    page.locator(".problems button").first().click();
    assertThat(page.locator(".gutter .wrong")).hasText("10");
    assertThat(editor).isFocused();

    editor.fill(text.replace("short answers for batch", HOSTILE));
    Chromium.button(page, "Check").click();
    assertThat(page.locator(".problems")).containsText("They compile", Chromium.soon());
    Chromium.button(page, "Try in the shadow").click();
    assertThat(page.locator(".problems")).containsText("in the shadow", Chromium.soon());
    assertThat(page.getByText("looked at 0 decisions").last()).isVisible();
    Chromium.button(page, "Promote the shadow").click();
    assertThat(page.locator("[data-rule]").filter(new Locator.FilterOptions().setHasText(HOSTILE)))
        .hasCount(1);
    page.reload();
    assertThat(page.locator("[data-rule]").filter(new Locator.FilterOptions().setHasText(HOSTILE)))
        .hasCount(1);
    assertThat(page.locator("img")).hasCount(0);
    assertThat(page.title()).isEqualTo("Policy · Gearbox");
  }

  @Test
  void thePublicPageOffersNoEditor() {
    Page page = desk.open("policy");

    assertThat(page.getByText("Rules are changed on the admin port")).isVisible();
    assertThat(page.locator("textarea")).hasCount(0);
  }

  @Test
  void theOperatorSeesWhatHoldsAndWhereItComesFrom() {
    Page page = desk.operator("config");
    Locator rows = page.locator("tbody tr");
    assertThat(
            rows.filter(new Locator.FilterOptions().setHasText("gearbox.models[auto].reference")))
        .containsText(Pattern.compile("two-variants\\.yaml:\\d+"), Chromium.soon());
    assertThat(rows.filter(new Locator.FilterOptions().setHasText("admin-port")))
        .containsText(desk.gearbox().adminPort + "command line");

    page.getByLabel("Find").fill("max-body");
    assertThat(page.getByText("No setting fits.")).isVisible();
    page.getByLabel("only what somebody wrote").uncheck();
    assertThat(rows).hasText(new String[] {"gearbox.server.max-body20MBdefault"});

    Page tenant = desk.open("config");
    assertThat(tenant.getByText("The configuration is shown on the admin port")).isVisible();
    assertThat(tenant.locator("table")).hasCount(0);
    assertThat(Chromium.link(tenant, "Config")).isHidden();
  }

  @Test
  void everythingIsReachedByKeyboard() {
    for (String view : VIEWS) {
      Page page = desk.operator(view);
      assertThat(page.locator("#status")).containsText("ready", Chromium.soon());
      @SuppressWarnings("unchecked")
      List<String> offered =
          (List<String>)
              page.evaluate(
                  "() => {"
                      + NAME
                      + "return"
                      + " [...document.querySelectorAll('a[href],button,input,select,textarea')].filter((each)"
                      + " => each.checkVisibility() && !each.disabled).map(name); }");
      Set<String> reached = new LinkedHashSet<>();
      for (int i = 0; i < offered.size() + 8; i++) {
        page.keyboard().press("Tab");
        reached.add(
            String.valueOf(
                page.evaluate("() => {" + NAME + "return name(document.activeElement); }")));
      }
      assertThat(reached).as(view).containsAll(offered);
      page.context().close();
    }
  }

  @Test
  void axeFindsNothingSerious() throws Exception {
    desk.gearbox()
        .post(
            "/v1/chat/completions",
            "{\"model\":\"auto\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
    List<String> found = new ArrayList<>();
    for (ColorScheme scheme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
      int width = scheme == ColorScheme.LIGHT ? 1440 : 390;
      Page page = desk.chromium().open(desk.gearbox().adminUri("/").toString(), scheme, width, 900);
      for (String view : VIEWS) {
        page.navigate(desk.gearbox().adminUri("/#" + view).toString());
        assertThat(page.locator("main.view-" + view)).isVisible();
        assertThat(page.locator("#status")).containsText("ready", Chromium.soon());
        Chromium.violations(page).forEach(each -> found.add(view + " " + scheme + " " + each));
        assertThat((Boolean) page.evaluate("document.body.scrollWidth <= innerWidth"))
            .as("%s does not scroll sideways at %d", view, width)
            .isTrue();
        assertThat(page.title()).endsWith("Gearbox");
      }
      page.getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName("Decisions")).click();
      page.locator("tbody a").first().click();
      assertThat(page.getByText("Candidates").first()).isVisible();
      Chromium.violations(page).forEach(each -> found.add("record " + scheme + " " + each));
    }
    assertThat(found).isEmpty();
  }

  private static final String NAME =
      "const name = (e) => `${e.tagName} ${e.id} ${e.getAttribute('aria-label') ?? ''} ${e.tagName"
          + " === 'SELECT' ? '' : e.textContent.slice(0, 30)}`; ";

  private static LocatorAssertions.ContainsTextOptions patient() {
    return new LocatorAssertions.ContainsTextOptions().setTimeout(60_000);
  }

  /** Gives a part of a file, and the rest when {@code seen}. */
  private static HttpServer slow(Path file, CountDownLatch seen) throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext(
        "/weights",
        exchange -> {
          exchange.sendResponseHeaders(200, Files.size(file));
          try (InputStream in = Files.newInputStream(file);
              OutputStream out = exchange.getResponseBody()) {
            byte[] part = new byte[1 << 20];
            for (int n = in.read(part), sent = 0; n > 0; n = in.read(part), sent++) {
              out.write(part, 0, n);
              if (sent == 40) {
                out.flush();
                seen.await();
              }
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    server.start();
    return server;
  }
}
