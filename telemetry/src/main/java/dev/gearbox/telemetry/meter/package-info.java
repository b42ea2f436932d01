/**
 * What Prometheus sees: {@link dev.gearbox.telemetry.meter.Meters} holds one class per component,
 * {@link dev.gearbox.telemetry.meter.MetricNames} every name, {@link
 * dev.gearbox.telemetry.meter.Exposition} the text. Nothing outside this package names the metrics
 * library. Label values are bounded.
 */
@NullMarked
package dev.gearbox.telemetry.meter;

import org.jspecify.annotations.NullMarked;
