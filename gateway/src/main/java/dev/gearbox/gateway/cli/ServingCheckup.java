package dev.gearbox.gateway.cli;

import dev.gearbox.format.gguf.GgufException;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.gateway.config.PoolConfig;
import dev.gearbox.gateway.config.ServerConfig;
import dev.gearbox.opencl.NoOpenClException;
import dev.gearbox.opencl.OpenClDevices;
import dev.gearbox.workshop.CatalogEntry;
import dev.gearbox.workshop.WeightStore;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whether this machine has what a configuration asks of it: weights, memory, disk, ports. */
final class ServingCheckup {
  private static final long HEAP = Runtime.getRuntime().maxMemory();
  private static final long LITTLE_SPACE = 1L << 30;

  private final Configuration configuration;
  private final WeightStore store;
  private final boolean deep;

  /**
   * Checks for a configuration.
   *
   * @param deep whether weights are read whole and held against their SHA-256
   */
  ServingCheckup(Configuration configuration, WeightStore store, boolean deep) {
    this.configuration = configuration;
    this.store = store;
    this.deep = deep;
  }

  List<Finding> findings() throws InterruptedException {
    List<Finding> findings = new ArrayList<>();
    List<CatalogEntry> local = local();
    for (CatalogEntry entry : local) {
      findings.add(weights(entry));
    }
    findings.add(memory(local, MachineCheckup.memory()));
    configuration.gearbox().pools().stream()
        .filter(pool -> pool.device() == PoolConfig.Device.GPU_OPENCL)
        .forEach(pool -> findings.add(opencl(pool)));
    findings.add(space(local));
    writable("weights", store.folder(), findings);
    writable("batches", configuration.gearbox().batches().folder(), findings);
    String records = configuration.gearbox().policy().record().directory();
    if (records != null) {
      writable("records", Path.of(records), findings);
    }
    ServerConfig server = configuration.gearbox().server();
    findings.add(port("port", server.host(), server.port()));
    findings.add(port("admin-port", server.host(), server.adminPort()));
    return findings;
  }

  /** The variants that run on this machine. */
  private List<CatalogEntry> local() {
    return configuration.gearbox().pools().stream()
        .filter(pool -> !pool.isRemote())
        .flatMap(pool -> pool.variants().stream())
        .distinct()
        .flatMap(name -> configuration.catalog().find(name).stream())
        .toList();
  }

  private Finding weights(CatalogEntry entry) {
    String check = "weights";
    Optional<Path> here = store.find(entry);
    if (here.isEmpty()) {
      return Finding.warn(
          check,
          entry.name() + " is not here (" + MachineCheckup.size(entry.size()) + ")",
          "serve fetches it first; fetch it now: gearbox pull " + entry.name());
    }
    Path file = here.get();
    try (GgufFile _ = GgufFile.open(file)) {
      if (deep && !WeightStore.sha256(file).equals(entry.sha256())) {
        return damaged(entry, file, "its SHA-256 is not the catalog's");
      }
      return Finding.ok(
          check,
          entry.name() + (deep ? " is here, its SHA-256 right" : " is here, its size right"));
    } catch (GgufException | IOException e) {
      return damaged(entry, file, String.valueOf(e.getMessage()));
    }
  }

  private static Finding damaged(CatalogEntry entry, Path file, String why) {
    return Finding.fail(
        "weights",
        entry.name() + " is damaged: " + why,
        "remove " + file + " and fetch it again: gearbox pull " + entry.name());
  }

  private Finding memory(List<CatalogEntry> local, long there) {
    long weights = local.stream().mapToLong(CatalogEntry::size).sum();
    long keys =
        configuration.gearbox().pools().stream()
            .filter(pool -> pool.device() == PoolConfig.Device.CPU_SIMD)
            .mapToLong(pool -> pool.kvMemory().bytes())
            .sum();
    long needed = weights + keys + HEAP / 4;
    String found =
        "%s of weights, %s of keys and values and the heap are about %s of %s"
            .formatted(
                MachineCheckup.size(weights),
                MachineCheckup.size(keys),
                MachineCheckup.size(needed),
                MachineCheckup.size(there));
    String advice = "run fewer or smaller variants, lower kv-memory of the pools, or add memory";
    if (needed > there) {
      return Finding.fail("memory", found, advice);
    }
    return needed > there / 10 * 9
        ? Finding.warn("memory", found, advice)
        : Finding.ok("memory", found);
  }

  private static Finding opencl(PoolConfig pool) {
    String check = "pool " + pool.name();
    try {
      return Finding.ok(check, OpenClDevices.choose(pool.openclDevice()).toString());
    } catch (NoOpenClException e) {
      return Finding.fail(check, String.valueOf(e.getMessage()), "clinfo shows what there is");
    }
  }

  private Finding space(List<CatalogEntry> local) {
    long missing =
        local.stream()
            .filter(entry -> store.find(entry).isEmpty())
            .mapToLong(CatalogEntry::size)
            .sum();
    Path place = existing(store.folder());
    long free = place.toFile().getUsableSpace();
    String found =
        MachineCheckup.size(free)
            + " free in "
            + place
            + (missing > 0 ? ", " + MachineCheckup.size(missing) + " of weights to come" : "");
    if (free < missing) {
      return Finding.fail("disk", found, "make room, or set GEARBOX_MODELS to a larger disk");
    }
    return free - missing < LITTLE_SPACE
        ? Finding.warn("disk", found, "make room: batches and records grow")
        : Finding.ok("disk", found);
  }

  private static void writable(String what, Path folder, List<Finding> findings) {
    Path place = existing(folder);
    findings.add(
        Files.isWritable(place)
            ? Finding.ok("files", what + " go to " + folder)
            : Finding.fail(
                "files",
                what + " go to " + folder + ", and " + place + " may not be written",
                "give this user the folder, or configure another"));
  }

  /** The folder itself, or the nearest above it that is there. */
  private static Path existing(Path folder) {
    Path place = folder.toAbsolutePath();
    while (!Files.exists(place)) {
      Path parent = place.getParent();
      if (parent == null) {
        return place;
      }
      place = parent;
    }
    return place;
  }

  private static Finding port(String check, String host, int port) throws InterruptedException {
    if (port == 0) {
      return Finding.ok(check, "a free one is taken");
    }
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(host, port));
      return Finding.ok(check, host + ":" + port + " is free");
    } catch (IOException e) {
      String answers = status(port);
      return answers != null
          ? Finding.ok(check, port + " is taken by a gateway that runs: " + answers)
          : Finding.fail(
              check,
              host + ":" + port + " cannot be had: " + e.getMessage(),
              "stop what listens there (ss -ltnp), or configure server." + check);
    }
  }

  /** What a gateway at this port says of itself; null when there is none. */
  private static @Nullable String status(int port) throws InterruptedException {
    try (HttpClient client =
        HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(1)).build()) {
      for (String path : List.of("/health", "/metrics")) {
        HttpResponse<String> answer =
            client.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                    .timeout(Duration.ofSeconds(2))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() == 200 && answer.body().startsWith("{\"status\":")) {
          return Json.parse(answer.body()).path("status").asString();
        }
        if (answer.statusCode() == 200 && answer.body().contains("gearbox_policy_info")) {
          return "its metrics";
        }
      }
      return null;
    } catch (IOException e) {
      return null;
    }
  }
}
