package dev.gearbox.gateway.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import tools.jackson.databind.json.JsonMapper;

/** What the API's port takes and answers, in OpenAPI 3.1: {@code openapi.yaml} as JSON. */
final class OpenApi {
  private static final String FILE = "openapi.yaml";

  /** Anchors that several paths share; ours, so there is no bomb to fear. */
  private static final int ALIASES = 1000;

  private OpenApi() {}

  /** The document, read once by whoever serves it. */
  static byte[] document() {
    LoaderOptions options = new LoaderOptions();
    options.setMaxAliasesForCollections(ALIASES);
    try (InputStream in = OpenApi.class.getResourceAsStream(FILE)) {
      if (in == null) {
        throw new IllegalStateException(FILE + " is not on the class path");
      }
      Object tree = new Yaml(new SafeConstructor(options)).load(in);
      return JsonMapper.shared().writeValueAsBytes(tree);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
