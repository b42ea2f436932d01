package dev.gearbox.format.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WholeFileTest {
  @TempDir Path folder;
  private Path target = Path.of("");

  @BeforeEach
  void stands() throws IOException {
    target = Files.writeString(folder.resolve("out.gguf"), "what was there");
  }

  @Test
  void whatDoesNotFitOnTheDiskIsRefusedBeforeItIsBegun() {
    assertThatThrownBy(() -> new WholeFile(target, Long.MAX_VALUE))
        .isInstanceOf(IOException.class)
        .hasMessageMatching("the file needs \\d+ MB and the disk has \\d+ MB left");
    assertUntouched();
  }

  @Test
  void whatIsGivenUpHalfWayLeavesWhatWasThere() throws IOException {
    try (WholeFile file = new WholeFile(target, 10)) {
      file.channel().write(ByteBuffer.allocate(5));
      assertThat(folder.resolve("out.gguf.part")).hasSize(5);
    }
    assertUntouched();
  }

  @Test
  void whatIsKeptAppearsAtOnce() throws IOException {
    try (WholeFile file = new WholeFile(target, 3)) {
      file.channel().write(ByteBuffer.wrap(new byte[] {'n', 'e', 'w'}));
      assertThat(target).hasContent("what was there");
      file.keep();
    }
    assertThat(target).hasContent("new");
    assertThat(folder).isDirectoryNotContaining("glob:**.part");
  }

  @Test
  void aFolderThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> new WholeFile(folder.resolve("none/out.gguf"), 1))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageEndingWith("none");
  }

  private void assertUntouched() {
    assertThat(target).hasContent("what was there");
    assertThat(folder).isDirectoryNotContaining("glob:**.part");
  }
}
