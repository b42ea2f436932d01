package dev.gearbox.opencl;

import dev.gearbox.format.model.ModelShape;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.runtime.StepBatch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What a step tells the device: of each token its id, position, block and where its sequence's
 * block table begins; the tables; which tokens ask for logits; angles.
 */
final class StepInput {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

  private final RotaryAngles angles;
  private final ClQueue queue;
  private final Part tokens;
  private final Part tables;
  private final Part asked;
  private final Part turns;
  private int size;
  private int askedRows;

  /** A buffer of the device and the memory that it is filled from. */
  private record Part(ClBuffer buffer, MemorySegment staged) {
    static Part of(
        String what, long bytes, OpenClContext context, Resources resources, Arena arena) {
      return new Part(resources.add(context.allocate(what, bytes)), arena.allocate(bytes, 16));
    }
  }

  StepInput(
      ModelShape shape,
      int maxTokens,
      RotaryAngles angles,
      OpenClContext context,
      ClQueue queue,
      Resources resources,
      Arena arena) {
    this.angles = angles;
    this.queue = queue;
    tokens = Part.of("tokens", 16L * maxTokens, context, resources, arena);
    tables = Part.of("block tables", tableBytes(shape, maxTokens), context, resources, arena);
    asked = Part.of("tokens", 4L * maxTokens, context, resources, arena);
    turns = Part.of("angles", angles.bytes(maxTokens), context, resources, arena);
  }

  /** Room for as many sequences as a step has tokens, each as long as may be. */
  static long tableBytes(ModelShape shape, int maxTokens) {
    return 4L * maxTokens * Math.ceilDiv(shape.maxContext(), ModelRunner.BLOCK_TOKENS);
  }

  /** Takes a batch that was checked and sends it. */
  void send(StepBatch batch) {
    size = batch.size();
    askedRows = 0;
    int tableAt = 0;
    for (int s = 0; s < batch.sequences(); s++) {
      int count = batch.start(s + 1) - batch.start(s);
      for (int i = 0; i < count; i++) {
        put(batch, s, i, tableAt);
      }
      int[] table = batch.blocks(s);
      int used = Math.ceilDiv(batch.context(s) + count, ModelRunner.BLOCK_TOKENS);
      MemorySegment.copy(table, 0, tables.staged, INT, 4L * tableAt, used);
      tableAt += used;
    }
    queue.writeLater(tokens.buffer, tokens.staged.asSlice(0, 16L * size));
    queue.writeLater(tables.buffer, tables.staged.asSlice(0, 4L * tableAt));
    queue.writeLater(asked.buffer, asked.staged.asSlice(0, 4L * askedRows));
    queue.writeLater(turns.buffer, turns.staged.asSlice(0, angles.bytes(size)));
  }

  private void put(StepBatch batch, int sequence, int index, int tableAt) {
    int token = batch.start(sequence) + index;
    int position = batch.context(sequence) + index;
    long at = 4L * token;
    tokens.staged.setAtIndex(INT, at, batch.token(token));
    tokens.staged.setAtIndex(INT, at + 1, position);
    int block = batch.blocks(sequence)[position / ModelRunner.BLOCK_TOKENS];
    tokens.staged.setAtIndex(INT, at + 2, block);
    tokens.staged.setAtIndex(INT, at + 3, tableAt);
    angles.put(turns.staged, token, position, batch.size());
    if (batch.wantsLogits(token)) {
      asked.staged.setAtIndex(INT, askedRows++, token);
    }
  }

  /** Tokens of the step. */
  int size() {
    return size;
  }

  /** Tokens whose logits are asked for. */
  int askedRows() {
    return askedRows;
  }

  /** Where angles of windowed layers begin. */
  int localAnglesAt() {
    return angles.localAt(size);
  }

  ClBuffer tokens() {
    return tokens.buffer;
  }

  ClBuffer tables() {
    return tables.buffer;
  }

  ClBuffer asked() {
    return asked.buffer;
  }

  ClBuffer angles() {
    return turns.buffer;
  }
}
