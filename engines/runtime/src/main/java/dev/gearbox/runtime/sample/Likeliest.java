package dev.gearbox.runtime.sample;

import java.util.Arrays;

/**
 * The likeliest tokens of some rows of logits, in order: the largest logit first, of equal ones the
 * lower id. What is no number, or minus infinity, is not among them.
 *
 * <pre>
 *   row 0: | id id id … | row 1: | id … |      each {@link #width} long, −1 where there are fewer
 * </pre>
 *
 * Used again from step to step by one thread.
 */
public final class Likeliest {
  private int width;
  private int[] ids = {};
  private float[] logits = {};

  /** Makes room and forgets what stood there. */
  public void begin(int rows, int tokens) {
    width = tokens;
    if (ids.length < rows * tokens) {
      ids = new int[rows * tokens];
      logits = new float[rows * tokens];
    }
  }

  /** Tokens of a row at most. */
  public int width() {
    return width;
  }

  /** Writes a token of a row; id −1 says that there is none. */
  public void put(int row, int place, int id, float logit) {
    ids[row * width + place] = id;
    logits[row * width + place] = logit;
  }

  /** Reads a row out of all its logits. A pass over them, for widths that are small. */
  void read(int row, float[] all, int from, int vocabulary) {
    int first = row * width;
    int end = first;
    // The last place of a full row is what others must be above.
    float least = Float.NEGATIVE_INFINITY;
    for (int id = 0; id < vocabulary; id++) {
      float logit = all[from + id];
      // NaN compares false and is left out.
      if (logit > least) {
        int at = end < first + width ? end++ : end - 1;
        for (; at > first && logits[at - 1] < logit; at--) {
          ids[at] = ids[at - 1];
          logits[at] = logits[at - 1];
        }
        ids[at] = id;
        logits[at] = logit;
        least = end < first + width ? least : logits[end - 1];
      }
    }
    Arrays.fill(ids, end, first + width, -1);
  }

  int id(int row, int place) {
    return ids[row * width + place];
  }

  float logit(int row, int place) {
    return logits[row * width + place];
  }
}
