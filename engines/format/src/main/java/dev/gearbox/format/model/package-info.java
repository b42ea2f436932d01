/**
 * What a GGUF file says of the transformer in it: its numbers and its tensors, found and checked
 * once, for whichever engine computes it.
 *
 * <p>Engines use this package; it knows only the file.
 */
@NullMarked
package dev.gearbox.format.model;

import org.jspecify.annotations.NullMarked;
