package dev.gearbox.workshop.checkpoint;

import dev.gearbox.format.gguf.GgmlType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * An open safetensors file, mapped. Every claim of its header is held against the file's length.
 *
 * <pre>
 * header length u64 | JSON { NAME: {"dtype", "shape", "data_offsets": [begin, end]}, … } | data
 * </pre>
 */
final class Safetensors implements AutoCloseable {
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final long MOST_HEADER = 100_000_000;

  private final Arena arena;
  private final Map<String, Tensor> tensors;

  /**
   * A tensor.
   *
   * @param shape the contiguous dimension first, as GGUF has it
   */
  @SuppressWarnings("ArrayRecordComponent") // made here and not changed
  record Tensor(String name, GgmlType type, long[] shape, MemorySegment data) {}

  private Safetensors(Arena arena, Map<String, Tensor> tensors) {
    this.arena = arena;
    this.tensors = tensors;
  }

  /**
   * Opens a file.
   *
   * @throws IllegalArgumentException when it is not what it claims to be
   */
  @SuppressWarnings("MustBeClosedChecker") // the arena lives as long as the file is open
  static Safetensors open(Path path) throws IOException {
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(path)) {
      MemorySegment file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      return new Safetensors(arena, read(file));
    } catch (IllegalArgumentException | JacksonException e) {
      arena.close();
      throw new IllegalArgumentException(path + ": " + e.getMessage(), e);
    } catch (IOException | RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  private static Map<String, Tensor> read(MemorySegment file) {
    long header = file.byteSize() < 8 ? -1 : file.get(LONG, 0);
    if (header < 2 || header > MOST_HEADER || header > file.byteSize() - 8) {
      throw new IllegalArgumentException("this is not a safetensors file");
    }
    String json =
        new String(file.asSlice(8, header).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    MemorySegment data = file.asSlice(8 + header);
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> each : JsonMapper.shared().readTree(json).properties()) {
      if (!each.getKey().equals("__metadata__")) {
        tensors.put(each.getKey(), tensor(each.getKey(), each.getValue(), data));
      }
    }
    return tensors;
  }

  private static Tensor tensor(String name, JsonNode described, MemorySegment data) {
    GgmlType type =
        switch (described.path("dtype").asString("")) {
          case "F32" -> GgmlType.F32;
          case "F16" -> GgmlType.F16;
          case "BF16" -> GgmlType.BF16;
          default ->
              throw new IllegalArgumentException(
                  "%s is %s; F32, F16 and BF16 are read".formatted(name, described.path("dtype")));
        };
    JsonNode sizes = described.path("shape");
    int rank = sizes.size();
    if (rank < 1 || rank > 2) {
      throw new IllegalArgumentException("%s has %d dimensions, not 1 or 2".formatted(name, rank));
    }
    long[] shape = new long[rank];
    long elements = 1;
    for (int i = 0; i < rank; i++) {
      shape[i] = sizes.get(rank - 1 - i).asLong();
      if (shape[i] < 1) {
        throw new IllegalArgumentException("%s has the shape %s".formatted(name, sizes));
      }
      elements = Math.multiplyExact(elements, shape[i]);
    }
    long begin = described.path("data_offsets").path(0).asLong(-1);
    long end = described.path("data_offsets").path(1).asLong(-1);
    if (begin < 0 || end < begin || end > data.byteSize() || end - begin != type.bytes(elements)) {
      throw new IllegalArgumentException(
          "%s claims bytes %d to %d of %d".formatted(name, begin, end, data.byteSize()));
    }
    return new Tensor(name, type, shape, data.asSlice(begin, end - begin));
  }

  Map<String, Tensor> tensors() {
    return tensors;
  }

  @Override
  public void close() {
    arena.close();
  }
}
