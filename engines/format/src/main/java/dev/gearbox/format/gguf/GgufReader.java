package dev.gearbox.format.gguf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.gearbox.format.gguf.GgufException.Code;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the header of a GGUF file, trusting nothing in it.
 *
 * <pre>
 * magic "GGUF" | version u32 | tensors u64 | keys u64
 * keys    × { string name | u32 type | value }
 * tensors × { string name | u32 dims | u64 × dims | u32 type | u64 offset }
 * padding to the alignment | tensor data
 * </pre>
 *
 * A string is a u64 length and its bytes. Each count is held against the bytes that are left before
 * it is believed, sums are exact, and nothing is allocated in proportion to a claim: values stay
 * slices of the mapped file.
 */
final class GgufReader {
  record Contents(Map<String, GgufValue> values, Map<String, GgufTensor> tensors) {}

  /** A tensor as the header describes it; the shape is never shared. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Described(String name, GgmlType type, long[] shape, long offset, long bytes) {}

  private static final int MAGIC = 0x46554747;
  private static final int MAX_ENTRIES = 1 << 16;
  private static final int MAX_NAME_BYTES = (1 << 16) - 1;
  private static final int MAX_DIMENSIONS = 4;
  private static final int DEFAULT_ALIGNMENT = 32;
  private static final int MAX_ALIGNMENT = 1 << 20;
  private static final int SMALLEST_KEY_BYTES = 8 + 4 + 1;
  private static final int SMALLEST_TENSOR_BYTES = 8 + 4 + 8 + 4 + 8;

  private final MemorySegment file;
  private final long size;
  private long at;

  GgufReader(MemorySegment file) {
    this.file = file;
    this.size = file.byteSize();
  }

  Contents read() {
    if (size < 4 || file.get(Little.INT, 0) != MAGIC) {
      throw new GgufException(Code.BAD_MAGIC, "this is not a GGUF file");
    }
    at = 4;
    int version = readInt("the version");
    if (version != 2 && version != 3) {
      throw new GgufException(
          Code.UNSUPPORTED_VERSION,
          "GGUF version %s is not supported (2 and 3 are, little-endian)"
              .formatted(Integer.toUnsignedString(version)));
    }
    int tensorCount = readCount("tensors", SMALLEST_TENSOR_BYTES);
    int keyCount = readCount("metadata keys", SMALLEST_KEY_BYTES);
    Map<String, GgufValue> values = readValues(keyCount);
    List<Described> described = readTensors(tensorCount);
    return new Contents(Collections.unmodifiableMap(values), place(described, alignment(values)));
  }

  private Map<String, GgufValue> readValues(int count) {
    Map<String, GgufValue> values = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      String key = readName("the name of metadata key " + i);
      GgufValueType type = GgufValueType.of(readInt(key), key);
      if (values.put(key, readValue(key, type)) != null) {
        throw new GgufException(Code.DUPLICATE_KEY, "metadata key %s comes twice".formatted(key));
      }
    }
    return values;
  }

  private GgufValue readValue(String key, GgufValueType type) {
    if (type != GgufValueType.ARRAY) {
      return new GgufValue(type, type, 1, readElements(key, type, 1));
    }
    GgufValueType element = GgufValueType.of(readInt(key), key);
    if (element == GgufValueType.ARRAY) {
      throw new GgufException(Code.BAD_TYPE, key + " is an array of arrays");
    }
    long count = readLong(key);
    int smallest = Math.max(1, element == GgufValueType.STRING ? 8 : element.bytes());
    if (count < 0 || count > remaining() / smallest) {
      throw badCount("elements in " + key, count);
    }
    return new GgufValue(type, element, count, readElements(key, element, count));
  }

  private MemorySegment readElements(String key, GgufValueType type, long count) {
    long start = at;
    if (type == GgufValueType.STRING) {
      for (long i = 0; i < count; i++) {
        long length = readLong(key);
        if (length < 0 || length > remaining() || length > Integer.MAX_VALUE - 8) {
          throw badCount("bytes in a string of " + key, length);
        }
        at += length;
      }
    } else {
      skip(Math.multiplyExact(count, (long) type.bytes()), key);
    }
    return file.asSlice(start, at - start);
  }

  private List<Described> readTensors(int count) {
    List<Described> tensors = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String name = readName("the name of tensor " + i);
      int rank = readInt(name);
      if (rank < 1 || rank > MAX_DIMENSIONS) {
        throw badShape(name, "%s dimensions, not 1 to 4".formatted(Integer.toUnsignedString(rank)));
      }
      long[] shape = new long[rank];
      for (int d = 0; d < rank; d++) {
        shape[d] = readLong(name);
      }
      GgmlType type = GgmlType.of(readInt(name), "tensor " + name);
      tensors.add(new Described(name, type, shape, readLong(name), bytes(name, type, shape)));
    }
    return tensors;
  }

  private static long bytes(String name, GgmlType type, long[] shape) {
    long elements = 1;
    for (long dimension : shape) {
      if (dimension < 1) {
        throw badShape(name, "a dimension of " + Long.toUnsignedString(dimension));
      }
      try {
        elements = Math.multiplyExact(elements, dimension);
      } catch (ArithmeticException e) {
        throw badShape(name, "more elements than a file can hold");
      }
    }
    if (shape[0] % type.blockSize() != 0) {
      throw badShape(name, "rows of %d, no whole number of %s blocks".formatted(shape[0], type));
    }
    try {
      return type.bytes(elements);
    } catch (ArithmeticException e) {
      throw badShape(name, "more bytes than a file can hold");
    }
  }

  private Map<String, GgufTensor> place(List<Described> described, int alignment) {
    long base = Math.addExact(at, alignment - 1) / alignment * alignment;
    Map<String, GgufTensor> tensors = new LinkedHashMap<>();
    for (Described tensor : described) {
      long room = size - base;
      if (tensor.offset % alignment != 0) {
        throw new GgufException(
            Code.BAD_ALIGNMENT,
            "tensor %s begins at %s, no multiple of %d"
                .formatted(tensor.name, Long.toUnsignedString(tensor.offset), alignment));
      }
      if (tensor.offset < 0 || tensor.offset > room || tensor.bytes > room - tensor.offset) {
        throw new GgufException(
            Code.OUT_OF_FILE,
            "tensor %s (%d bytes at offset %s) reaches beyond the end of the file, which has %d bytes of data"
                .formatted(
                    tensor.name,
                    tensor.bytes,
                    Long.toUnsignedString(tensor.offset),
                    Math.max(0, room)));
      }
      MemorySegment data = file.asSlice(base + tensor.offset, tensor.bytes);
      GgufTensor placed = new GgufTensor(tensor.name, tensor.type, tensor.shape, data);
      if (tensors.put(tensor.name, placed) != null) {
        throw new GgufException(
            Code.DUPLICATE_TENSOR, "tensor %s comes twice".formatted(tensor.name));
      }
    }
    rejectOverlaps(described);
    return Collections.unmodifiableMap(tensors);
  }

  private static void rejectOverlaps(List<Described> described) {
    List<Described> ordered = new ArrayList<>(described);
    ordered.sort(Comparator.comparingLong(Described::offset));
    for (int i = 1; i < ordered.size(); i++) {
      Described before = ordered.get(i - 1);
      Described tensor = ordered.get(i);
      if (before.offset + before.bytes > tensor.offset) {
        throw new GgufException(
            Code.OVERLAPPING_TENSORS,
            "tensors %s and %s share bytes".formatted(before.name, tensor.name));
      }
    }
  }

  private static int alignment(Map<String, GgufValue> values) {
    int alignment = new GgufMetadata(values).getInt("general.alignment", DEFAULT_ALIGNMENT);
    if (alignment < 8 || alignment > MAX_ALIGNMENT || Integer.bitCount(alignment) != 1) {
      throw new GgufException(
          Code.BAD_ALIGNMENT,
          "general.alignment is %d, not a power of two from 8 to %d"
              .formatted(alignment, MAX_ALIGNMENT));
    }
    return alignment;
  }

  private int readCount(String what, int smallestBytes) {
    long count = readLong("the number of " + what);
    if (count < 0 || count > remaining() / smallestBytes || count > MAX_ENTRIES) {
      throw badCount(what, count);
    }
    return (int) count;
  }

  private String readName(String what) {
    long length = readLong(what);
    if (length < 0 || length > MAX_NAME_BYTES || length > remaining()) {
      throw badCount("bytes in " + what, length);
    }
    String name = new String(file.asSlice(at, length).toArray(JAVA_BYTE), StandardCharsets.UTF_8);
    at += length;
    return name;
  }

  private int readInt(String what) {
    long start = at;
    skip(4, what);
    return file.get(Little.INT, start);
  }

  private long readLong(String what) {
    long start = at;
    skip(8, what);
    return file.get(Little.LONG, start);
  }

  private void skip(long bytes, String what) {
    if (bytes > remaining()) {
      throw new GgufException(
          Code.TRUNCATED, "the file ends at %d bytes, inside %s".formatted(size, what));
    }
    at += bytes;
  }

  private long remaining() {
    return size - at;
  }

  private GgufException badCount(String what, long count) {
    return new GgufException(
        Code.BAD_COUNT,
        "the file claims %s %s, with %d bytes left"
            .formatted(Long.toUnsignedString(count), what, remaining()));
  }

  private static GgufException badShape(String name, String what) {
    return new GgufException(Code.BAD_SHAPE, "tensor %s has %s".formatted(name, what));
  }
}
