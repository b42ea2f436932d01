package dev.gearbox.cpu.model;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.invoke.MethodHandle;

/**
 * Memory of the C library that is zero and gets its pages when they are touched. {@link
 * Arena#allocate} writes the zeros itself, on one thread: a second for the keys and values of a few
 * thousand tokens that may never come.
 */
@SuppressWarnings("restricted") // the launcher allows native access
final class LazyMemory {
  private static final MethodHandle CALLOC =
      function("calloc", FunctionDescriptor.of(ADDRESS, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle FREE = function("free", FunctionDescriptor.ofVoid(ADDRESS));
  private static final MethodHandle ADVISE =
      function("madvise", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

  private static final int DONT_NEED = 4;
  private static final long PAGE = 1 << 16; // the largest that systems in use have

  private LazyMemory() {}

  private static MethodHandle function(String name, FunctionDescriptor type) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), type);
  }

  /** Memory that is freed when {@code arena} is closed. */
  static SegmentAllocator in(Arena arena) {
    return (bytes, alignment) -> allocate(bytes, alignment, arena);
  }

  private static MemorySegment allocate(long bytes, long alignment, Arena arena) {
    MemorySegment block = calloc(Math.addExact(bytes, alignment));
    if (block.address() == 0) {
      throw new OutOfMemoryError("no " + bytes + " bytes of native memory");
    }
    MemorySegment whole = block.reinterpret(bytes + alignment, arena, LazyMemory::free);
    return whole.asSlice(-block.address() & (alignment - 1), bytes);
  }

  /**
   * Gives the pages of memory back until they are touched again; what was in them is lost. A system
   * that will not take them keeps them.
   */
  static void forget(MemorySegment memory) {
    long skipped = -memory.address() & (PAGE - 1);
    long bytes = (memory.byteSize() - skipped) / PAGE * PAGE;
    if (bytes > 0) {
      try {
        int _ = (int) ADVISE.invokeExact(memory.asSlice(skipped, bytes), bytes, DONT_NEED);
      } catch (Throwable e) {
        throw failed(e);
      }
    }
  }

  private static MemorySegment calloc(long bytes) {
    try {
      return (MemorySegment) CALLOC.invokeExact(1L, bytes);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  private static void free(MemorySegment block) {
    try {
      FREE.invokeExact(block);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  private static IllegalStateException failed(Throwable e) {
    return new IllegalStateException("the C library cannot be called", e);
  }
}
