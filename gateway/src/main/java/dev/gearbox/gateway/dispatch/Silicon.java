package dev.gearbox.gateway.dispatch;

import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.model.UnsupportedModelException;
import dev.gearbox.format.tokenizer.Tokenizer;
import dev.gearbox.runtime.DraftSpec;
import dev.gearbox.runtime.ModelRunner;

/** What computes models on this machine: its processor, or a device with an OpenCL driver. */
public interface Silicon extends AutoCloseable {
  /**
   * Copies the weights of a file, which may be closed afterwards.
   *
   * @throws RuntimeException when the model or the options are not for this silicon, or when it is
   *     not there; the message is for the operator
   */
  ModelRunner load(GgufFile file, CpuOptions options);

  /**
   * Loads a small model that guesses for a larger one.
   *
   * @param target file of the larger one, open
   * @param tokens guessed ahead at most
   * @throws UnsupportedModelException when the two do not have the same vocabulary
   */
  default DraftSpec loadDraft(String variant, GgufFile draft, GgufFile target, int tokens) {
    Tokenizer.difference(draft, target)
        .ifPresent(reason -> {
          throw new UnsupportedModelException(
              "%s cannot guess for this model: %s".formatted(variant, reason));
        });
    return new DraftSpec(variant, load(draft, CpuOptions.DEFAULT), tokens);
  }

  /**
   * Refuses what its memory has no room for beside what is loaded.
   *
   * @throws IllegalArgumentException with the figures
   */
  default void require(String what, long bytes) {}

  /** Comes after its models are closed. */
  @Override
  void close();
}
