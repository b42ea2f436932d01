package dev.gearbox.cpu.model;

import dev.gearbox.cpu.kernel.Kernels;
import dev.gearbox.cpu.model.LoraWeights.Pair;
import dev.gearbox.cpu.parallel.Stage;
import org.jspecify.annotations.Nullable;

/**
 * What adapters add to the products of a step, {@code y += B · (scale · A · x)}, for the rows that
 * carry one (Hu et al. 2021). {@code A · x} is computed once for all the matrices that share an
 * input, in a stage of its own before theirs; the rest is added where their products are. Each row
 * is computed as if it were alone.
 *
 * <pre>
 *   reduced   [place among the matrices that share the input][row][ranks]
 * </pre>
 */
final class LoraProducts {
  /** Rows that one job reduces, while the matrix is in its cache. */
  private static final int ROWS = 32;

  private static final int MOST_TOGETHER = 3;

  private final Kernels kernels;
  private final StepState step;
  private final int lanes;
  private float[] reduced = {};
  private int ranks;

  LoraProducts(Kernels kernels, StepState step) {
    this.kernels = kernels;
    this.step = step;
    lanes = kernels.lanes();
  }

  /** Makes room for the step that begins. */
  void begin() {
    ranks = Math.ceilDiv(step.maxRank(), lanes) * lanes;
    int needed = MOST_TOGETHER * step.size() * ranks;
    if (reduced.length < needed) {
      reduced = new float[needed];
    }
  }

  private int at(int place, int row) {
    return (place * step.size() + row) * ranks;
  }

  private @Nullable Pair pair(int row, int site) {
    LoraWeights adapter = step.adapter(row);
    return adapter == null ? null : adapter.pair(site);
  }

  /** Adds what a row's adapter has for one group of rows of a matrix to their products. */
  void add(int site, int place, int group, int row, float[] out, int at) {
    Pair pair = pair(row, site);
    if (pair == null) {
      return;
    }
    int strip = pair.rank() * lanes;
    for (int half = 0; half < 2; half++) {
      int from = (2 * group + half) * strip;
      // The last group may be half empty.
      if (from < pair.b().length) {
        int to = at + half * lanes;
        kernels.addProduct(pair.b(), from, pair.rank(), reduced, at(place, row), out, to);
      }
    }
  }

  /** Computes {@code scale · A · x} of all rows for the matrices of some neighbouring sites. */
  final class Reduction implements Stage {
    private final float[] x;
    private final int columns;
    private final int firstSite;
    private final int sites;

    Reduction(float[] x, int columns, int firstSite, int sites) {
      this.x = x;
      this.columns = columns;
      this.firstSite = firstSite;
      this.sites = sites;
    }

    @Override
    public int jobs() {
      return Math.ceilDiv(step.rows(), ROWS) * sites * (ranks / lanes);
    }

    @Override
    public void run(int job, int worker) {
      int place = job % sites;
      int strip = job / sites % (ranks / lanes);
      int first = job / sites / (ranks / lanes) * ROWS;
      int end = Math.min(first + ROWS, step.rows());
      for (int row = first; row < end; row++) {
        Pair pair = pair(row, firstSite + place);
        if (pair != null && strip * lanes < pair.rank()) {
          reduce(pair, strip, row, at(place, row) + strip * lanes);
        }
      }
    }

    private void reduce(Pair pair, int strip, int row, int to) {
      for (int lane = 0; lane < lanes; lane++) {
        reduced[to + lane] = 0;
      }
      int from = strip * columns * lanes;
      kernels.addProduct(pair.a(), from, columns, x, row * columns, reduced, to);
      kernels.scale(reduced, to, lanes, pair.scale());
    }
  }
}
