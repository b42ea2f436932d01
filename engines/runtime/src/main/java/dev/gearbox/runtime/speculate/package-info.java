/**
 * Guessing tokens ahead: where guesses come from and whether they pay. The scheduler puts guesses
 * into a step, the model computes them with the last token, and sampling keeps those that it would
 * have chosen itself, so that an answer is the same with and without. Nothing here knows the model;
 * one object serves one sequence and is confined to the device's owner thread.
 */
@NullMarked
package dev.gearbox.runtime.speculate;

import org.jspecify.annotations.NullMarked;
