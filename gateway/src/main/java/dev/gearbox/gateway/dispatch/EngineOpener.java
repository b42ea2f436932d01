package dev.gearbox.gateway.dispatch;

import dev.gearbox.engine.Engine;
import java.io.IOException;

/** Makes one engine: fetches its weights, reads them, opens it on its device. */
public interface EngineOpener extends AutoCloseable {
  /**
   * An engine, and what its prompts are encoded by.
   *
   * @param engine open, perhaps still warming up
   * @param encoder engines with equal ones turn a prompt into the same tokens
   */
  record Opened(Engine engine, String encoder) {}

  /**
   * Opens; blocks for as long as that takes.
   *
   * @throws IOException when the weights cannot be had or read; its message is for the operator
   */
  Opened open(EngineSlot slot, EngineRegistry registry) throws IOException, InterruptedException;

  /**
   * Whether this engine may be opened while others are: it waits for somebody else rather than for
   * this machine.
   */
  default boolean isApart(EngineSlot slot) {
    return false;
  }

  /** Releases what its engines share; comes after they are closed. */
  @Override
  default void close() {}
}
