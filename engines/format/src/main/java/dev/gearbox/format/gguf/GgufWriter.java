package dev.gearbox.format.gguf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Writes a GGUF file of version 3. Keys and tensors are collected, then {@link #write} puts them
 * into a file beside the target and renames it, so that a reader never sees half a file. Tensor
 * data are asked for one at a time while writing.
 */
public final class GgufWriter {
  /** A tensor to write; the shape is a copy. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Entry(String name, GgmlType type, long[] shape, Supplier<MemorySegment> data) {
    long bytes() {
      long elements = 1;
      for (long dimension : shape) {
        elements = Math.multiplyExact(elements, dimension);
      }
      return type.bytes(elements);
    }
  }

  private static final int ALIGNMENT = 32;

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
    return tensor(name, type, shape, () -> data);
  }

  /** Adds a tensor whose data are made when they are written. */
  public GgufWriter tensor(String name, GgmlType type, long[] shape, Supplier<MemorySegment> data) {
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
    Path part = path.resolveSibling(path.getFileName() + ".part");
    try {
      try (FileChannel channel =
          FileChannel.open(
              part,
              StandardOpenOption.WRITE,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING)) {
        put(channel, ByteBuffer.wrap(header()));
        pad(channel);
        for (Entry tensor : tensors) {
          put(channel, bytes(tensor));
          pad(channel);
        }
        channel.force(true);
      }
      Files.move(part, path, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
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
      offset += Math.ceilDiv(tensor.bytes(), ALIGNMENT) * (long) ALIGNMENT;
    }
    return out.toByteArray();
  }

  private static ByteBuffer bytes(Entry tensor) {
    MemorySegment data = tensor.data.get();
    if (data.byteSize() != tensor.bytes()) {
      throw new IllegalArgumentException(
          "tensor %s should have %d bytes and has %d"
              .formatted(tensor.name, tensor.bytes(), data.byteSize()));
    }
    return data.asByteBuffer();
  }

  private static void pad(FileChannel channel) throws IOException {
    int over = (int) (channel.position() % ALIGNMENT);
    if (over != 0) {
      put(channel, ByteBuffer.allocate(ALIGNMENT - over));
    }
  }

  private static void put(FileChannel channel, ByteBuffer bytes) throws IOException {
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
