/**
 * Students that win back what they lost of their teacher, without a training framework: {@link
 * dev.gearbox.workshop.distil.Distillation} reads a text with both and finds by least squares what
 * a linear map of the student's own states can add to come nearer to the teacher's; {@link
 * dev.gearbox.workshop.distil.Correction} is that map, merged into the weights or kept as a
 * low-rank adapter.
 */
@NullMarked
package dev.gearbox.workshop.distil;

import org.jspecify.annotations.NullMarked;
