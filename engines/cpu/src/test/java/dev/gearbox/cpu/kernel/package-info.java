@NullMarked
package dev.gearbox.cpu.kernel;

import org.jspecify.annotations.NullMarked;
