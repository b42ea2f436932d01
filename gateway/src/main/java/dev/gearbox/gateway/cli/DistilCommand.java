package dev.gearbox.gateway.cli;

import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.workshop.distil.Distillation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a student lost, won back from its teacher. */
@Command(
    name = "distil",
    description =
        "Bring a pruned or quantized model nearer to the one that it was made of, by least squares on"
            + " the teacher's hidden states; the result is merged into the student's weights.")
final class DistilCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Parameters(
      index = "0",
      paramLabel = "TEACHER",
      description = "The model before: a GGUF file, or a variant of the catalog.")
  private String teacher = "";

  @Parameters(index = "1", paramLabel = "STUDENT", description = "What was made of it.")
  private String student = "";

  @Parameters(index = "2", paramLabel = "OUT", description = "The GGUF file to write.")
  private String out = "";

  @Option(
      names = "--text",
      required = true,
      paramLabel = "FILE",
      description =
          "A text like what the model will be used for: ten times as many tokens as the model is"
              + " wide.")
  private Path text = Path.of("");

  @Option(
      names = "--rank",
      paramLabel = "N",
      description = "Write a low-rank adapter for the student instead of a whole model.")
  private @Nullable Integer rank;

  @Mixin private ThreadsOption threads = new ThreadsOption();

  private final Screen screen;

  DistilCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    int workers = threads.count();
    String content = Files.readString(text);
    Path teaches = WorkFiles.weights(teacher, screen);
    Path learns = WorkFiles.weights(student, screen);
    Path to = WorkFiles.output(out, teaches, learns);
    try (GgufFile teacherFile = GgufFile.open(teaches);
        GgufFile studentFile = GgufFile.open(learns);
        CpuWorkers team = new CpuWorkers(workers);
        WorkProgress progress = new WorkProgress("distilling", screen)) {
      Distillation distillation = new Distillation(teacherFile, studentFile);
      if (rank == null) {
        distillation.merge(content, to, team, progress);
      } else {
        distillation.adapter(content, rank, to, team, progress);
      }
    }
    screen.out().println(to + ": " + Files.size(to) / 1_000_000 + " MB");
    return 0;
  }
}
