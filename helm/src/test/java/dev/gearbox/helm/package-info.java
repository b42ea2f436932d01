/**
 * Tests of the chart {@code helm/gearbox}: it is rendered by Helm itself, inside the JVM, with
 * every file of values in {@code helm/gearbox/ci}; the objects are held against the schemas of
 * Kubernetes, against what a careful operator asks of pods, and against what the gateway takes as
 * its configuration.
 */
@NullMarked
package dev.gearbox.helm;

import org.jspecify.annotations.NullMarked;
