@NullMarked
package dev.gearbox.cpu.model;

import org.jspecify.annotations.NullMarked;
