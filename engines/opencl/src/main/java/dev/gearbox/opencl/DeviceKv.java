package dev.gearbox.opencl;

import dev.gearbox.format.model.ModelShape;
import dev.gearbox.runtime.ModelRunner;

/**
 * Keys and values of all layers on a device, in blocks of 16 tokens.
 *
 * <pre>
 *   layer, keys or values: [block][head][slot][element]
 * </pre>
 */
final class DeviceKv {
  private final ClBuffer[] keys;
  private final ClBuffer[] values;

  DeviceKv(
      ModelShape shape,
      KvPrecision precision,
      int blocks,
      OpenClContext context,
      Resources resources) {
    long bytes = bytesPerBlock(shape, precision);
    context.require(blocks + " blocks of keys and values", Math.multiplyExact(blocks, bytes));
    keys = new ClBuffer[shape.layers()];
    values = new ClBuffer[shape.layers()];
    long each = blocks * bytes / (2L * shape.layers());
    for (int layer = 0; layer < keys.length; layer++) {
      keys[layer] = resources.add(context.allocate("keys", each));
      values[layer] = resources.add(context.allocate("values", each));
    }
  }

  static long bytesPerBlock(ModelShape shape, KvPrecision precision) {
    return 2L * shape.layers() * shape.keySize() * ModelRunner.BLOCK_TOKENS * precision.bytes();
  }

  ClBuffer keys(int layer) {
    return keys[layer];
  }

  ClBuffer values(int layer) {
    return values[layer];
  }
}
