/**
 * Text to token ids and back, as the model's own file describes it: byte-level BPE and
 * SentencePiece.
 *
 * <p>{@link dev.gearbox.format.tokenizer.Tokenizer#of} is the door. Tokenizers are immutable but
 * for a bounded cache and safe to share between threads; a {@link
 * dev.gearbox.format.tokenizer.Detokenizer} belongs to one stream.
 */
@NullMarked
package dev.gearbox.format.tokenizer;

import org.jspecify.annotations.NullMarked;
