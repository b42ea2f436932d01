package dev.gearbox.runtime.sample;

import java.util.Arrays;

/**
 * Tokens that may still be drawn, with weights relative to the likeliest (whose weight is 1).
 *
 * <pre>
 *   ids, weights   | max-heap of what nobody looked at | chosen, ascending |
 *                  0                                 first               end
 * </pre>
 *
 * A filter pops as many from the heap as it looks at, so that a few of many cost O(n + k log n).
 */
final class Candidates {
  private int[] ids = {};
  private double[] weights = {};
  private int first;
  private int end;
  private boolean ordered;

  /** Takes every token with a weight above e^{@code cut}, in the order of the ids. */
  void fill(
      float[] logits, int from, int vocabulary, int likeliest, float temperature, double cut) {
    if (ids.length < vocabulary) {
      ids = new int[vocabulary];
      weights = new double[vocabulary];
    }
    first = 0;
    end = 0;
    ordered = false;
    float max = logits[from + likeliest];
    for (int i = 0; i < vocabulary; i++) {
      double exponent = i == likeliest ? 0 : ((double) logits[from + i] - max) / temperature;
      // NaN compares false and is left out.
      if (exponent > cut) {
        ids[end] = i;
        weights[end] = Math.exp(exponent);
        end++;
      }
    }
  }

  /** The same of a row's likeliest {@code count} alone. */
  void fill(Likeliest few, int row, int count, float temperature, double cut) {
    if (ids.length < count) {
      ids = new int[count];
      weights = new double[count];
    }
    first = 0;
    end = 0;
    ordered = false;
    float max = few.logit(row, 0);
    for (int i = 0; i < count && few.id(row, i) >= 0; i++) {
      double exponent = i == 0 ? 0 : ((double) few.logit(row, i) - max) / temperature;
      if (exponent > cut) {
        insert(few.id(row, i), Math.exp(exponent));
      }
    }
  }

  /** Takes a token into those that stand in the order of their ids. */
  private void insert(int id, double weight) {
    int at = end++;
    for (; at > 0 && ids[at - 1] > id; at--) {
      set(at, ids[at - 1], weights[at - 1]);
    }
    set(at, id, weight);
  }

  /** Keeps the {@code k} likeliest. */
  void keepTop(int k) {
    if (k < end - first) {
      order();
      int at = end;
      while (end - at < k) {
        popTo(--at);
      }
      first = at;
    }
  }

  /** Keeps the smallest set of the likeliest whose share of all weight reaches {@code share}. */
  void keepMass(double share) {
    double wanted = share * total();
    boolean heap = !ordered;
    if (heap) {
      order();
    }
    int at = end;
    double mass = 0;
    while (at > first && mass < wanted) {
      at--;
      if (heap) {
        popTo(at);
      }
      mass += weights[at];
    }
    first = at;
  }

  /** Keeps what is at least {@code share} as likely as the likeliest. */
  void keepAbove(double share) {
    int kept = first;
    for (int i = first; i < end; i++) {
      if (weights[i] >= share) {
        set(kept++, ids[i], weights[i]);
      }
    }
    end = kept;
  }

  /** The token at {@code point}, 0 up to 1, of the summed weights. */
  int pick(double point) {
    double left = point * total();
    for (int i = end - 1; i > first; i--) {
      left -= weights[i];
      if (left < 0) {
        return ids[i];
      }
    }
    return ids[first];
  }

  /** The tokens that are left. */
  int[] tokens() {
    return Arrays.copyOfRange(ids, first, end);
  }

  private double total() {
    double sum = 0;
    for (int i = first; i < end; i++) {
      sum += weights[i];
    }
    return sum;
  }

  /** Makes a heap of all; what is popped afterwards stands in order. */
  private void order() {
    for (int i = end / 2 - 1; i >= 0; i--) {
      siftDown(i, ids[i], weights[i], end);
    }
    ordered = true;
  }

  /** Moves the likeliest of the heap, which ends at {@code last}, to {@code last}. */
  private void popTo(int last) {
    int id = ids[last];
    double weight = weights[last];
    set(last, ids[0], weights[0]);
    if (last > 0) {
      siftDown(0, id, weight, last);
    }
  }

  private void siftDown(int hole, int id, double weight, int size) {
    int at = hole;
    for (int child = 2 * at + 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && before(child + 1, ids[child], weights[child])) {
        child++;
      }
      if (!before(child, id, weight)) {
        break;
      }
      set(at, ids[child], weights[child]);
      at = child;
    }
    set(at, id, weight);
  }

  private boolean before(int index, int id, double weight) {
    return weights[index] > weight || (weights[index] == weight && ids[index] < id);
  }

  private void set(int index, int id, double weight) {
    ids[index] = id;
    weights[index] = weight;
  }
}
