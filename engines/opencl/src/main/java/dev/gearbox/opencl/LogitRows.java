package dev.gearbox.opencl;

import dev.gearbox.format.model.ModelShape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** Makes logits of the rows that ask, some rows at a time, and brings them to the host. */
final class LogitRows {
  /** Floats on the device at once: 64 MB. */
  private static final int FLOATS = 1 << 24;

  private final ClQueue queue;
  private final int vocabulary;
  private final int most;
  private final ClBuffer logits;
  private final MemorySegment staged;
  private final Projection output;
  private final @Nullable ClKernel soften;

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
    long bytes = bytes(shape, maxTokens);
    logits = resources.add(context.allocate("logits", bytes));
    staged = arena.allocate(bytes, 64);
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
  }

  private static int rows(ModelShape shape, int maxTokens) {
    return Math.clamp(FLOATS / shape.vocabulary(), 1, maxTokens);
  }

  /** Bytes that they take. */
  static long bytes(ModelShape shape, int maxTokens) {
    return (long) Float.BYTES * rows(shape, maxTokens) * shape.vocabulary();
  }

  /** Computes and reads so many rows. */
  void read(int rows, float[] out) {
    for (int first = 0; first < rows; first += most) {
      int count = Math.min(most, rows - first);
      output.run(first, count);
      if (soften != null) {
        soften.run(queue, count);
      }
      long bytes = (long) Float.BYTES * count * vocabulary;
      queue.read(logits, 0, staged.asSlice(0, bytes));
      MemorySegment.copy(
          staged, ValueLayout.JAVA_FLOAT, 0, out, first * vocabulary, count * vocabulary);
    }
  }
}
