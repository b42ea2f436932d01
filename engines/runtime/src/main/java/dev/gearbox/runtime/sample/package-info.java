/**
 * From logits to text: which token comes next, its log-probability, and where the answer stops.
 * Nothing here knows about batches; one object serves one sequence and is confined to the device's
 * owner thread.
 */
@NullMarked
package dev.gearbox.runtime.sample;

import org.jspecify.annotations.NullMarked;
