/**
 * The contract between whoever wants tokens and whatever makes them: one {@link
 * dev.gearbox.engine.Engine} interface, the request it takes, the events it answers with. Every
 * kind of engine passes {@code EngineContract}. No JSON, no HTTP and no silicon here.
 */
@NullMarked
package dev.gearbox.engine;

import org.jspecify.annotations.NullMarked;
