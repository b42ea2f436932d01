/**
 * OpenAI-compatible servers as engines: one {@link dev.gearbox.remote.RemoteEngine} for each model
 * on each server, with credit of its own, a breaker, and signals put together of what it sent and
 * what the server says. Whoever opens one needs nothing else of this room but its {@link
 * dev.gearbox.remote.RemoteSpec}.
 */
@NullMarked
package dev.gearbox.remote;

import org.jspecify.annotations.NullMarked;
