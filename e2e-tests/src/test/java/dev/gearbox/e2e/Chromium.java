package dev.gearbox.e2e;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The browser of this machine, without a window. */
final class Chromium implements AutoCloseable {
  private static final List<String> QUIET =
      List.of(
          "--no-sandbox",
          "--disable-gpu",
          "--disable-quic",
          "--no-first-run",
          "--disable-background-networking",
          "--disable-component-update",
          "--disable-sync");

  private final Playwright playwright;
  private final Browser browser;

  /** What pages said that should not have been said. */
  final List<String> complaints = new ArrayList<>();

  Chromium() {
    playwright =
        Playwright.create(
            new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
    browser =
        playwright
            .chromium()
            .launch(new BrowserType.LaunchOptions().setExecutablePath(executable()).setArgs(QUIET));
  }

  private static Path executable() {
    return Stream.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
        .flatMap(name ->
            Stream.of(String.valueOf(System.getenv("PATH")).split(":"))
                .map(folder -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(() -> new AssertionError("needs Chromium. Run: apt-get install chromium"));
  }

  Page open(String url) {
    return open(url, ColorScheme.LIGHT, 1440, 960);
  }

  /** A page of its own, in these colours and this size. */
  Page open(String url, ColorScheme scheme, int width, int height) {
    Page page =
        browser
            .newContext(
                new Browser.NewContextOptions()
                    .setColorScheme(scheme)
                    .setViewportSize(width, height))
            .newPage();
    page.onPageError(complaints::add);
    page.onConsoleMessage(message -> {
      if (message.type().equals("error") && message.text().contains("Content Security Policy")) {
        complaints.add(message.text());
      }
    });
    page.navigate(url);
    return page;
  }

  static Locator button(Page page, String name) {
    return page.getByRole(
        AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name).setExact(true));
  }

  static Locator link(Page page, String name) {
    return page.getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName(name).setExact(true));
  }

  /** What a snapshot or an engine brings is there in a while. */
  static LocatorAssertions.ContainsTextOptions soon() {
    return new LocatorAssertions.ContainsTextOptions().setTimeout(20_000);
  }

  /** Serious and critical violations that axe-core finds on a page, each with where. */
  @SuppressWarnings("unchecked")
  static List<String> violations(Page page) throws IOException {
    try (InputStream in = Chromium.class.getResourceAsStream("/axe.min.js")) {
      if (in == null) {
        throw new AssertionError("axe-core is not on the class path");
      }
      page.evaluate(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
    return (List<String>)
        page.evaluate(
            """
            async () => (await axe.run()).violations
              .filter((each) => each.impact === "serious" || each.impact === "critical")
              .map((each) => `${each.id}: ${each.nodes.map((node) => node.html).slice(0, 3).join(" | ")}`)
            """);
  }

  @Override
  public void close() {
    browser.close();
    playwright.close();
  }
}
