package dev.gearbox.runtime;

import dev.gearbox.engine.Engine;
import dev.gearbox.format.adapter.LoraAdapter;

/** An engine that serves adapters of its model beside the model itself, in one batch. */
public interface AdapterHost extends Engine {
  /**
   * Opens an adapter as an engine of its own, whose requests join this one's batch. Copies the
   * weights on the caller's thread while others are served; the file may be closed afterwards. The
   * adapter is served until it is closed or drained: then it takes nothing more, what runs ends
   * normally, and its memory is free with the last of it.
   *
   * @throws RuntimeException when it does not fit the model, or the bounds of the engine on the
   *     number of adapters and their rank; the message says why
   */
  Engine attach(AdapterSpec spec, LoraAdapter file);
}
