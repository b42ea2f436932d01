package dev.gearbox.opencl;

import static org.lwjgl.opencl.CL10.CL_PROGRAM_BINARIES;
import static org.lwjgl.opencl.CL10.CL_PROGRAM_BINARY_SIZES;
import static org.lwjgl.opencl.CL10.CL_PROGRAM_BUILD_LOG;
import static org.lwjgl.opencl.CL10.CL_SUCCESS;
import static org.lwjgl.opencl.CL10.clBuildProgram;
import static org.lwjgl.opencl.CL10.clCreateProgramWithBinary;
import static org.lwjgl.opencl.CL10.clCreateProgramWithSource;
import static org.lwjgl.opencl.CL10.clGetProgramBuildInfo;
import static org.lwjgl.opencl.CL10.clGetProgramInfo;
import static org.lwjgl.opencl.CL10.clReleaseProgram;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lwjgl.PointerBuffer;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.system.MemoryUtil;

/**
 * Compiled programs of one context: each built once, and its binary kept on disk under the hash of
 * device, driver, source and macros. A file ends with the SHA-256 of what is before it; one that
 * does not, or that the driver does not take, is built anew and replaced. Doing without the disk is
 * fine.
 */
final class ProgramCache implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ProgramCache.class.getName());
  private static final String STANDARD = "-cl-std=CL1.2 -w";
  private static final int HASH_BYTES = 32;

  private final OpenClDevice device;
  private final long context;
  private final Path folder;
  private final Map<String, Long> programs = new HashMap<>();

  ProgramCache(OpenClDevice device, long context, Path folder) {
    this.device = device;
    this.context = context;
    this.folder = folder;
  }

  /**
   * A built program; it belongs to the cache.
   *
   * @param macros such as {@code -D LANES=32}
   * @param files resources beside this class, joined
   */
  synchronized long program(String macros, String... files) {
    StringBuilder source = new StringBuilder();
    for (String file : files) {
      source.append(read(file));
    }
    String options = STANDARD + " " + macros;
    String key = key(source.toString(), options);
    Long known = programs.get(key);
    if (known != null) {
      return known;
    }
    Path path = folder.resolve(key + ".bin");
    Long kept = load(path, options);
    long program = kept != null ? kept : compile(source.toString(), options, path);
    programs.put(key, program);
    return program;
  }

  private String key(String source, String options) {
    MessageDigest digest = sha256();
    for (String part :
        new String[] {device.name(), device.vendor(), device.driver(), options, source}) {
      digest.update(part.getBytes(StandardCharsets.UTF_8));
      digest.update((byte) 0);
    }
    return HexFormat.of().formatHex(digest.digest(), 0, 16);
  }

  private @Nullable Long load(Path path, String options) {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(path);
    } catch (IOException e) {
      return null; // not compiled before, or not ours to read
    }
    int length = bytes.length - HASH_BYTES;
    if (length <= 0 || !MessageDigest.isEqual(hash(bytes, length), tail(bytes, length))) {
      LOG.log(System.Logger.Level.WARNING, "event=bad_program file={0}", path);
      return null;
    }
    ByteBuffer binary = MemoryUtil.memAlloc(length);
    try (MemoryStack stack = MemoryStack.stackPush()) {
      binary.put(bytes, 0, length).flip();
      IntBuffer code = stack.callocInt(1);
      long program =
          clCreateProgramWithBinary(
              context, stack.pointers(device.handle()), binary, (IntBuffer) null, code);
      if (code.get(0) != CL_SUCCESS) {
        return null;
      }
      if (clBuildProgram(program, device.handle(), options, null, 0) != CL_SUCCESS) {
        clReleaseProgram(program);
        return null;
      }
      return program;
    } finally {
      MemoryUtil.memFree(binary);
    }
  }

  private long compile(String source, String options, Path path) {
    long program = create(source);
    int code = clBuildProgram(program, device.handle(), options, null, 0);
    if (code != CL_SUCCESS) {
      String log = buildLog(program);
      clReleaseProgram(program);
      throw new OpenClException(
          "%s does not compile a program (%d, %s): %s"
              .formatted(device.name(), code, options, log));
    }
    try {
      keep(binary(program), path);
    } catch (IOException | UncheckedIOException e) {
      LOG.log(System.Logger.Level.WARNING, "event=program_not_kept because=\"{0}\"", e);
    }
    return program;
  }

  private long create(String source) {
    try (MemoryStack stack = MemoryStack.stackPush()) {
      IntBuffer code = stack.callocInt(1);
      long program = clCreateProgramWithSource(context, source, code);
      OpenClException.check("clCreateProgramWithSource", code.get(0));
      return program;
    }
  }

  /** Writes beside the file and renames, so that nobody reads a half. */
  private void keep(byte[] binary, Path path) throws IOException {
    Files.createDirectories(folder);
    Path written = Files.createTempFile(folder, "program", ".part");
    try {
      byte[] whole = Arrays.copyOf(binary, binary.length + HASH_BYTES);
      System.arraycopy(hash(binary, binary.length), 0, whole, binary.length, HASH_BYTES);
      Files.write(written, whole);
      Files.move(
          written, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(written);
    }
  }

  private static byte[] binary(long program) throws IOException {
    try (MemoryStack stack = MemoryStack.stackPush()) {
      PointerBuffer size = stack.callocPointer(1);
      int code = clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, size, null);
      if (code != CL_SUCCESS || size.get(0) <= 0) {
        throw new IOException("the driver gives no binary (" + code + ")");
      }
      ByteBuffer binary = MemoryUtil.memAlloc(Math.toIntExact(size.get(0)));
      try {
        PointerBuffer to = stack.pointers(MemoryUtil.memAddress(binary));
        code = clGetProgramInfo(program, CL_PROGRAM_BINARIES, to, null);
        if (code != CL_SUCCESS) {
          throw new IOException("the driver gives no binary (" + code + ")");
        }
        byte[] bytes = new byte[binary.remaining()];
        binary.get(bytes);
        return bytes;
      } finally {
        MemoryUtil.memFree(binary);
      }
    }
  }

  private String buildLog(long program) {
    try (MemoryStack stack = MemoryStack.stackPush()) {
      PointerBuffer size = stack.callocPointer(1);
      ByteBuffer none = null;
      clGetProgramBuildInfo(program, device.handle(), CL_PROGRAM_BUILD_LOG, none, size);
      ByteBuffer log = ByteBuffer.allocateDirect((int) Math.max(1, size.get(0)));
      clGetProgramBuildInfo(program, device.handle(), CL_PROGRAM_BUILD_LOG, log, null);
      byte[] bytes = new byte[log.capacity()];
      log.get(bytes);
      return new String(bytes, StandardCharsets.UTF_8).replace("\0", "").strip();
    }
  }

  private static String read(String file) {
    try (InputStream in = ProgramCache.class.getResourceAsStream(file)) {
      return new String(Objects.requireNonNull(in, file).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] hash(byte[] bytes, int length) {
    MessageDigest digest = sha256();
    digest.update(bytes, 0, length);
    return digest.digest();
  }

  private static byte[] tail(byte[] bytes, int from) {
    return Arrays.copyOfRange(bytes, from, bytes.length);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  @Override
  public synchronized void close() {
    for (long program : programs.values()) {
      clReleaseProgram(program);
    }
    programs.clear();
  }
}
