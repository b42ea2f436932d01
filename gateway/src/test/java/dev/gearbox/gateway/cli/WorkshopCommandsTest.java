package dev.gearbox.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the workshop is given wrong: one line that says so, and nothing left behind. */
@Tag("weights")
class WorkshopCommandsTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          quantize smollm2 OUT q4km                                           | unknown type 'q4km'
          quantize smollm2 OUT Q2_K --importance SHORT                        | the calibration text has
          quantize SHORT OUT Q8_0                                             | GGUF
          prune smollm2 OUT --blocks 20 --text SHORT                          | the calibration text has
          prune smollm2 OUT --blocks 99 --text SHORT                          | the share of blocks to prune
          prune smollm2 OUT --weights 5:4 --text SHORT                        | 5:4
          distil smollm2 smollm2 OUT --text SHORT                             | the calibration text has
          distil smollm2 qwen2.5-coder-0.5b OUT --text SHORT                  | teacher and student do not match
          adapter merge smollm2 smollm2 OUT Q8_0                              | adapter
          eval --weights smollm2 --text SHORT                                 | the text has
          eval --weights smollm2 --corpus poetry                              | no corpus 'poetry'
          eval --weights smollm2 --corpus all --text SHORT                    | --text and --corpus both say
          """)
  void whatIsWrongIsSaidInALineAndLeavesNothing(String command, String said) throws Exception {
    Path text = Files.writeString(folder.resolve("short.txt"), "Too short to learn from.\n");
    String written = folder.resolve("out.gguf").toString();
    ByteArrayOutputStream err = new ByteArrayOutputStream();

    int code =
        Gearbox.commandLine(new Screen(new ByteArrayOutputStream(), err, false))
            .execute(command.replace("OUT", written).replace("SHORT", text.toString()).split(" +"));

    assertThat(code).isBetween(1, 2);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains(said).doesNotContain("\tat ");
    assertThat(folder).isDirectoryNotContaining("glob:**out*");
  }
}
