/**
 * Weights in fewer bits: which type each tensor of a model gets ({@link
 * dev.gearbox.workshop.quantize.Recipe}), how scales and integers of a block are chosen so that
 * what matters is lost least ({@link dev.gearbox.workshop.quantize.BlockQuantizer}), and the stream
 * from one file to another that never holds more than a piece of a tensor ({@link
 * dev.gearbox.workshop.quantize.Quantization}). Whoever makes variants uses it.
 */
@NullMarked
package dev.gearbox.workshop.quantize;

import org.jspecify.annotations.NullMarked;
