/**
 * What the console at {@code /} shows: requests on their way, the gear of every class and why it
 * changed, engines, budgets. {@link dev.gearbox.gateway.console.Console} is the door: it is told of
 * decisions and ends after the fact, on threads that serve nobody, and renders what it knows for
 * whoever looks. Knows no HTTP; {@code gateway.http} routes to it. Holds facts and no text of a
 * client, and shows a tenant no request but its own.
 */
@NullMarked
package dev.gearbox.gateway.console;

import org.jspecify.annotations.NullMarked;
