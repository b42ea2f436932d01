package dev.gearbox.format.gguf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a GGUF file of version 3. Keys and tensors are collected, then {@link #write} puts them
 * into a {@link WholeFile}, so that a reader never sees half a file. Tensor data are asked for one
 * tensor at a time while writing, and may come in pieces: nothing is held in memory but the piece.
 */
public final class GgufWriter {
  /** The data of a tensor, put piece by piece into the file. */
  @FunctionalInterface
  public interface TensorData {
    /** Writes exactly the blocks of the tensor. */
    void write(WritableByteChannel to) throws IOException;
  }

  /** A tensor to write; the shape is a copy. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Entry(String name, GgmlType type, long[] shape, TensorData data) {
    long bytes() {
      long elements = 1;
      for (long dimension : shape) {
        elements = Math.multiplyExact(elements, dimension);
      }
      return type.bytes(elements);
    }
  }

  private static final int ALIGNMENT = 32;
  private static final long PIECE = 1 << 22;

  private final Map<String, GgufValue> values = new LinkedHashMap<>();
  private final List<Entry> tensors = new ArrayList<>();

  /** Adds or replaces a metadata value. */
  public GgufWriter put(String key, GgufValue value) {
    values.put(key, value);
    return this;
  }

  /**
   * Adds a tensor; the data are exactly its blocks. Dimension 0 of the shape is the contiguous one.
   */
  public GgufWriter tensor(String name, GgmlType type, long[] shape, MemorySegment data) {
    return tensor(name, type, shape, to -> putSegment(to, data));
  }

  /** Adds a tensor whose data are made when they are written. */
  public GgufWriter tensor(String name, GgmlType type, long[] shape, TensorData data) {
    tensors.add(new Entry(name, type, shape.clone(), data));
    return this;
  }

  /** Adds an F32 tensor. */
  public GgufWriter tensor(String name, long[] shape, float[] elements) {
    ByteBuffer buffer = ByteBuffer.allocate(4 * elements.length).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asFloatBuffer().put(elements);
    return tensor(name, GgmlType.F32, shape, MemorySegment.ofArray(buffer.array()));
  }

  /** Writes the file, replacing what is there at once and whole. */
  public void write(Path path) throws IOException {
    byte[] header = header();
    try (WholeFile file = new WholeFile(path, header.length + dataBytes())) {
      FileChannel channel = file.channel();
      put(channel, ByteBuffer.wrap(header));
      pad(channel);
      for (Entry tensor : tensors) {
        long start = channel.position();
        tensor.data.write(channel);
        long written = channel.position() - start;
        if (written != tensor.bytes()) {
          throw new IllegalArgumentException(
              "tensor %s should have %d bytes and has %d"
                  .formatted(tensor.name, tensor.bytes(), written));
        }
        pad(channel);
      }
      file.keep();
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException e) {
      throw new IOException(path + ": " + e.getMessage(), e); // the disk is full, for one
    }
  }

  /** Bytes that all tensors take, aligned. */
  public long dataBytes() {
    long sum = 0;
    for (Entry tensor : tensors) {
      sum += aligned(tensor.bytes());
    }
    return sum;
  }

  private static long aligned(long bytes) {
    return Math.ceilDiv(bytes, ALIGNMENT) * (long) ALIGNMENT;
  }

  private byte[] header() {
    Output out = new Output();
    out.bytes("GGUF".getBytes(StandardCharsets.US_ASCII)).int32(3);
    out.int64(tensors.size()).int64(values.size());
    values.forEach((key, value) -> {
      out.text(key).int32(value.type().id());
      if (value.type() == GgufValueType.ARRAY) {
        out.int32(value.elementType().id()).int64(value.count());
      }
      out.bytes(value.bytes().toArray(JAVA_BYTE));
    });
    long offset = 0;
    for (Entry tensor : tensors) {
      out.text(tensor.name).int32(tensor.shape.length);
      for (long dimension : tensor.shape) {
        out.int64(dimension);
      }
      out.int32(tensor.type.id()).int64(offset);
      offset += aligned(tensor.bytes());
    }
    return out.toByteArray();
  }

  /** Writes the bytes of a segment, however many. */
  public static void putSegment(WritableByteChannel to, MemorySegment data) throws IOException {
    for (long at = 0; at < data.byteSize(); at += PIECE) {
      put(to, data.asSlice(at, Math.min(PIECE, data.byteSize() - at)).asByteBuffer());
    }
  }

  private static void pad(FileChannel channel) throws IOException {
    int over = (int) (channel.position() % ALIGNMENT);
    if (over != 0) {
      put(channel, ByteBuffer.allocate(ALIGNMENT - over));
    }
  }

  private static void put(WritableByteChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Little-endian primitives into bytes. */
  private static final class Output {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Output bytes(byte[] bytes) {
      out.writeBytes(bytes);
      return this;
    }

    Output int32(int number) {
      return bytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(number).array());
    }

    Output int64(long number) {
      return bytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(number).array());
    }

    Output text(String text) {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      return int64(utf8.length).bytes(utf8);
    }

    byte[] toByteArray() {
      return out.toByteArray();
    }
  }
}
