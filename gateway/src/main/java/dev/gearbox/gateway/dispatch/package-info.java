/**
 * Which engines there are and how a decision becomes work on one of them. {@link
 * dev.gearbox.gateway.dispatch.EngineRegistry} owns the list of engines and their life, from the
 * first byte of weights on; {@link dev.gearbox.gateway.dispatch.PromptEncoders} turns prompts into
 * tokens off the reactor threads; {@link dev.gearbox.gateway.dispatch.Dispatcher} submits.
 */
@NullMarked
package dev.gearbox.gateway.dispatch;

import org.jspecify.annotations.NullMarked;
