package dev.gearbox.gateway.scenario;

import dev.gearbox.workshop.settings.Durations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.deser.std.StdDeserializer;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;

/**
 * A file of scenarios, {@code NAME.test.yaml}.
 *
 * @param policy rule files, relative to this one; {@code default} are those that come with Gearbox
 * @param scenarios what is tried
 * @param coverage what share of the rules must fire
 */
public record ScenarioFile(
    @Nullable List<String> policy, List<Scenario> scenarios, @Nullable Coverage coverage) {
  private static final String SUFFIX = ".test.yaml";
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.KEBAB_CASE)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
          .addModule(new SimpleModule().addDeserializer(Duration.class, new WrittenDuration()))
          .build();

  /** Share of rules, in percent, that must fire in some scenario. */
  public record Coverage(double rules) {}

  /** Reads a file. Everything that is wrong is an {@link IllegalArgumentException} naming it. */
  static ScenarioFile read(Path file) throws IOException {
    ScenarioFile read = parse(file, new TypeReference<ScenarioFile>() {});
    if (read.scenarios() == null || read.scenarios().isEmpty()) {
      throw new IllegalArgumentException(file + ": scenarios: needs at least one");
    }
    return read;
  }

  /** Candidates of a file of their own. */
  static List<Scenario.Engine> candidates(Path file) throws IOException {
    return parse(file, new TypeReference<List<Scenario.Engine>>() {});
  }

  private static <T> T parse(Path file, TypeReference<T> type) throws IOException {
    try {
      Object tree = new Yaml(new SafeConstructor(new LoaderOptions())).load(Files.readString(file));
      if (tree == null) {
        throw new IllegalArgumentException(file + ": is empty");
      }
      return MAPPER.convertValue(tree, type);
    } catch (YAMLException e) {
      throw new IllegalArgumentException(
          file + ": " + String.valueOf(e.getMessage()).replaceAll("\\s*\\R\\s*", " "), e);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "%s: %s: %s".formatted(file, where(e), e.getOriginalMessage().split("\\R", 2)[0]), e);
    }
  }

  private static String where(JacksonException e) {
    StringBuilder path = new StringBuilder();
    for (JacksonException.Reference step : e.getPath()) {
      if (step.getPropertyName() != null) {
        path.append(path.isEmpty() ? "" : ".").append(step.getPropertyName());
      } else {
        path.append('[').append(step.getIndex()).append(']');
      }
    }
    return path.isEmpty() ? "top" : path.toString();
  }

  /** The rule files of {@code file}: as it says, or those beside it of the same name. */
  List<String> rules(Path file) {
    List<String> names = new ArrayList<>();
    if (policy != null) {
      for (String name : policy) {
        names.add(name.equals("default") ? name : file.resolveSibling(name).toString());
      }
      return names;
    }
    String name = String.valueOf(file.getFileName());
    for (String ending : List.of(".drl", ".csv")) {
      Path beside =
          file.resolveSibling(name.substring(0, name.length() - SUFFIX.length()) + ending);
      if (Files.exists(beside)) {
        names.add(beside.toString());
      }
    }
    return names.isEmpty() ? List.of("default") : names;
  }

  static boolean named(Path file) {
    return file.toString().toLowerCase(Locale.ROOT).endsWith(SUFFIX);
  }

  /** {@code 300ms}, as in the configuration. */
  private static final class WrittenDuration extends StdDeserializer<Duration> {
    WrittenDuration() {
      super(Duration.class);
    }

    @Override
    public Duration deserialize(JsonParser json, DeserializationContext context) {
      return Durations.parse(json.getString());
    }
  }
}
