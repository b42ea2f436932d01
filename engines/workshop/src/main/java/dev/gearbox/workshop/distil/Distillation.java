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
import dev.gearbox.workshop.prune.PrunedModel;
import dev.gearbox.workshop.quantize.Quantization;
import dev.gearbox.workshop.quantize.RowStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.ejml.data.DMatrixRMaj;

/**
 * Corrections that bring a student's residual stream to its teacher's where blocks are missing.
 *
 * <pre>
 *   teacher  … b ─ b+1 ─ b+2 ─ n …     both read the text layer by layer; at a gap the down matrix of
 *   student  … b ───────────── n …     the layer before it is fitted to T − S, what the student's
 *                                      stream lacks, and the student goes on with the new one
 * </pre>
 *
 * Without a gap, the last layer is corrected. That missing blocks are made up for by a linear map
 * of the feed-forward part before them is of "ReplaceMe: Network Simplification via Depth Pruning
 * and Transformer Block Linearization" (2025); that inputs are those of the student as repaired so
 * far and targets the teacher's, the asymmetric reconstruction of "Accelerating Very Deep
 * Convolutional Networks for Classification and Detection" (2015).
 *
 * <p>Besides a layer of both models, in memory are for each token two streams and, at a gap, the
 * map's inputs, and for each element of XᵀX 40 bytes, of XᵀY 72.
 */
public final class Distillation {
  private static final String TECHNIQUE = "distilled";

  /** Of so many windows the last chooses how much is believed of what the others say. */
  private static final int HELD_OUT = 10;

  /** The widest feed-forward part whose whole down matrix is fitted: the cube of it is computed. */
  private static final int WIDEST = 2048;

  private final GgufFile teacher;
  private final GgufFile student;
  private final ModelShape teacherShape;
  private final ModelShape studentShape;
  private final int[] blocks;

  /**
   * A layer of the student whose output is corrected.
   *
   * @param next the block of the teacher whose input the student's stream is to be behind it
   */
  private record Place(int layer, int next) {}

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

  /** Where blocks are missing that no earlier distillation has made up for, otherwise the end. */
  private List<Place> places() {
    List<Place> places = new ArrayList<>();
    for (int i = 0; i < blocks.length; i++) {
      int next = i + 1 < blocks.length ? blocks[i + 1] : teacherShape.layers();
      if (next > blocks[i] + 1) {
        places.add(new Place(i, next));
      }
    }
    boolean open = !places.isEmpty() && !Quantization.techniques(student).contains(TECHNIQUE);
    return open ? places : List.of(last());
  }

  private Place last() {
    return new Place(studentShape.layers() - 1, teacherShape.layers());
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
    Map<String, RowStream.Rows> changed = new HashMap<>();
    for (Correction each : corrections(places(), false, text, workers, progress)) {
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
    Correction correction = corrections(List.of(last()), true, text, workers, progress).getFirst();
    GgufWriter writer = new GgufWriter();
    writer.put("general.architecture", GgufValue.of(studentShape.architecture().key()));
    correction.writeAdapter(student.tensor(correction.tensor()), rank, writer);
    writer.write(out);
  }

  private List<Correction> corrections(
      List<Place> places, boolean grams, String text, CpuWorkers workers, Progress progress) {
    int[][] windows = windows(text);
    long total = (places.getLast().next() + places.getLast().layer() + 1L) * windows.length;
    long[] done = {0};
    Runnable step = () -> progress.at(++done[0], total);
    List<Correction> corrections = new ArrayList<>();
    LinearFit fit = new LinearFit(width(), studentShape.size(), workers);
    try (Streams teaches = new Streams(teacher, workers, windows, step);
        Streams learns = new Streams(student, workers, windows, step)) {
      for (Place place : places) {
        teaches.enter(place.next());
        learns.enter(place.layer());
        DMatrixRMaj map = correct(learns, teaches, windows.length, fit);
        corrections.add(new Correction(place.layer(), wide(), map, grams ? fit.gram() : null));
      }
    }
    return corrections;
  }

  /** Takes the student through a layer, and its streams as near to the teacher's as a map can. */
  private DMatrixRMaj correct(Streams learns, Streams teaches, int windows, LinearFit fit) {
    float[][] inputs = learns.pass(wide() ? Point.FEED_FORWARD_OUTPUT : Point.INNER);
    float[][] rows = new float[inputs[0].length / width()][width() + studentShape.size()];
    fit.clear();
    for (int i = 0; i < windows; i++) {
      boolean heldOut = i % HELD_OUT == Math.min(HELD_OUT, windows) - 1;
      fill(rows, inputs[i], learns.of(i), teaches.of(i));
      fit.add(rows, heldOut);
    }
    DMatrixRMaj map = fit.solve();
    for (int i = 0; i < windows; i++) {
      learns.add(i, inputs[i], map);
    }
    return map;
  }

  private boolean wide() {
    return studentShape.inner() > WIDEST;
  }

  private int width() {
    return wide() ? studentShape.size() : studentShape.inner();
  }

  /**
   * Inputs of the map beside what the student's stream lacks, by the length of the teacher's: what
   * reads a stream norms it first, so an error counts by its share; and the few tokens whose stream
   * is a thousand times as long as others' do not decide alone ("Massive Activations in Large
   * Language Models", 2024).
   */
  private void fill(float[][] rows, float[] inputs, float[] student, float[] teacher) {
    int size = studentShape.size();
    int width = width();
    for (int r = 0; r < rows.length; r++) {
      double squares = 0;
      for (int i = r * size; i < (r + 1) * size; i++) {
        squares += (double) teacher[i] * teacher[i];
      }
      float weight = (float) (1 / Math.sqrt(squares + Double.MIN_NORMAL));
      for (int i = 0; i < width; i++) {
        rows[r][i] = weight * inputs[r * width + i];
      }
      for (int i = 0; i < size; i++) {
        rows[r][width + i] = weight * (teacher[r * size + i] - student[r * size + i]);
      }
    }
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
}
