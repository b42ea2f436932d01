/**
 * The workshop: the catalog of variants, their weights on this machine and how they get here, and
 * what they are worth as measured on a text. Called by the command line and by whoever starts
 * engines; nothing here runs while requests are served.
 */
@NullMarked
package dev.gearbox.workshop;

import org.jspecify.annotations.NullMarked;
