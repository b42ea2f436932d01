/**
 * HTTP: routes, filters and handlers of the public port and of the admin port. Handlers read and
 * write bytes off the engine's way; the line behind them is a {@link
 * dev.gearbox.gateway.stream.Line}.
 */
@NullMarked
package dev.gearbox.gateway.http;

import org.jspecify.annotations.NullMarked;
