/**
 * The arithmetic of one core: weights repacked with rows in lanes, dot products, panels, tiles,
 * attention and what goes element by element. {@link dev.gearbox.cpu.kernel.Kernels} is the door;
 * behind it stand a scalar twin and a vector implementation, chosen once. Nothing here knows
 * threads or models.
 */
@NullMarked
package dev.gearbox.cpu.kernel;

import org.jspecify.annotations.NullMarked;
