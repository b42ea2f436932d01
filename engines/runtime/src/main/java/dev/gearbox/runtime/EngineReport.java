package dev.gearbox.runtime;

import dev.gearbox.engine.Engine.Prefill;
import dev.gearbox.runtime.EngineStatus.Load;
import dev.gearbox.runtime.cache.KvCache;
import dev.gearbox.runtime.schedule.StepPlan;
import dev.gearbox.runtime.schedule.StepPlan.Admitted;
import dev.gearbox.runtime.schedule.StepPlan.Chunk;
import dev.gearbox.telemetry.signal.TelemetrySink;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an engine says of itself: steps to telemetry, load and totals to whoever asks. Confined to
 * the owner thread. Warming up and scoring are nobody's business and count nowhere.
 */
final class EngineReport {
  private final EngineSpec spec;
  private final String device;
  private final EngineStatus status;
  private final TelemetrySink sink;
  private final KvCache cache;
  private final EngineTotals totals = new EngineTotals();
  private @Nullable TokenStream warmUp;

  EngineReport(
      EngineSpec spec, String device, EngineStatus status, TelemetrySink sink, KvCache cache) {
    this.spec = spec;
    this.device = device;
    this.status = status;
    this.sink = sink;
    this.cache = cache;
  }

  /** Leaves this one out from here on; null: none. */
  void leaveOut(@Nullable TokenStream stream) {
    warmUp = stream;
  }

  boolean isWarmUp(Generation generation) {
    return generation.stream() == warmUp;
  }

  private boolean counts(Generation generation) {
    return !isWarmUp(generation) && !generation.scores();
  }

  void planned(StepPlan<Generation> plan, long nowNanos) {
    List<Generation> preempted = plan.preempted();
    for (int i = 0; i < preempted.size(); i++) {
      totals.preempted(counts(preempted.get(i)) ? 1 : 0);
    }
    List<Admitted<Generation>> all = plan.admitted();
    for (int i = 0; i < all.size(); i++) {
      Generation generation = all.get(i).sequence();
      if (generation.enters(nowNanos, all.get(i).cached()) && counts(generation)) {
        totals.entered(generation.request().prompt().size(), all.get(i).cached());
      }
    }
  }

  void stepped(StepPlan<Generation> plan, long otherNanos, long nanos, long endNanos) {
    // Steps of a warm-up are slower than any that follow.
    if (warmUp == null) {
      sink.step(plan.record(spec.engine(), device, otherNanos, nanos, endNanos));
    }
  }

  void drafted(Chunk<Generation> chunk, int accepted) {
    if (!isWarmUp(chunk.sequence())) {
      totals.drafted(chunk.drafts(), accepted);
    }
  }

  void ended(Generation generation) {
    totals.generated(generation.generated());
  }

  void publish(Collection<Generation> generations, List<Generation> batch, long nowNanos) {
    int running = 0;
    int pending = 0;
    long context = 0;
    boolean adapted = false;
    for (Generation generation : generations) {
      pending += generation.decoding() || generation.scores() ? 0 : generation.remaining();
      adapted |= generation.request().adapter() != null;
    }
    for (int i = 0; i < batch.size(); i++) {
      running += counts(batch.get(i)) ? 1 : 0;
      context += batch.get(i).scores() ? 0 : batch.get(i).computed();
    }
    if (adapted) {
      publishAdapters(generations, batch);
    }
    Map<String, Prefill> prefills = pending == 0 ? Map.of() : prefills(batch);
    status.publish(
        new Load(running, pending, context, cache.free(), totals.counters(), prefills, nowNanos));
  }

  private Map<String, Prefill> prefills(List<Generation> batch) {
    Map<String, Prefill> prefills = new HashMap<>();
    for (int i = 0; i < batch.size(); i++) {
      Generation each = batch.get(i);
      if (counts(each) && each.generated() == 0) {
        prefills.put(each.request().id(), each.prefill());
      }
    }
    return prefills;
  }

  private static void publishAdapters(Collection<Generation> generations, List<Generation> batch) {
    for (Generation generation : generations) {
      LoadedAdapter adapter = LoadedAdapter.of(generation.request());
      if (adapter != null) {
        adapter.recount();
      }
    }
    for (int i = 0; i < batch.size(); i++) {
      LoadedAdapter adapter = LoadedAdapter.of(batch.get(i).request());
      if (adapter != null) {
        adapter.count();
      }
    }
    for (Generation generation : generations) {
      LoadedAdapter adapter = LoadedAdapter.of(generation.request());
      if (adapter != null) {
        adapter.publish();
      }
    }
  }
}
