package dev.gearbox.format.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.format.gguf.GgufException.Code;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufFileTest {
  @TempDir private Path folder;

  @Test
  void whatIsWrittenIsRead() throws IOException {
    try (GgufFile file = GgufFile.open(sample())) {
      GgufMetadata metadata = file.metadata();
      assertThat(metadata.keys())
          .containsExactly("name", "layers", "eps", "tie", "tokens", "kinds", "scores");
      assertThat(metadata.getString("name")).isEqualTo("näme");
      assertThat(metadata.getInt("layers")).isEqualTo(3);
      assertThat(metadata.getFloat("eps")).isEqualTo(1e-5f);
      assertThat(metadata.getBool("tie")).isTrue();
      assertThat(metadata.getStrings("tokens")).containsExactly("a", "", "日本");
      assertThat(metadata.getInts("kinds")).containsExactly(1, -2, 3);
      assertThat(metadata.getFloats("scores")).containsExactly(0.5f, -1f);
      assertThat(file.tensors().keySet()).containsExactly("norm", "matrix");
      assertThat(file.tensor("norm").toFloats()).containsExactly(1f, 2f, 3f);
      GgufTensor matrix = file.tensor("matrix");
      assertThat(matrix.shape()).containsExactly(64, 2);
      assertThat(matrix.columns()).isEqualTo(64);
      assertThat(matrix.rows()).isEqualTo(2);
      assertThat(matrix.data().byteSize()).isEqualTo(4 * 34);
    }
  }

  @Test
  void copyingRawValuesAndTensorsGivesTheSameBytes() throws IOException {
    Path copy = folder.resolve("copy.gguf");
    Path original = sample();
    try (GgufFile file = GgufFile.open(original)) {
      GgufWriter writer = new GgufWriter();
      file.metadata().keys().forEach(key -> writer.put(key, file.metadata().raw(key)));
      file.tensors().values().forEach(t -> writer.tensor(t.name(), t.type(), t.shape(), t.data()));
      writer.write(copy);
    }
    assertThat(copy).hasSameBinaryContentAs(original);
    assertThat(folder).isDirectoryNotContaining("glob:**.part");
  }

  @Test
  void missingAndMistypedKeysHaveTheirCodes() throws IOException {
    try (GgufFile file = GgufFile.open(sample())) {
      GgufMetadata metadata = file.metadata();
      assertCode(() -> metadata.getInt("absent"), Code.MISSING_KEY);
      assertCode(() -> metadata.getInt("name"), Code.WRONG_KEY_TYPE);
      assertCode(() -> metadata.getStrings("kinds"), Code.WRONG_KEY_TYPE);
      assertCode(() -> file.tensor("absent"), Code.MISSING_TENSOR);
      assertThat(metadata.getInt("absent", 7)).isEqualTo(7);
      assertThat(metadata.findString("absent")).isEmpty();
    }
  }

  @Test
  void eachLieHasItsCode() throws IOException {
    byte[] good = Files.readAllBytes(sample());
    assertCode(patched(good, 0, 1), Code.BAD_MAGIC);
    assertCode(new byte[0], Code.BAD_MAGIC);
    assertCode(patched(good, 4, 1), Code.UNSUPPORTED_VERSION);
    assertCode(patched(good, 4, 0x03000000), Code.UNSUPPORTED_VERSION);
    assertCode(patchedLong(good, 8, Long.MAX_VALUE), Code.BAD_COUNT);
    assertCode(patchedLong(good, 8, -1), Code.BAD_COUNT);
    assertCode(patchedLong(good, 16, 1L << 31), Code.BAD_COUNT);
    assertCode(patchedLong(good, 24, Long.MIN_VALUE), Code.BAD_COUNT);
    assertCode(patched(good, after(good, "name"), 99), Code.BAD_TYPE);
    assertCode(patched(good, after(good, "tokens") + 4, 9), Code.BAD_TYPE);
    assertCode(patchedLong(good, after(good, "tokens") + 8, 1L << 40), Code.BAD_COUNT);
    assertCode(patchedLong(good, after(good, "tokens") + 16, Long.MAX_VALUE), Code.BAD_COUNT);
    int tensor = after(good, "matrix");
    assertCode(patched(good, tensor, 255), Code.BAD_SHAPE);
    assertCode(patched(good, tensor, 0), Code.BAD_SHAPE);
    assertCode(patchedLong(good, tensor + 4, 63), Code.BAD_SHAPE);
    assertCode(patchedLong(good, tensor + 4, 0), Code.BAD_SHAPE);
    assertCode(patchedLong(good, tensor + 4, 1L << 62), Code.BAD_SHAPE);
    assertCode(patchedLong(good, tensor + 12, 1L << 30), Code.OUT_OF_FILE);
    assertCode(patched(good, tensor + 20, 16), Code.BAD_TYPE);
    assertCode(patchedLong(good, tensor + 24, 0), Code.OVERLAPPING_TENSORS);
    assertCode(patchedLong(good, tensor + 24, 33), Code.BAD_ALIGNMENT);
    assertCode(patchedLong(good, tensor + 24, -32), Code.OUT_OF_FILE);
    assertCode(patchedLong(good, tensor + 24, Long.MAX_VALUE - 31), Code.OUT_OF_FILE);
    assertCode(Arrays.copyOf(good, tensor + 2), Code.TRUNCATED);
    assertCode(Arrays.copyOf(good, good.length - 64), Code.OUT_OF_FILE);
  }

  @Test
  void alignmentsThatAreNoPowerOfTwoAreRefused() throws IOException {
    for (int alignment : new int[] {0, 1, 3, 24, Integer.MIN_VALUE, 1 << 30}) {
      Path path = folder.resolve("aligned.gguf");
      new GgufWriter().put("general.alignment", GgufValue.of(alignment)).write(path);
      assertThatThrownBy(() -> GgufFile.open(path)).isInstanceOf(GgufException.class);
    }
  }

  @Test
  void namesThatComeTwiceAreRefused() throws IOException {
    byte[] good = Files.readAllBytes(sample());
    byte[] twoKeys = good.clone();
    System.arraycopy("eps".getBytes(StandardCharsets.UTF_8), 0, twoKeys, after(good, "tie") - 3, 3);
    assertCode(twoKeys, Code.DUPLICATE_KEY);
    Path path = folder.resolve("twice.gguf");
    new GgufWriter()
        .tensor("t", new long[] {8}, new float[8])
        .tensor("t", new long[] {8}, new float[8])
        .write(path);
    assertThatThrownBy(() -> GgufFile.open(path))
        .isInstanceOfSatisfying(
            GgufException.class, e -> assertThat(e.code()).isEqualTo(Code.DUPLICATE_TENSOR));
  }

  @Test
  void everyTruncationIsRefused() throws IOException {
    byte[] good = Files.readAllBytes(sample());
    int end = good.length - 24; // the padding behind the last tensor may go
    for (int length = 0; length < end; length++) {
      byte[] cut = Arrays.copyOf(good, length);
      assertThatThrownBy(() -> open(cut)).isInstanceOf(GgufException.class);
    }
  }

  @Test
  void mutantsAreReadOrRefusedButNeverBreakTheReader() throws IOException {
    byte[] good = Files.readAllBytes(sample());
    Random random = new Random(20261122);
    long[] lies = {-1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 31, 1L << 32, 255, 0, 3};
    int refused = 0;
    for (int i = 0; i < 400; i++) {
      byte[] mutant = good.clone();
      ByteBuffer bytes = ByteBuffer.wrap(mutant).order(ByteOrder.LITTLE_ENDIAN);
      int at = 4 + random.nextInt(good.length - 12);
      switch (i % 3) {
        case 0 -> bytes.putLong(at, lies[random.nextInt(lies.length)]);
        case 1 -> bytes.put(at, (byte) random.nextInt());
        default -> bytes.putInt(at, random.nextInt());
      }
      try {
        open(mutant);
      } catch (GgufException e) {
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(50);
  }

  private void open(byte[] bytes) throws IOException {
    Path path = folder.resolve("mutant.gguf");
    Files.write(path, bytes);
    try (GgufFile file = GgufFile.open(path)) {
      file.tensors().values().forEach(tensor -> assertThat(tensor.toFloats()).isNotEmpty());
    }
  }

  private void assertCode(byte[] bytes, Code code) {
    assertCode(() -> open(bytes), code);
  }

  private static void assertCode(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, Code code) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            GgufException.class, e -> assertThat(e.code()).as(e.getMessage()).isEqualTo(code));
  }

  private static byte[] patched(byte[] bytes, int at, int number) {
    byte[] copy = bytes.clone();
    ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN).putInt(at, number);
    return copy;
  }

  private static byte[] patchedLong(byte[] bytes, int at, long number) {
    byte[] copy = bytes.clone();
    ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN).putLong(at, number);
    return copy;
  }

  /** The place behind a name. */
  private static int after(byte[] bytes, String name) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    String prefix = (char) name.length() + "\0\0\0\0\0\0\0";
    return text.indexOf(prefix + name) + 8 + name.length();
  }

  private Path sample() throws IOException {
    Path path = folder.resolve("sample.gguf");
    new GgufWriter()
        .put("name", GgufValue.of("näme"))
        .put("layers", GgufValue.of(3))
        .put("eps", GgufValue.of(1e-5f))
        .put("tie", GgufValue.of(true))
        .put("tokens", GgufValue.of(List.of("a", "", "日本")))
        .put("kinds", GgufValue.of(new int[] {1, -2, 3}))
        .put("scores", GgufValue.of(new float[] {0.5f, -1f}))
        .tensor("norm", new long[] {3}, new float[] {1, 2, 3})
        .tensor(
            "matrix", GgmlType.Q8_0, new long[] {64, 2}, MemorySegment.ofArray(new byte[4 * 34]))
        .write(path);
    return path;
  }
}
