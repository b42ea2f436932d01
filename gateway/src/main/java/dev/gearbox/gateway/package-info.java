/**
 * The line and its wiring. {@link dev.gearbox.gateway.RequestPipeline} is the only class that names
 * the whole line; {@link dev.gearbox.gateway.GearboxServer} builds the parts and is what commands
 * start and stop.
 */
@NullMarked
package dev.gearbox.gateway;

import org.jspecify.annotations.NullMarked;
