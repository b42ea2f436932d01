package dev.gearbox.workshop;

import dev.gearbox.cpu.model.CpuModel;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.runtime.ModelRunner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * What computes on this machine's processor, by its checksum: measurements of another are stale.
 */
final class Program {
  private static final List<Class<?>> PARTS =
      List.of(GgufFile.class, ModelRunner.class, CpuModel.class);

  private Program() {}

  /** SHA-256 over the classes of the modules that read weights and compute, in hexadecimal. */
  static String sha256() {
    return Holder.SHA256;
  }

  private static final class Holder {
    private static final String SHA256 = measure();
  }

  private static String measure() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Class<?> part : PARTS) {
        Path place = Path.of(part.getProtectionDomain().getCodeSource().getLocation().toURI());
        if (Files.isDirectory(place)) {
          add(place, digest);
        } else {
          try (FileSystem jar = FileSystems.newFileSystem(place)) {
            add(jar.getPath("/"), digest);
          }
        }
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException | URISyntaxException e) {
      throw new IllegalStateException("every Java has SHA-256, and classes have a place", e);
    }
  }

  private static void add(Path root, MessageDigest digest) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(each -> each.toString().endsWith(".class")).sorted().toList()) {
        digest.update(Files.readAllBytes(file));
      }
    }
  }
}
