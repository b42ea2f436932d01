/** JMH benchmarks; results are kept in engines/cpu/bench-results. */
@NullMarked
package dev.gearbox.cpu.bench;

import org.jspecify.annotations.NullMarked;
