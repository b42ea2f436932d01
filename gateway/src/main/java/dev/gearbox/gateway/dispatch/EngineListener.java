package dev.gearbox.gateway.dispatch;

/** Sees engines come and go; called on the thread that brings the news, must not block. */
public interface EngineListener {
  /** Its state or progress is another. */
  void changed(EngineSlot slot);

  /** One line for a person about a slow step. */
  default void note(String engine, String line) {}
}
