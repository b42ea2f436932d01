package dev.gearbox.e2e;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.ColorScheme;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A shift of gear on real weights, from the sliders that make it to the sentence that tells of it,
 * with pictures on the way: into the folder that {@code GEARBOX_PICTURES} names, else into {@code
 * target/console}.
 */
@Tag("weights")
class ConsoleShiftTest {
  private static final String LONG = "Say something about the number one. ".repeat(30);
  private static final Path PICTURES =
      Path.of(Objects.requireNonNullElse(System.getenv("GEARBOX_PICTURES"), "target/console"));

  private static Desk desk;

  @BeforeAll
  static void start() throws Exception {
    desk = Desk.at(GearboxProcess::serve);
  }

  @AfterAll
  static void stop() throws Exception {
    desk.close();
  }

  @Test
  void aTightTargetAndAQualityFloorGetDifferentGears() throws Exception {
    Page page = desk.open("playground");
    page.getByLabel("Prompt").fill(LONG);
    page.getByLabel("Model", new Page.GetByLabelOptions().setExact(true)).selectOption("auto");
    page.getByLabel("Most tokens").fill("8");

    page.getByLabel("Quality at least").fill("99");
    assertThat(page.locator(".decision tr.won .gear")).hasText(gear(Shared.LARGE), has());
    assertThat(page.locator(".decision .verdict .why")).containsText("quality floor");
    assertThat(answered(page)).endsWith(Shared.LARGE);

    page.getByLabel("Quality at least").fill("0");
    page.getByLabel("First token within").fill(Long.toString(between()));
    assertThat(page.locator(".decision tr.won .gear")).hasText(gear(Shared.SMALL), has());
    assertThat(answered(page)).endsWith(Shared.SMALL);
    Chromium.button(page, "What would change it?").click();
    assertThat(page.locator(".flips")).containsText("Quality at least", Chromium.soon());
    assertThat(page.locator(".flips")).containsText(Shared.LARGE);
    picture(page, "playground");

    Chromium.link(page, "why").click();
    assertThat(page.getByText("Predicted against actual")).isVisible();
    picture(page, "decision");
    Chromium.button(page, "Replay under today's rules").click();
    assertThat(page.getByText("The same choice")).isVisible();

    List<Thread> others = othersAsk();
    Chromium.link(page, "Live").click();
    assertThat(page.locator(".lane:not(.over)").first()).containsText("decode", Chromium.soon());
    assertThat(page.locator(".shifts .log")).containsText(Shared.SMALL, Chromium.soon());
    assertThat(page.locator(".shifts .log .shift").first()).containsText(Pattern.compile("[<>]"));
    assertThat(page.locator(".lane:not(.over) .slack").filter(withText("(left|late)")).first())
        .isVisible(new LocatorAssertions.IsVisibleOptions().setTimeout(20_000));
    picture(page, "live");
    Page phone =
        desk.chromium().open(desk.gearbox().uri("/").toString(), ColorScheme.DARK, 390, 844);
    assertThat(
            phone
                .locator(".classgear .why")
                .filter(new Locator.FilterOptions().setHasText("record"))
                .first())
        .containsText("record", Chromium.soon());
    picture(phone, "phone");
    for (Thread each : others) {
      each.join();
    }
    assertThat(desk.chromium().complaints).isEmpty();
  }

  @Test
  void aLongPromptShowsHowMuchOfItIsComputed() throws Exception {
    Page page = desk.open("live");
    Thread asks = ask(Shared.LARGE, 8, LONG.repeat(12), "standard");
    assertThat(page.locator(".lane:not(.over)").first())
        .containsText(
            Pattern.compile("prefill [1-9]\\d*/\\d{4}"),
            new LocatorAssertions.ContainsTextOptions().setTimeout(60_000));
    asks.join();
    assertThat(desk.chromium().complaints).isEmpty();
  }

  /** Requests of every class, so that lanes are busy for some seconds. */
  private static List<Thread> othersAsk() {
    List<Thread> asking = new ArrayList<>();
    for (String serviceClass : List.of("interactive", "standard", "batch", "standard", "batch")) {
      asking.add(ask("auto", 300, "Why do cats purr?", serviceClass));
    }
    return asking;
  }

  private static Thread ask(String model, int maxTokens, String prompt, String serviceClass) {
    return Thread.startVirtualThread(() -> {
      try {
        desk.gearbox()
            .post(
                "/v1/chat/completions",
                """
                {"model":"%s","max_tokens":%d,"ignore_eos":true,
                 "messages":[{"role":"user","content":"%s"}]}\
                """
                    .formatted(model, maxTokens, prompt),
                "x-slo-class",
                serviceClass);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    });
  }

  private static Locator.FilterOptions withText(String pattern) {
    return new Locator.FilterOptions().setHasText(Pattern.compile(pattern));
  }

  private static void picture(Page page, String name) {
    page.screenshot(new Page.ScreenshotOptions().setPath(PICTURES.resolve(name + ".png")));
  }

  /** Sends, and says which gear answered. */
  private static String answered(Page page) {
    Chromium.button(page, "Send").click();
    Locator reply = page.locator(".reply");
    assertThat(reply)
        .containsText(Pattern.compile("prefill.*decode [1-9]\\d* tokens.*why"), Chromium.soon());
    return reply.locator(".gear span").innerText();
  }

  /** The slider's place of a time that the small variant makes and the large one does not. */
  private static long between() throws Exception {
    JsonNode preview =
        JsonMapper.shared()
            .readTree(
                desk.gearbox()
                    .post(
                        "/v1/decisions/preview",
                        "{\"model\":\"auto\",\"stream\":true,\"max_tokens\":8,\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}"
                            .formatted(LONG))
                    .body());
    double product = 1;
    for (JsonNode row : preview.get("candidates")) {
      product *= 1000 * row.at("/facts/forecast/ttftP50").asDouble();
    }
    return Math.round(20 * Math.log10(Math.sqrt(product) / 10));
  }

  private static Pattern gear(String variant) {
    return Pattern.compile("\\d" + variant.replace(".", "\\."));
  }

  private static LocatorAssertions.HasTextOptions has() {
    return new LocatorAssertions.HasTextOptions().setTimeout(20_000);
  }
}
