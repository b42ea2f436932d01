/**
 * The way out: {@link dev.gearbox.gateway.stream.LineEvent}s become server-sent events or one JSON
 * answer. Buffers are bounded by the reader's demand, which goes back through the line to the
 * engine. Nothing here decides anything.
 */
@NullMarked
package dev.gearbox.gateway.stream;

import org.jspecify.annotations.NullMarked;
