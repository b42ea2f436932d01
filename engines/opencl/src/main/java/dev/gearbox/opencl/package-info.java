/**
 * The transformer on a GPU, or whatever else the machine has an OpenCL driver for. {@link
 * dev.gearbox.opencl.OpenClDevices} finds and chooses devices, {@link
 * dev.gearbox.opencl.OpenClContext} opens one, and {@link dev.gearbox.opencl.OpenClModel} computes
 * a model's steps on it: weights stay quantized and are decoded where they are multiplied; hidden
 * states, keys and values never leave the device; the host waits once in a step.
 *
 * <p>Kernels are the {@code .cl} files beside the classes; what differs between types, heads and
 * devices is a macro. The gateway opens engines through the three classes above.
 */
@NullMarked
package dev.gearbox.opencl;

import org.jspecify.annotations.NullMarked;
