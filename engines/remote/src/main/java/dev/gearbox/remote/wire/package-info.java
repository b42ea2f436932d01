/**
 * How generations travel to an OpenAI-compatible server and back: the JSON of a request, the
 * connection, the event stream, and what its chunks say. Whatever a server sends is bounded here
 * and becomes either a {@link dev.gearbox.remote.wire.Chunk} or a {@link
 * dev.gearbox.remote.wire.WireException} with one clear sentence. JSON does not leave this package.
 */
@NullMarked
package dev.gearbox.remote.wire;

import org.jspecify.annotations.NullMarked;
