/**
 * May it enter? {@link dev.gearbox.gateway.admission.AdmissionControl} hands out a fixed number of
 * permits, one per sequence, before any costly work is done for a request, and keeps a bounded
 * queue of those that wait, by priority of their class, each with a deadline. It owns both.
 */
@NullMarked
package dev.gearbox.gateway.admission;

import org.jspecify.annotations.NullMarked;
