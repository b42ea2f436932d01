package dev.gearbox.gateway.console;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The page and what it needs, read once. Nothing else is served, whatever a path says. */
public final class ConsoleFiles {
  public static final String PAGE = "index.html";

  private static final String FOLDER = "/console/";
  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html;charset=utf-8",
          "css", "text/css;charset=utf-8",
          "js", "text/javascript;charset=utf-8",
          "svg", "image/svg+xml");
  private static final String[] NAMES = {
    PAGE,
    "console.css",
    "icon.svg",
    "app.js",
    "dom.js",
    "live.js",
    "decisions.js",
    "playground.js",
    "policy.js",
    "connect.js",
    "config.js"
  };

  /** One of them. */
  public static final class File {
    private final String type;
    private final byte[] content;

    File(String type, byte[] content) {
      this.type = type;
      this.content = content;
    }

    /** Its media type. */
    public String type() {
      return type;
    }

    /** What is in it; not to be written to. */
    public byte[] content() {
      return content;
    }
  }

  private final Map<String, File> files = new LinkedHashMap<>();

  /** Reads all of them; some hundred kilobytes. */
  public ConsoleFiles() {
    for (String name : NAMES) {
      files.put(name, read(name));
    }
  }

  private static File read(String name) {
    try (InputStream in = ConsoleFiles.class.getResourceAsStream(FOLDER + name)) {
      if (in == null) {
        throw new IllegalStateException("no resource " + FOLDER + name);
      }
      String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
      return new File(String.valueOf(type), in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public @Nullable File find(String name) {
    return files.get(name);
  }
}
