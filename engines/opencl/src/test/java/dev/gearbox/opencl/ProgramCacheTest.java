package dev.gearbox.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramCacheTest {
  private static final String MACROS =
      "-D TYPE_F32 -D BLOCK_ELEMENTS=1 -D BLOCK_BYTES=4 -D LANES=1 -D ROWS=1 -D TOKENS=1";

  @TempDir Path folder;

  private final OpenClDevice device = TestingOpenCl.device();

  @Test
  void aProgramIsCompiledOnceAndKeptForTheNextProcess() throws IOException {
    compile(MACROS);
    Path kept = files().getFirst();
    FileTime longAgo = FileTime.from(Instant.EPOCH);
    Files.setLastModifiedTime(kept, longAgo);
    compile(MACROS);
    assertThat(files()).containsExactly(kept);
    assertThat(Files.getLastModifiedTime(kept)).isEqualTo(longAgo);
  }

  @Test
  void otherMacrosAreAnotherProgram() throws IOException {
    compile(MACROS);
    compile(MACROS + " -D OTHER");
    assertThat(files()).hasSize(2);
  }

  @Test
  void aDamagedFileIsCompiledAnewAndReplaced() throws IOException {
    compile(MACROS);
    Path kept = files().getFirst();
    byte[] whole = Files.readAllBytes(kept);
    byte[] damaged = whole.clone();
    damaged[damaged.length / 2] ^= 1;
    for (byte[] bytes : List.of(damaged, new byte[0], new byte[40])) {
      Files.write(kept, bytes);
      compile(MACROS);
      assertThat(files()).containsExactly(kept);
      assertThat(Files.readAllBytes(kept)).hasSize(whole.length);
    }
  }

  @Test
  void withoutAFolderItDoesWithout() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "no folder");
    try (OpenClContext context = OpenClContext.open(device, file)) {
      assertThat(context.programs().program(MACROS, "blocks.cl", "matrix.cl")).isNotZero();
    }
  }

  @Test
  void whatDoesNotCompileIsRefusedWithTheDriversReason() {
    try (OpenClContext context = OpenClContext.open(device, folder)) {
      assertThatThrownBy(() -> context.programs().program("-D LANES=1", "matrix.cl"))
          .isInstanceOf(OpenClException.class)
          .hasMessageContaining("does not compile")
          .hasMessageContaining("error");
    }
  }

  private void compile(String macros) {
    try (OpenClContext context = OpenClContext.open(device, folder)) {
      long program = context.programs().program(macros, "blocks.cl", "matrix.cl");
      assertThat(context.programs().program(macros, "blocks.cl", "matrix.cl")).isEqualTo(program);
    }
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }
}
