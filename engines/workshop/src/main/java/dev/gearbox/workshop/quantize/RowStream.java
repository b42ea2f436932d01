package dev.gearbox.workshop.quantize;

import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.cpu.parallel.Stage;
import dev.gearbox.format.gguf.GgmlType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * Quantizes a matrix a piece of rows at a time, the rows of a piece on all workers, and writes each
 * piece before the next is read: memory is that of two pieces, whatever the matrix.
 */
public final class RowStream {
  private static final int PIECE_ELEMENTS = 1 << 20;
  private static final int JOB_ELEMENTS = 1 << 15;

  private final CpuWorkers workers;
  private byte[] piece = new byte[0];

  /**
   * @param workers that compute; not closed with this
   */
  public RowStream(CpuWorkers workers) {
    this.workers = workers;
  }

  /** The rows of a matrix as floats, whatever they are made of; any thread. */
  @FunctionalInterface
  public interface Rows {
    /** Writes row {@code row} to {@code out}. */
    void read(long row, float[] out);
  }

  /** Told how many elements have been written since it was last told. */
  @FunctionalInterface
  public interface Written {
    /** So many elements more. */
    void elements(long count);
  }

  /**
   * Writes a matrix.
   *
   * @param name for the error
   * @param importance of the columns; null where all count alike
   * @throws IllegalArgumentException when an element is no finite number
   */
  public void write(
      String name,
      Rows rows,
      long count,
      int columns,
      GgmlType type,
      float @Nullable [] importance,
      WritableByteChannel to,
      Written written)
      throws IOException {
    int rowBytes = Math.toIntExact(type.bytes(columns));
    int most = Math.max(1, PIECE_ELEMENTS / columns);
    int bytes = Math.toIntExact(Math.min(most, count) * (long) rowBytes);
    if (piece.length < bytes) {
      piece = new byte[bytes];
    }
    for (long first = 0; first < count; first += most) {
      int here = (int) Math.min(most, count - first);
      workers.run(new Piece(name, rows, first, here, columns, type, importance, piece));
      ByteBuffer full = ByteBuffer.wrap(piece, 0, here * rowBytes);
      while (full.hasRemaining()) {
        to.write(full);
      }
      written.elements((long) here * columns);
    }
  }

  /** Some rows, a few of them a job. */
  @SuppressWarnings("ArrayRecordComponent") // buffers
  private record Piece(
      String name,
      Rows rows,
      long first,
      int count,
      int columns,
      GgmlType type,
      float @Nullable [] importance,
      byte[] out)
      implements Stage {
    private int rowsOfJob() {
      return Math.max(1, JOB_ELEMENTS / columns);
    }

    @Override
    public int jobs() {
      return Math.ceilDiv(count, rowsOfJob());
    }

    @Override
    public void run(int job, int worker) {
      float[] row = new float[columns];
      BlockQuantizer quantizer = new BlockQuantizer(type);
      int rowBytes = (int) type.bytes(columns);
      int end = Math.min(count, (job + 1) * rowsOfJob());
      for (int r = job * rowsOfJob(); r < end; r++) {
        rows.read(first + r, row);
        for (float element : row) {
          if (!Float.isFinite(element)) {
            throw new IllegalArgumentException(
                "tensor %s has an element that is no finite number".formatted(name));
          }
        }
        quantizer.row(row, 0, columns, importance, out, r * rowBytes);
      }
    }
  }
}
