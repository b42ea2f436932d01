/**
 * Students that win back what they lost of their teacher, without a training framework: {@link
 * dev.gearbox.workshop.distil.Distillation} takes a text through both, layer by layer, and finds by
 * least squares what a linear map in the student can add to come nearer to the teacher; {@link
 * dev.gearbox.workshop.distil.Correction} is that map, merged into the weights or kept as a
 * low-rank adapter.
 */
@NullMarked
package dev.gearbox.workshop.distil;

import org.jspecify.annotations.NullMarked;
