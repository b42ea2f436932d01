package dev.gearbox.workshop.prune;

import dev.gearbox.format.gguf.GgmlType;
import dev.gearbox.format.gguf.GgufTensor;
import dev.gearbox.format.gguf.GgufWriter;
import dev.gearbox.workshop.quantize.Quantization;
import dev.gearbox.workshop.quantize.RowStream;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * Some rows or some columns of a tensor. Rows are copied to the bit; rows without some of their
 * columns are quantized again.
 *
 * @param rows that stay, in order; null for all
 * @param columns that stay, in order; null for all
 */
@SuppressWarnings("ArrayRecordComponent") // made by PrunePlan and not changed
record Cut(GgufTensor tensor, int @Nullable [] rows, int @Nullable [] columns) {

  long[] shape() {
    long[] shape = tensor.shape();
    if (columns != null) {
      shape[0] = columns.length;
    }
    if (rows != null) {
      shape[shape.length - 1] = rows.length;
    }
    return shape;
  }

  /** The type, or one of 32 elements where what is left is no multiple of 256. */
  GgmlType type() {
    boolean divides = columns == null || columns.length % tensor.type().blockSize() == 0;
    return divides ? tensor.type() : GgmlType.Q8_0;
  }

  void write(WritableByteChannel to, RowStream stream, RowStream.Written written)
      throws IOException {
    int @Nullable [] kept = columns;
    if (kept != null) {
      RowStream.Rows all = Quantization.rows(tensor);
      RowStream.Rows some =
          (row, out) -> {
            float[] whole = new float[tensor.columns()];
            all.read(row, whole);
            for (int i = 0; i < kept.length; i++) {
              out[i] = whole[kept[i]];
            }
          };
      stream.write(tensor.name(), some, tensor.rows(), kept.length, type(), null, to, written);
    } else if (rows != null) {
      boolean vector = tensor.rank() == 1;
      long bytes = tensor.type().bytes(vector ? 1 : tensor.columns());
      for (int row : rows) {
        GgufWriter.putSegment(to, tensor.data().asSlice(row * bytes, bytes));
      }
      written.elements(vector ? rows.length : (long) rows.length * tensor.columns());
    } else {
      GgufWriter.putSegment(to, tensor.data());
      written.elements(tensor.elements());
    }
  }
}
