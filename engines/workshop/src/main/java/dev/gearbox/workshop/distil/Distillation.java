package dev.gearbox.workshop.distil;

import dev.gearbox.cpu.model.Probe.Point;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufMetadata;
import dev.gearbox.format.gguf.GgufValue;
import dev.gearbox.format.gguf.GgufWriter;
import dev.gearbox.format.model.Architecture;
import dev.gearbox.format.model.ModelShape;
import dev.gearbox.workshop.Progress;
import dev.gearbox.workshop.Reading;
import dev.gearbox.workshop.distil.States.Place;
import dev.gearbox.workshop.prune.PrunedModel;
import dev.gearbox.workshop.quantize.Quantization;
import dev.gearbox.workshop.quantize.RowStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;

/**
 * Corrections that bring a student's residual stream nearer to its teacher's.
 *
 * <pre>
 *   a gap       teacher  … b ─ b+1 ─ b+2 ─ n …      what b+1 and b+2 add to the stream is fitted as a
 *               student  … b ───────────── n …      map of b's feed-forward output, on the teacher
 *   no gap      the last layer's output is mapped so that the stream behind it is the teacher's
 * </pre>
 *
 * Mapping a feed-forward output in place of the blocks behind it is that of "ReplaceMe: Network
 * Simplification via Depth Pruning and Transformer Block Linearization" (2025).
 */
public final class Distillation {
  private static final String TECHNIQUE = "distilled";

  private final GgufFile teacher;
  private final GgufFile student;
  private final ModelShape teacherShape;
  private final ModelShape studentShape;
  private final int[] blocks;

  /** Blocks of the teacher that are missing behind a layer of the student. */
  private record Gap(int layer, int after, int next) {}

  /**
   * Checks that one can teach the other.
   *
   * @throws IllegalArgumentException when they do not match
   */
  public Distillation(GgufFile teacher, GgufFile student) {
    this.teacher = teacher;
    this.student = student;
    teacherShape = ModelShape.of(teacher);
    studentShape = ModelShape.of(student);
    require("architecture", teacherShape.architecture(), studentShape.architecture());
    require("embedding length", teacherShape.size(), studentShape.size());
    require("vocabulary", teacherShape.vocabulary(), studentShape.vocabulary());
    if (!tokens(teacher.metadata()).equals(tokens(student.metadata()))) {
      throw mismatch("their vocabularies hold different tokens");
    }
    if (teacherShape.architecture() == Architecture.GEMMA3) {
      throw new IllegalArgumentException(
          "a gemma3 model norms what its feed-forward part gives: no map can be merged into it");
    }
    blocks = blocks();
  }

  private static void require(String what, Object teachers, Object students) {
    if (!teachers.equals(students)) {
      throw mismatch("%s %s and %s".formatted(what, teachers, students));
    }
  }

  private static List<String> tokens(GgufMetadata metadata) {
    return metadata.findStrings("tokenizer.ggml.tokens");
  }

  private static IllegalArgumentException mismatch(String why) {
    return new IllegalArgumentException("teacher and student do not match: " + why);
  }

  private int[] blocks() {
    int layers = studentShape.layers();
    int[] same = IntStream.range(0, layers).toArray();
    if (layers == teacherShape.layers()) {
      return same;
    }
    int[] noted =
        student
            .metadata()
            .findInts(PrunedModel.BLOCKS)
            .orElseThrow(() ->
                mismatch(
                    "%d and %d blocks, and the student does not say which (%s, as gearbox prune writes it)"
                        .formatted(teacherShape.layers(), layers, PrunedModel.BLOCKS)));
    for (int i = 0; i < noted.length; i++) {
      if (noted[i] < (i == 0 ? 0 : noted[i - 1] + 1) || noted[i] >= teacherShape.layers()) {
        throw mismatch("the student holds block %d of a larger teacher".formatted(noted[i]));
      }
    }
    if (noted.length != layers) {
      throw mismatch("the student names %d blocks and has %d".formatted(noted.length, layers));
    }
    return noted;
  }

  private List<Gap> gaps() {
    List<Gap> gaps = new ArrayList<>();
    for (int i = 0; i < blocks.length; i++) {
      int next = i + 1 < blocks.length ? blocks[i + 1] : teacherShape.layers();
      if (next > blocks[i] + 1) {
        gaps.add(new Gap(i, blocks[i], next));
      }
    }
    return gaps;
  }

  private boolean fillsGaps() {
    return !gaps().isEmpty() && !Quantization.techniques(student).contains(TECHNIQUE);
  }

