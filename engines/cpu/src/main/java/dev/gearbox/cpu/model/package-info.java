/**
 * The transformer on CPU workers. {@link dev.gearbox.cpu.model.CpuModel} is the door: it checks a
 * GGUF file, repacks its weights and computes steps. A step is one plan of stages, from the
 * embedding to the logits, that {@link dev.gearbox.cpu.parallel.CpuWorkers} walks through.
 */
@NullMarked
package dev.gearbox.cpu.model;

import org.jspecify.annotations.NullMarked;
