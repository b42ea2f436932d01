package dev.gearbox.workshop.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.cpu.model.TestingWeights;
import dev.gearbox.workshop.Progress;
import dev.gearbox.workshop.TestingTransformer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What models make of small tasks. */
class TaskRunTest {
  @TempDir Path folder;

  @Test
  void tasksAreTheSameEachTimeAndNoneIsAmongTheExamples() {
    List<Task> tasks = Task.all();
    assertThat(tasks).hasSize(60).isEqualTo(Task.all());
    assertThat(new HashSet<>(tasks)).hasSameSizeAs(tasks);
    for (Task task : tasks) {
      int question = task.prompt().lastIndexOf("Q: ");
      assertThat(task.prompt().substring(0, question))
          .doesNotContain(task.prompt().substring(question));
    }
    assertThat(tasks.stream().filter(task -> task.answer().equals("yes"))).hasSizeBetween(7, 8);
  }

  @Test
  @Tag("weights")
  void aTrainedModelAnswersTheSameEachTimeAndBetterThanItsFirstLayersAlone() throws IOException {
    Map<Task.Kind, Double> whole = shares(TestingWeights.smolLm2());
    assertThat(whole).containsOnlyKeys(Task.Kind.values());
    assertThat(shares(TestingWeights.smolLm2())).isEqualTo(whole);
    Map<Task.Kind, Double> shallow =
        shares(TestingWeights.shallow(4, folder.resolve("shallow.gguf")));
    assertThat(whole)
        .hasEntrySatisfying(Task.Kind.EXTRACTION, share -> assertThat(share).isGreaterThan(0.4))
        .hasEntrySatisfying(Task.Kind.FORMAT, share -> assertThat(share).isGreaterThan(0.3));
    assertThat(shallow)
        .hasEntrySatisfying(Task.Kind.EXTRACTION, share -> assertThat(share).isLessThan(0.4))
        .hasEntrySatisfying(Task.Kind.FORMAT, share -> assertThat(share).isLessThan(0.3));
  }

  @Test
  void aContextThatIsTooShortIsSaid() throws IOException {
    Path file = new TestingTransformer(1).write(folder.resolve("short.gguf"));
    assertThatThrownBy(() -> shares(file)).hasMessageContaining("has room for 128");
  }

  private static Map<Task.Kind, Double> shares(Path weights) throws IOException {
    return TaskRun.shares(weights, null, 2, CpuOptions.DEFAULT, Progress.NONE);
  }
}
