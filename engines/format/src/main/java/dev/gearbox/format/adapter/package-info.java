/**
 * Adapters as files: {@link dev.gearbox.format.adapter.LoraAdapter} reads the low-rank matrices
 * that llama.cpp's converter writes and refuses what is none. Which model they fit is for whoever
 * computes with them to say.
 */
@NullMarked
package dev.gearbox.format.adapter;

import org.jspecify.annotations.NullMarked;
