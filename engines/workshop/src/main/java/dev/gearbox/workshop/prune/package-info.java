/**
 * Models with parts taken out: {@link dev.gearbox.workshop.prune.Activity} is what blocks, channels
 * and heads did while the model read a text, {@link dev.gearbox.workshop.prune.PrunePlan} which of
 * them stay, {@link dev.gearbox.workshop.prune.PrunedModel} the file without the others. Nothing is
 * masked: tensors get smaller and engines have less to compute.
 */
@NullMarked
package dev.gearbox.workshop.prune;

import org.jspecify.annotations.NullMarked;
