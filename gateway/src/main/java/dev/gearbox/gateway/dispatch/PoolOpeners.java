package dev.gearbox.gateway.dispatch;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/** The opener of each pool: what its engines run on decides who opens them. */
public final class PoolOpeners implements EngineOpener {
  private final Map<String, EngineOpener> byPool;

  /** Openers by the names of their pools; closed with this one, each once. */
  public PoolOpeners(Map<String, EngineOpener> byPool) {
    this.byPool = Map.copyOf(byPool);
  }

  @Override
  public Opened open(EngineSlot slot, EngineRegistry registry)
      throws IOException, InterruptedException {
    return of(slot).open(slot, registry);
  }

  @Override
  public boolean isApart(EngineSlot slot) {
    return of(slot).isApart(slot);
  }

  private EngineOpener of(EngineSlot slot) {
    EngineOpener opener = byPool.get(slot.pool());
    if (opener == null) {
      throw new IllegalArgumentException("no pool " + slot.pool());
    }
    return opener;
  }

  @Override
  public void close() {
    List.copyOf(byPool.values()).stream().distinct().forEach(EngineOpener::close);
  }
}
