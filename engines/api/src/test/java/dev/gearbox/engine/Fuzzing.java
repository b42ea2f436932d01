package dev.gearbox.engine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * What every test run does with a fuzz target: its seeds and a few hundred inputs like them, the
 * same ones each time. {@code ./gearbox test --suite fuzz} goes on from there.
 */
public final class Fuzzing {
  private static final byte[] EDGES = {0, -1, 0x7f, (byte) 0x80, '"', '{', '[', '\n', '\\', ':'};

  private Fuzzing() {}

  /**
   * Gives a target all files in {@code src/test/resources/fuzz/NAME} and what is like them.
   *
   * @param like inputs like each of them
   * @param target throws on what it should not have met
   */
  public static void shake(String name, int like, Consumer<byte[]> target) throws IOException {
    List<Path> seeds;
    try (Stream<Path> found = Files.list(Path.of("src", "test", "resources", "fuzz", name))) {
      seeds = found.sorted().toList();
    }
    SplittableRandom random = new SplittableRandom(20_261_127);
    for (Path seed : seeds) {
      byte[] good = Files.readAllBytes(seed);
      target.accept(good);
      for (int i = 0; i < like; i++) {
        byte[] input = good;
        for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
          input = changed(input, random);
        }
        try {
          target.accept(input);
        } catch (Throwable e) {
          throw new AssertionError(
              "input %d like %s:%n%s"
                  .formatted(i, seed, new String(input, StandardCharsets.ISO_8859_1)),
              e);
        }
      }
    }
  }

  private static byte[] changed(byte[] from, SplittableRandom random) {
    if (from.length == 0) {
      return new byte[] {EDGES[random.nextInt(EDGES.length)]};
    }
    int at = random.nextInt(from.length);
    int to = at + random.nextInt(from.length - at);
    byte[] out = from.clone();
    switch (random.nextInt(5)) {
      case 0 -> out[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> out[at] = EDGES[random.nextInt(EDGES.length)];
      case 2 -> out = Arrays.copyOf(from, at);
      case 3 -> {
        out = Arrays.copyOf(from, from.length - (to - at));
        System.arraycopy(from, to, out, at, from.length - to);
      }
      default -> {
        out = Arrays.copyOf(from, from.length + to - at);
        System.arraycopy(from, at, out, to, from.length - at);
      }
    }
    return out;
  }
}
