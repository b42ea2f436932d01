/**
 * Chat messages to the prompt that a model was trained on, by the Jinja template in its file, run
 * as code from a stranger.
 *
 * <p>{@link dev.gearbox.format.template.ChatTemplate} renders; {@link
 * dev.gearbox.format.template.PromptCodec} renders and encodes so that nothing a client wrote
 * becomes a control token.
 */
@NullMarked
package dev.gearbox.format.template;

import org.jspecify.annotations.NullMarked;
