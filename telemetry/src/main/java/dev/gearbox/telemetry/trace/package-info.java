/**
 * Traces of requests: {@link dev.gearbox.telemetry.trace.Traces} says where a request is in a trace
 * when it arrives, and tells a collector when it has ended; nothing happens in between. Nothing
 * outside this package names OpenTelemetry.
 */
@NullMarked
package dev.gearbox.telemetry.trace;

import org.jspecify.annotations.NullMarked;
