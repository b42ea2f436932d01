/**
 * What kinds of servers differ in: which paths they have, which fields they understand, and which
 * of their metrics say how busy they are. Everything here is a pure function of names and text; the
 * engine beside it does the talking.
 */
@NullMarked
package dev.gearbox.remote.dialect;

import org.jspecify.annotations.NullMarked;
