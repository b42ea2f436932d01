package dev.gearbox.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.gearbox.policy.simulate.Trace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TraceFileTest {
  private static final String AZURE = "TIMESTAMP,ContextTokens,GeneratedTokens\n";

  @TempDir Path folder;

  private Path write(String text) throws IOException {
    return Files.writeString(folder.resolve("trace"), text);
  }

  @Test
  void readsAzure() throws IOException {
    Trace trace =
        TraceFile.read(
            write(
                AZURE
                    + "2023-11-16 23:59:59.5000000,374,44\r\n"
                    + "2023-11-17 00:00:01.2500000,396,109\r\n"));
    assertThat(trace.seconds()).isCloseTo(1.75, within(1e-6));
    assertThat(trace.rows().getLast().promptTokens()).isEqualTo(396);
    assertThat(trace.rows().getLast().outputTokens()).isEqualTo(109);
  }

  @Test
  void readsBurstGptWithoutItsFailedRequests() throws IOException {
    Trace trace =
        TraceFile.read(
            write(
                """
                Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type
                5,ChatGPT,472,18,490,Conversation log
                45,ChatGPT,1087,0,1087,Conversation log
                118,GPT-4,417,276,693,API log
                """));
    assertThat(trace.rows()).hasSize(2);
    assertThat(trace.seconds()).isEqualTo(113);
  }

  @Test
  void readsMooncakeWithItsBlocksInTheOrderOfTime() throws IOException {
    Trace trace =
        TraceFile.read(
            write(
                """
                {"timestamp": 3052, "input_length": 700, "output_length": 52, "hash_ids": [46, 47]}
                {"timestamp": 0, "input_length": 600, "output_length": 2, "hash_ids": [46, 48]}
                """));
    assertThat(trace.seconds()).isCloseTo(3.052, within(1e-9));
    assertThat(trace.rows().getFirst().blocks()).containsExactly(46L, 48L);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2023-11-16 18:15:46.68|374,44|expected 3 columns, got 4",
        "2023-11-16 18:15:46.68|many|many",
        "yesterday:1|7|yesterday",
        "2023-11-16 18:15:46.68|-1|negative",
        "NaN|7|negative"
      })
  void namesFileAndLineOfWhatItCannotRead(String time, String prompt, String why)
      throws IOException {
    Path file = write(AZURE + "2023-11-16 18:15:46.68,374,44\n\n" + time + "," + prompt + ",44\n");
    assertThatThrownBy(() -> TraceFile.read(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(file + ":4: ")
        .hasMessageContaining(why);
  }

  @Test
  void namesTheLineOfBrokenJson() throws IOException {
    Path file = write("{\"timestamp\": 0, \"input_length\": 6, \"output_length\": 5}\n{\"time\n");
    assertThatThrownBy(() -> TraceFile.read(file)).hasMessageStartingWith(file + ":2: ");
    Path other = write("{\"timestamp\": 0, \"input_length\": 6}\n");
    assertThatThrownBy(() -> TraceFile.read(other)).hasMessageContaining("'output_length'");
  }

  @Test
  void saysWhatHeadersItKnows() throws IOException {
    assertThatThrownBy(() -> TraceFile.read(write("a,b,c\n1,2,3\n"))).hasMessageContaining("Azure");
    assertThatThrownBy(() -> TraceFile.read(write(""))).hasMessageContaining("empty");
    assertThatThrownBy(() -> TraceFile.read(write(AZURE))).hasMessageContaining("two requests");
  }
}
