/**
 * The threads of one device. {@link dev.gearbox.cpu.parallel.CpuWorkers} keeps them alive between
 * steps and walks them through a plan of {@link dev.gearbox.cpu.parallel.Stage}s, all of them in
 * the same stage at any time. The device's owner thread calls it, and whoever loads weights, in
 * turns.
 */
@NullMarked
package dev.gearbox.cpu.parallel;

import org.jspecify.annotations.NullMarked;
