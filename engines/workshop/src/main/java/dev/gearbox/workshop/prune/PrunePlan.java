package dev.gearbox.workshop.prune;

import dev.gearbox.format.gguf.GgufTensor;
import dev.gearbox.format.model.ModelShape;
import dev.gearbox.format.model.ModelTensors;
import dev.gearbox.workshop.quantize.Importance;
import dev.gearbox.workshop.quantize.Quantization;
import dev.gearbox.workshop.quantize.RowStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What stays of a model.
 *
 * @param blocks the layers, by their numbers in the model, in order
 * @param channels the feed-forward channels of each of these layers, in order; as many in each
 * @param heads the query heads of each of these layers, in order; as many of each group that shares
 *     a key head
 */
public record PrunePlan(List<Integer> blocks, List<int[]> channels, List<int[]> heads) {
  private static final int CHANNEL_STEP = 256;
  private static final int SMALL_STEP = 32;

  public PrunePlan {
    blocks = List.copyOf(blocks);
    channels = List.copyOf(channels);
    heads = List.copyOf(heads);
  }

  /**
   * The share of parts to take out.
   *
   * @param blocks of the layers, 0 to below 1
   * @param channels of the feed-forward channels of each layer
   * @param heads of the query heads of each layer
   */
  public record Shares(double blocks, double channels, double heads) {
    public Shares {
      check("blocks", blocks);
      check("channels", channels);
      check("heads", heads);
      if (blocks + channels + heads == 0) {
        throw new IllegalArgumentException(
            "nothing is to be pruned: name blocks, channels or heads");
      }
    }

    private static void check(String what, double share) {
      if (!(share >= 0 && share < 0.9)) {
        throw new IllegalArgumentException(
            "the share of %s to prune must be 0 to 90 %%, was %s %%".formatted(what, 100 * share));
      }
    }
  }

  /**
   * Takes out what did least.
   *
   * @throws IllegalArgumentException when so little is asked for that nothing would go, or the
   *     model does not allow it
   */
  public static PrunePlan of(Activity activity, ModelTensors tensors, Shares shares) {
    ModelShape shape = activity.shape();
    List<Integer> blocks = blocks(activity, shape, shares.blocks());
    List<int[]> channels = new ArrayList<>();
    List<int[]> heads = new ArrayList<>();
    int keptChannels = channels(tensors, shape, shares.channels());
    int keptPerGroup = headsPerGroup(shape, shares.heads());
    for (int layer : blocks) {
      ModelTensors.Layer own = tensors.layers().get(layer);
      channels.add(
          largest(channelScores(activity, layer, own.down()), 0, shape.inner(), keptChannels));
      heads.add(
          heads(headScores(activity, shape, layer, own.attentionOutput()), shape, keptPerGroup));
    }
    return new PrunePlan(blocks, channels, heads);
  }

  private static List<Integer> blocks(Activity activity, ModelShape shape, double share) {
    // A block's window follows from its number: runs as long as the period leave others theirs.
    int run = shape.windowPeriod();
    int runs = (int) Math.round(share * shape.layers() / run);
    if (share > 0 && runs == 0) {
      throw new IllegalArgumentException(
          "blocks of a %s model go %d at a time, and %s %% of %d is less"
              .formatted(shape.architecture().key(), run, 100 * share, shape.layers()));
    }
    if (runs > 0 && shape.attentionScale() != (float) (1 / Math.sqrt(shape.headSize()))) {
      throw new IllegalArgumentException(
          "how scores of this model are scaled is known by its number of blocks: none can go");
    }
    // The first block turns embeddings into what all the others work on, and the last into logits.
    List<Integer> left = IntStream.range(0, shape.layers()).boxed().collect(Collectors.toList());
    for (int i = 0; i < runs; i++) {
      if (left.size() < run + 2) {
        throw new IllegalArgumentException(
            "no more than %d blocks can go".formatted(shape.layers() - left.size()));
      }
      int least =
          IntStream.range(1, left.size() - run)
              .boxed()
              .min(Comparator.comparingDouble(at -> influence(activity, left, at, run)))
              .orElseThrow();
      left.subList(least, least + run).clear();
    }
    return left;
  }

  private static double influence(Activity activity, List<Integer> left, int at, int run) {
    return left.subList(at, at + run).stream().mapToDouble(activity::influence).sum();
  }

  private static int channels(ModelTensors tensors, ModelShape shape, double share) {
    boolean wide =
        shape.inner() % CHANNEL_STEP == 0
            && tensors.layers().stream().anyMatch(l -> l.down().type().blockSize() == CHANNEL_STEP);
    int step = wide ? CHANNEL_STEP : SMALL_STEP;
    int removed = (int) Math.round(share * shape.inner() / step) * step;
    if (share > 0 && removed == 0) {
      throw new IllegalArgumentException(
          "channels go %d at a time, and %s %% of %d is less"
              .formatted(step, 100 * share, shape.inner()));
    }
    return shape.inner() - removed;
  }

  private static int headsPerGroup(ModelShape shape, double share) {
    int group = shape.queriesPerKey();
    int removed = (int) Math.round(share * group);
    if (share > 0 && (removed == 0 || removed == group)) {
      throw new IllegalArgumentException(
          "%d heads share a key head, and one of each group is %d %% of them: %s %% takes out %s"
              .formatted(group, 100 / group, 100 * share, removed == 0 ? "none" : "all"));
    }
    return group - removed;
  }

  /** Root of what a channel took, times the length of the column that it is multiplied by. */
  private static double[] channelScores(Activity activity, int layer, GgufTensor down) {
    double[] norms = columnSquares(down);
    for (int i = 0; i < norms.length; i++) {
      norms[i] *= activity.inner(layer, i);
    }
    return norms;
  }

  private static double[] headScores(
      Activity activity, ModelShape shape, int layer, GgufTensor output) {
    double[] norms = columnSquares(output);
    double[] scores = new double[shape.heads()];
    for (int i = 0; i < norms.length; i++) {
      scores[i / shape.headSize()] += norms[i] * activity.attended(layer, i);
    }
    return scores;
  }

  private static double[] columnSquares(GgufTensor matrix) {
    double[] squares = new double[matrix.columns()];
    float[] row = new float[matrix.columns()];
    RowStream.Rows rows = Quantization.rows(matrix);
    for (long r = 0; r < matrix.rows(); r++) {
      rows.read(r, row);
      Importance.addSquares(squares, row, 1, row.length);
    }
    return squares;
  }

  private static int[] heads(double[] scores, ModelShape shape, int keptPerGroup) {
    int group = shape.queriesPerKey();
    return IntStream.range(0, shape.kvHeads())
        .flatMap(key -> IntStream.of(largest(scores, key * group, group, keptPerGroup)))
        .toArray();
  }

  /** The indices of the largest scores among some, in order. */
  private static int[] largest(double[] scores, int from, int count, int kept) {
    return IntStream.range(from, from + count)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -scores[i]))
        .limit(kept)
        .mapToInt(i -> i)
        .sorted()
        .toArray();
  }
}
