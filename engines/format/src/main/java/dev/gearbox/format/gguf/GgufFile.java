package dev.gearbox.format.gguf;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/**
 * An open GGUF file (version 2 or 3, little-endian), mapped into memory as a whole. Thread-safe;
 * closing it unmaps it, after which its tensors and metadata fail.
 */
public final class GgufFile implements AutoCloseable {
  private final Path path;
  private final Arena arena;
  private final long size;
  private final GgufMetadata metadata;
  private final Map<String, GgufTensor> tensors;

  private GgufFile(Path path, Arena arena, long size, GgufReader.Contents contents) {
    this.path = path;
    this.arena = arena;
    this.size = size;
    this.metadata = new GgufMetadata(contents.values());
    this.tensors = contents.tensors();
  }

  /**
   * Maps and checks a file.
   *
   * @throws GgufException when it is not a GGUF file whose every claim holds
   * @throws IOException when it cannot be read
   */
  @SuppressWarnings("MustBeClosedChecker") // the arena lives as long as the file is open
  public static GgufFile open(Path path) throws IOException {
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long size = channel.size();
      MemorySegment mapped = channel.map(MapMode.READ_ONLY, 0, size, arena);
      return new GgufFile(path, arena, size, new GgufReader(mapped).read());
    } catch (GgufException e) {
      arena.close();
      throw new GgufException(e.code(), path + ": " + e.getMessage());
    } catch (IOException | RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /** Where it was opened. */
  public Path path() {
    return path;
  }

  /** Its length in bytes. */
  public long size() {
    return size;
  }

  /** What the file says of itself. */
  public GgufMetadata metadata() {
    return metadata;
  }

  /** Its tensors by name, in the order of the file. */
  public Map<String, GgufTensor> tensors() {
    return tensors;
  }

  /** Whether it has a tensor of this name. */
  public boolean hasTensor(String name) {
    return tensors.containsKey(name);
  }

  /** A tensor that must be there. */
  public GgufTensor tensor(String name) {
    GgufTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new GgufException(GgufException.Code.MISSING_TENSOR, "the file has no tensor " + name);
    }
    return tensor;
  }

  @Override
  public void close() {
    arena.close();
  }
}
