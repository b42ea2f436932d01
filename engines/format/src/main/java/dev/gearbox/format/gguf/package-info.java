/**
 * The GGUF container: reading it as the hostile input it may be, writing it, and what its block
 * types mean.
 *
 * <p>{@link dev.gearbox.format.gguf.GgufFile} maps a file and checks every count, offset and type
 * against the real length before anything is allocated from it; {@link
 * dev.gearbox.format.gguf.GgufWriter} writes one; {@link dev.gearbox.format.gguf.BlockDecoder} is
 * the plain reading of each block type that faster kernels are held to. Any part of the system may
 * use this package; it knows nothing of the others.
 */
@NullMarked
package dev.gearbox.format.gguf;

import org.jspecify.annotations.NullMarked;
