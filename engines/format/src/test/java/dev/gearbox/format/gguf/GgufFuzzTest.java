package dev.gearbox.format.gguf;

import dev.gearbox.engine.Fuzzing;
import dev.gearbox.format.model.ModelShape;
import dev.gearbox.format.model.UnsupportedModelException;
import dev.gearbox.format.template.ChatTemplate;
import dev.gearbox.format.template.TemplateException;
import dev.gearbox.format.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;

/** A file of weights from a stranger: read as a model, or refused with a reason. */
class GgufFuzzTest {
  private static final Path FILE;
  private static final FileChannel CHANNEL;

  static {
    try {
      FILE = Files.createTempFile("gearbox-fuzz", ".gguf");
      FILE.toFile().deleteOnExit();
      CHANNEL = FileChannel.open(FILE, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Entry of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] data) {
    try {
      // A file system may write out at once what was cut to nothing first.
      CHANNEL.write(ByteBuffer.wrap(data), 0);
      CHANNEL.truncate(data.length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try (GgufFile file = GgufFile.open(FILE)) {
      for (GgufTensor tensor : file.tensors().values()) {
        if (tensor.elements() <= 1 << 16) {
          tensor.toFloats();
        }
      }
      use(file);
    } catch (GgufException e) {
      // Refused.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void use(GgufFile file) {
    try {
      ChatTemplate.of(file);
    } catch (TemplateException | GgufException e) {
      // The template is refused alone.
    }
    try {
      ModelShape.of(file);
    } catch (UnsupportedModelException | GgufException e) {
      // Not a model that is known.
    }
    try {
      Tokenizer.of(file).encode("hello", true);
    } catch (UnsupportedModelException | GgufException e) {
      // Not a vocabulary that is known.
    }
  }

  @Test
  void takesSeedsAndTheirLike() throws IOException {
    Fuzzing.shake("gguf", 300, GgufFuzzTest::fuzzerTestOneInput);
  }
}
