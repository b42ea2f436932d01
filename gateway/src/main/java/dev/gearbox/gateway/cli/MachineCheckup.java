package dev.gearbox.gateway.cli;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.gearbox.workshop.Machine;
import dev.gearbox.workshop.settings.DataSize;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What can be said of this machine whatever runs on it: Java, processor, descriptors, clock. */
final class MachineCheckup {
  private static final int JAVA = 25;
  private static final long FEW_DESCRIPTORS = 4096;
  private static final long TOO_FEW_DESCRIPTORS = 256;

  /** No program of this source can run before it was written. */
  private static final Instant WRITTEN = Instant.parse("2026-11-01T00:00:00Z");

  /** Vector instructions that kernels are written for, the best first, as Linux names them. */
  private static final List<String> VECTORS = List.of("avx512bw", "avx2", "sve", "asimd", "sse4_2");

  private MachineCheckup() {}

  static List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    findings.add(java(Runtime.version().feature(), modules(), arguments()));
    findings.add(processor(cpuFlags()));
    findings.add(descriptors());
    findings.add(clock(Instant.now(), Path.of("/run/systemd/timesync/synchronized")));
    return findings;
  }

  private static boolean modules() {
    return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
  }

  private static List<String> arguments() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments();
  }

  static Finding java(int feature, boolean vector, List<String> arguments) {
    String found = "Java " + feature + ", " + System.getProperty("java.vendor");
    if (feature < JAVA) {
      return Finding.fail("java", found, "install a JDK " + JAVA + " and set JAVA_HOME");
    }
    if (!vector) {
      return Finding.warn(
          "java",
          found + ", without jdk.incubator.vector: kernels are scalar",
          "start with --add-modules=jdk.incubator.vector, as ./gearbox does");
    }
    List<String> missing =
        Stream.of("-XX:+UseCompactObjectHeaders", "-XX:MaxDirectMemorySize=")
            .filter(flag -> arguments.stream().noneMatch(given -> given.startsWith(flag)))
            .toList();
    return missing.isEmpty()
        ? Finding.ok("java", found)
        : Finding.warn(
            "java",
            found + ", without " + String.join(" ", missing),
            "start it with ./gearbox, or with the flags of the image's /app/gearbox");
  }

  private static Set<String> cpuFlags() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("flags") || line.startsWith("Features"))
          .limit(1)
          .flatMap(line -> Stream.of(line.substring(line.indexOf(':') + 1).strip().split(" ")))
          .collect(Collectors.toSet());
    } catch (IOException e) {
      return Set.of();
    }
  }

  static Finding processor(Set<String> flags) {
    String best = VECTORS.stream().filter(flags::contains).findFirst().orElse("");
    String found = Machine.cpu() + (best.isEmpty() ? "" : ", " + best);
    if (flags.isEmpty()) {
      return Finding.warn("processor", found + ": its features are not told", "");
    }
    return best.isEmpty() || best.equals("sse4_2")
        ? Finding.warn(
            "processor",
            found + ": no AVX2, SVE or NEON",
            "engines on this processor are slow; a newer one or a remote pool serves better")
        : Finding.ok("processor", found);
  }

  private static Finding descriptors() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
        ? descriptors(unix.getMaxFileDescriptorCount())
        : Finding.ok("descriptors", "this system does not limit them");
  }

  static Finding descriptors(long most) {
    String found = most + " files and connections at once";
    if (most < TOO_FEW_DESCRIPTORS) {
      return Finding.fail("descriptors", found, "raise it: ulimit -n 65536, or LimitNOFILE=65536");
    }
    return most < FEW_DESCRIPTORS
        ? Finding.warn("descriptors", found, "raise it: ulimit -n 65536, or LimitNOFILE=65536")
        : Finding.ok("descriptors", found);
  }

  /**
   * Whether the clock can be right.
   *
   * @param synchronised a file that is there once a time server set the clock
   */
  static Finding clock(Instant now, Path synchronised) {
    String found = now.atOffset(ZoneOffset.UTC).withNano(0).toString();
    if (now.isBefore(WRITTEN)) {
      return Finding.fail(
          "clock",
          found + ": before this program was written",
          "set the clock: certificates, tokens and deadlines go by it");
    }
    return Files.exists(synchronised)
        ? Finding.ok("clock", found + ", set by a time server")
        : Finding.ok("clock", found + "; whether a time server sets it cannot be seen here");
  }

  /** Bytes that this process may use: the machine's, or what its control group is held to. */
  static long memory() {
    long physical =
        ManagementFactory.getOperatingSystemMXBean()
                instanceof com.sun.management.OperatingSystemMXBean system
            ? system.getTotalMemorySize()
            : Long.MAX_VALUE;
    return Math.min(physical, limit(Path.of("/sys/fs/cgroup/memory.max")));
  }

  private static long limit(Path file) {
    try {
      return Long.parseLong(Files.readString(file).strip());
    } catch (IOException | NumberFormatException e) {
      return Long.MAX_VALUE;
    }
  }

  static String size(long bytes) {
    return new DataSize(bytes).toString();
  }
}
