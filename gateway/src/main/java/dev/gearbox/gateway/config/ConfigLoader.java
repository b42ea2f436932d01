package dev.gearbox.gateway.config;

import dev.gearbox.workshop.Catalog;
import dev.gearbox.workshop.settings.InvalidSettingsException;
import dev.gearbox.workshop.settings.SettingLines;
import dev.gearbox.workshop.settings.SettingsReader;
import dev.gearbox.workshop.settings.SettingsReader.Text;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the configuration: the built-in one, over it the sections of the operator's file, over that
 * environment variables. Classes of the file join the built-in ones; any other section replaces its
 * like.
 */
public final class ConfigLoader {
  /** The key under which everything stands. */
  public static final String PREFIX = "gearbox";

  private static final String BUILT_IN = "built-in";

  private ConfigLoader() {}

  /**
   * Loads and checks the configuration.
   *
   * @param file null for the built-in configuration
   * @param environment for the variables that override keys
   * @throws InvalidSettingsException listing everything that is wrong
   * @throws IOException when the file cannot be read
   */
  public static Configuration load(@Nullable Path file, Map<String, String> environment)
      throws IOException, InvalidSettingsException {
    Text builtIn = builtIn();
    List<Text> texts = new ArrayList<>(List.of(builtIn));
    if (file != null) {
      texts.add(new Text(file.toString(), Files.readString(file)));
    }
    SettingsReader reader = new SettingsReader();
    GearboxConfig written = reader.read(GearboxConfig.class, PREFIX, texts, environment);
    if (written == null) {
      reader.finish();
      throw new IllegalStateException("a configuration without problems that cannot be read");
    }
    Beside beside = Beside.of(file);
    Catalog catalog = catalog(written, reader, beside);
    new ConfigCheck(written, catalog.names(), reader).check();
    reader.finish();
    GearboxConfig complete = complete(written, builtIn, beside);
    return new Configuration(complete, catalog, origins(written, reader, complete));
  }

  /** Where each setting comes from. */
  private static Map<String, String> origins(
      GearboxConfig written, SettingsReader reader, GearboxConfig complete) {
    Map<String, String> read = reader.origins(written, PREFIX);
    Map<String, String> origins = new HashMap<>(read);
    SettingLines.of(complete, PREFIX)
        .keySet()
        .forEach(path -> origins.computeIfAbsent(path, added -> above(added, read)));
    return origins;
  }

  /** What was added to a list comes from where the list does; added classes are built in. */
  private static String above(String path, Map<String, String> origins) {
    String at = path;
    while (!at.isEmpty()) {
      String origin = origins.get(at);
      if (origin != null) {
        return origin;
      }
      at = at.substring(0, Math.max(0, Math.max(at.lastIndexOf('.'), at.lastIndexOf('['))));
    }
    return BUILT_IN;
  }

  private static Text builtIn() {
    try (InputStream in = ConfigLoader.class.getResourceAsStream("default.yaml")) {
      if (in == null) {
        throw new IllegalStateException("default.yaml is not on the class path");
      }
      return new Text(BUILT_IN, new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Catalog catalog(GearboxConfig config, SettingsReader reader, Beside beside) {
    List<Path> files = new ArrayList<>();
    for (int i = 0; i < config.catalog().size(); i++) {
      String named = config.catalog().get(i);
      Path path = Path.of(beside.path(named.startsWith("file:") ? named.substring(5) : named));
      if (Files.isReadable(path)) {
        files.add(path);
      } else {
        reader.problem(config, "catalog[" + i + "]", "cannot read " + path);
      }
    }
    try {
      return Catalog.load(files);
    } catch (InvalidSettingsException e) {
      reader.include(e);
    } catch (IOException e) {
      reader.problem(config, "catalog", "cannot be read: " + e.getMessage());
    }
    return Catalog.builtIn();
  }

  private static GearboxConfig complete(GearboxConfig written, Text builtIn, Beside beside) {
    return new GearboxConfig(
        written.server(),
        written.models(),
        written.catalog(),
        pools(written, beside),
        classes(written, builtIn),
        written.tenants(),
        written.policy().resolved(beside),
        written.security().resolved(beside),
        written.telemetry(),
        written.batches().resolved(beside),
        written.kafka() == null ? null : written.kafka().resolved(beside));
  }

  private static List<ClassConfig> classes(GearboxConfig written, Text builtIn) {
    List<ClassConfig> classes = new ArrayList<>(written.classes());
    GearboxConfig defaults =
        new SettingsReader().read(GearboxConfig.class, PREFIX, List.of(builtIn), Map.of());
    if (defaults != null) {
      for (ClassConfig inherited : defaults.classes()) {
        if (classes.stream().noneMatch(c -> c.name().equals(inherited.name()))) {
          classes.add(inherited);
        }
      }
    }
    return classes;
  }

  /** A pool that names no variants gets those of all models that no other pool has. */
  private static List<PoolConfig> pools(GearboxConfig written, Beside beside) {
    Set<String> taken = new HashSet<>();
    written.pools().forEach(p -> taken.addAll(p.variants()));
    written.pools().forEach(p -> p.adapters().forEach(adapter -> taken.add(adapter.name())));
    List<String> rest =
        written.models().stream()
            .flatMap(m -> m.variants().stream())
            .distinct()
            .filter(v -> !taken.contains(v))
            .toList();
    return written.pools().stream()
        .map(p -> p.resolved(beside))
        .map(p -> p.variants().isEmpty() ? p.withVariants(rest) : p)
        .toList();
  }
}
