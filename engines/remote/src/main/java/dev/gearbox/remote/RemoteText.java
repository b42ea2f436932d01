package dev.gearbox.remote;

import dev.gearbox.runtime.PromptEncoder;

/**
 * Tokenizer and chat template of a variant that runs elsewhere.
 *
 * @param encoder prompts to tokens and back
 * @param chats whether it has a chat template
 * @param vocabulary number of token ids
 */
public record RemoteText(PromptEncoder encoder, boolean chats, int vocabulary) {}
