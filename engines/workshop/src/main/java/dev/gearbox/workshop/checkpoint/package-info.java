/**
 * Hugging Face folders made into GGUF: {@link dev.gearbox.workshop.checkpoint.Checkpoint} reads
 * {@code config.json}, {@code tokenizer.json} and the safetensors files of a Llama, Qwen2 or Gemma
 * 3 model and writes the same weights in one file, which the rest of the workshop takes from there.
 */
@NullMarked
package dev.gearbox.workshop.checkpoint;

import org.jspecify.annotations.NullMarked;
