@NullMarked
package dev.gearbox.opencl;

import org.jspecify.annotations.NullMarked;