  /**
   * Writes the student with its weights corrected: for each gap that no earlier distillation has
   * filled, otherwise at its last layer.
   *
   * @param progress in windows of the text
   * @throws IllegalArgumentException when the text is too short
   */
  public void merge(String text, Path out, CpuWorkers workers, Progress progress)
      throws IOException {
    List<Correction> corrections =
        fillsGaps() ? fillGaps(text, workers, progress) : List.of(last(text, workers, progress));
    Map<String, RowStream.Rows> changed = new HashMap<>();
    for (Correction each : corrections) {
      changed.put(each.tensor(), each.merged(student.tensor(each.tensor())));
    }
    new Quantization(null, Map.of(), changed, List.of(TECHNIQUE))
        .run(student, out, workers, Progress.NONE);
  }

  /**
   * Writes a low-rank adapter for the student that brings its last states nearer to the teacher's.
   *
   * @param rank 1 to the model's size
   * @param progress in windows of the text
   * @throws IllegalArgumentException when the text is too short, or the rank makes no sense
   */
  public void adapter(String text, int rank, Path out, CpuWorkers workers, Progress progress)
      throws IOException {
    if (rank < 1 || rank > studentShape.size()) {
      throw new IllegalArgumentException(
          "the rank must be 1 to %d, was %d".formatted(studentShape.size(), rank));
    }
    Correction correction = last(text, workers, progress);
    GgufWriter writer = new GgufWriter();
    writer.put("general.architecture", GgufValue.of(studentShape.architecture().key()));
    correction.writeAdapter(student.tensor(correction.tensor()), rank, writer);
    writer.write(out);
  }

  /** On the teacher alone: where no block is missing yet, the student's states are the same. */
  private List<Correction> fillGaps(String text, CpuWorkers workers, Progress progress) {
    List<Gap> gaps = gaps();
    States states = new States();
    Map<Gap, LinearFit> fits = new LinkedHashMap<>();
    for (Gap gap : gaps) {
      fits.put(gap, new LinearFit(teacherShape.size()));
      states.keep(output(gap.after()));
      states.keep(hidden(gap.after() + 1));
      states.keep(hidden(gap.next()));
    }
    int[][] windows = windows(text);
    try (Reading reading = new Reading(teacher, workers, states)) {
      for (int i = 0; i < windows.length; i++) {
        reading.read(windows[i]);
        fits.forEach((gap, fit) -> {
          int rows = states.rows(hidden(gap.next()));
          DMatrixRMaj missing = states.last(hidden(gap.next()), rows);
          CommonOps_DDRM.subtractEquals(missing, states.last(hidden(gap.after() + 1), rows));
          fit.add(states.last(output(gap.after()), rows), missing);
        });
        states.clear();
        progress.at(i + 1L, windows.length);
      }
    }
    List<Correction> corrections = new ArrayList<>();
    fits.forEach(
        (gap, fit) -> corrections.add(new Correction(gap.layer(), fit.solve(), fit.gram())));
    return corrections;
  }

  /** On both: what the student's last output lacks to the teacher's stream. */
  private Correction last(String text, CpuWorkers workers, Progress progress) {
    int layer = studentShape.layers() - 1;
    States wanted = new States();
    wanted.keep(hidden(teacherShape.layers()));
    States own = new States();
    own.keep(output(layer));
    own.keep(hidden(layer + 1));
    LinearFit fit = new LinearFit(studentShape.size());
    int[][] windows = windows(text);
    try (Reading teaches = new Reading(teacher, workers, wanted);
        Reading learns = new Reading(student, workers, own)) {
      for (int i = 0; i < windows.length; i++) {
        teaches.read(windows[i]);
        learns.read(windows[i]);
        int rows = wanted.rows(hidden(teacherShape.layers()));
        DMatrixRMaj lack = wanted.last(hidden(teacherShape.layers()), rows);
        CommonOps_DDRM.subtractEquals(lack, own.last(hidden(layer + 1), rows));
        fit.add(own.last(output(layer), rows), lack);
        wanted.clear();
        own.clear();
        progress.at(i + 1L, windows.length);
      }
    }
    return new Correction(layer, fit.solve(), fit.gram());
  }

  private int[][] windows(String text) {
    int[][] windows = Reading.windows(teacher, text);
    int tokens = windows.length * windows[0].length;
    if (tokens < 2 * teacherShape.size()) {
      throw new IllegalArgumentException(
          "the calibration text has %d tokens; least squares in %d dimensions take %d at the very least, and better ten times as many"
              .formatted(tokens, teacherShape.size(), 2 * teacherShape.size()));
    }
    return windows;
  }

  private static Place output(int layer) {
    return new Place(Point.FEED_FORWARD_OUTPUT, layer);
  }

  private static Place hidden(int layer) {
    return new Place(Point.HIDDEN, layer);
  }
}
