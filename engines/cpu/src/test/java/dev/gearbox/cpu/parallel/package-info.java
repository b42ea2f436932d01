@NullMarked
package dev.gearbox.cpu.parallel;

import org.jspecify.annotations.NullMarked;
