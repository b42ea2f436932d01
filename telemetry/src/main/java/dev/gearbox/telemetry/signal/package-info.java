/**
 * What telemetry knows about the engines at one moment: immutable {@link
 * dev.gearbox.telemetry.signal.Signals} snapshots, and the store that engines and finished requests
 * report to. Engines write, the policy reads; a decision sees one snapshot and nothing else.
 */
@NullMarked
package dev.gearbox.telemetry.signal;

import org.jspecify.annotations.NullMarked;
