package dev.gearbox.opencl;

import dev.gearbox.format.model.ModelShape;
import dev.gearbox.runtime.sample.Likeliest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** Makes logits of the rows that ask, some rows at a time, and brings them to the host. */
final class LogitRows {
  /** Floats on the device at once: 64 MB. */
  private static final int FLOATS = 1 << 24;

  /** Tokens of a row that are found on the device at most. */
  static final int MOST_LIKELIEST = 128;

  private static final int WIDTH = 3;
  private static final int FIRST = 4;

  private final ClQueue queue;
  private final int vocabulary;
  private final int most;
  private final ClBuffer logits;
  private final MemorySegment staged;
  private final Projection output;
  private final @Nullable ClKernel soften;
  private final ClBuffer found;
  private final ClKernel likeliest;

  LogitRows(
      OpenClContext context,
      ClQueue queue,
      ModelShape shape,
      DeviceWeights weights,
      long program,
      ClBuffer normed,
      int maxTokens,
      Resources resources,
      Arena arena) {
    this.queue = queue;
    vocabulary = shape.vocabulary();
    most = rows(shape, maxTokens);
    long bytes = logitBytes(shape, maxTokens);
    logits = resources.add(context.allocate("logits", bytes));
    staged = arena.allocate(Math.max(bytes, foundBytes(maxTokens)), 64);
    output =
        new Projection(context, queue, weights.output(), normed, logits, null, resources, arena);
    int group = context.tiling().flat();
    long width = (long) Math.ceilDiv(vocabulary, group) * group;
    soften =
        shape.softcap() == 0
            ? null
            : resources
                .add(new ClKernel(program, "soften", width, group, arena))
                .with(logits)
                .with(vocabulary)
                .with(shape.softcap());
    found = resources.add(context.allocate("likeliest tokens", foundBytes(maxTokens)));
    long search = context.programs().program("-D FLAT=" + group, "likeliest.cl");
    likeliest =
        resources
            .add(new ClKernel(search, "likeliest", group, group, arena))
            .with(logits)
            .with(found)
            .with(vocabulary)
            .with(1)
            .with(0);
  }

  private static long foundBytes(int maxTokens) {
    return 2L * Integer.BYTES * MOST_LIKELIEST * maxTokens;
  }

  private static int rows(ModelShape shape, int maxTokens) {
    return Math.clamp(FLOATS / shape.vocabulary(), 1, maxTokens);
  }

  /** Bytes that they take. */
  static long bytes(ModelShape shape, int maxTokens) {
    return logitBytes(shape, maxTokens) + foundBytes(maxTokens);
  }

  private static long logitBytes(ModelShape shape, int maxTokens) {
    return (long) Float.BYTES * rows(shape, maxTokens) * shape.vocabulary();
  }

  /** Computes and reads so many rows. */
  void read(int rows, float[] out) {
    for (int first = 0; first < rows; first += most) {
      int count = Math.min(most, rows - first);
      compute(first, count);
      long bytes = (long) Float.BYTES * count * vocabulary;
      queue.read(logits, 0, staged.asSlice(0, bytes));
      MemorySegment.copy(
          staged, ValueLayout.JAVA_FLOAT, 0, out, first * vocabulary, count * vocabulary);
    }
  }

  /** Computes so many rows and reads their likeliest tokens; the host waits once. */
  void read(int rows, Likeliest out) {
    int width = out.width();
    likeliest.set(WIDTH, width);
    for (int first = 0; first < rows; first += most) {
      int count = Math.min(most, rows - first);
      compute(first, count);
      likeliest.set(FIRST, first);
      likeliest.run(queue, count);
    }
    MemorySegment ids = staged.asSlice(0, 2L * Integer.BYTES * rows * width);
    queue.read(found, 0, ids);
    for (int row = 0; row < rows; row++) {
      long at = 2L * row * width;
      for (int place = 0; place < width; place++) {
        int id = ids.getAtIndex(ValueLayout.JAVA_INT, at + place);
        float logit = ids.getAtIndex(ValueLayout.JAVA_FLOAT, at + width + place);
        out.put(row, place, id, logit);
      }
    }
  }

  private void compute(int first, int count) {
    output.run(first, count);
    if (soften != null) {
      soften.run(queue, count);
    }
  }
}
