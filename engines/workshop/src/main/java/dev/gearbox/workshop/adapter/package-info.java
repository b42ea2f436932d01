/**
 * Adapters put into weights: {@link dev.gearbox.workshop.adapter.MergedAdapter} writes a base model
 * with what an adapter adds to it, in whatever type is wanted.
 */
@NullMarked
package dev.gearbox.workshop.adapter;

import org.jspecify.annotations.NullMarked;
