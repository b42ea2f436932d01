package dev.gearbox.engine;

/**
 * Weights that an engine applies beside those of its model to the requests that carry it. Made by
 * the engine that serves it; other engines refuse it.
 */
public interface Adapter {
  /**
   * Identity: equal for no two adapters that an engine ever served, so that nobody finds cached
   * blocks that another adapter filled.
   */
  String key();
}
