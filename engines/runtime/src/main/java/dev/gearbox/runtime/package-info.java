/**
 * Turns a model on some silicon into an {@link dev.gearbox.engine.Engine}: schedules, pages the KV
 * memory, samples, and owns the device's thread. Nothing here knows the silicon: that is behind
 * {@link dev.gearbox.runtime.ModelRunner}.
 */
@NullMarked
package dev.gearbox.runtime;

import org.jspecify.annotations.NullMarked;
