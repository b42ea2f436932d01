package dev.gearbox.runtime.sample;

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

  int id(int row, int place) {
    return ids[row * width + place];
  }

  float logit(int row, int place) {
    return logits[row * width + place];
  }
}
