package dev.gearbox.telemetry.meter;

import dev.gearbox.telemetry.record.EngineCounters;
import dev.gearbox.telemetry.signal.EngineNames;
import dev.gearbox.telemetry.signal.EngineSignal;
import dev.gearbox.telemetry.signal.SignalStore;
import dev.gearbox.telemetry.signal.Signals;
import io.prometheus.client.Collector;
import io.prometheus.client.CounterMetricFamily;
import io.prometheus.client.GaugeMetricFamily;
import java.util.List;
import java.util.Locale;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/** What engines are doing at the moment of the scrape, read from one snapshot. */
final class SignalCollector extends Collector implements Collector.Describable {
  private static final List<String> LABELS = List.of("model_name", "engine");

  private final SignalStore store;

  SignalCollector(SignalStore store) {
    this.store = store;
  }

  @Override
  public List<MetricFamilySamples> collect() {
    Families families = new Families();
    Signals signals = store.snapshot();
    for (EngineSignal signal : signals.engines()) {
      families.addState(signal);
      // What runs with an adapter is counted by the engine whose batch it is in.
      if (!EngineNames.isAdapter(signal.engine())) {
        families.add(signal, store.counters(signal.engine()));
        families.addAdapters(signal, signals);
      }
    }
    families.dropped.addMetric(List.of(), (double) store.dropped());
    return families.all();
  }

  @Override
  public List<MetricFamilySamples> describe() {
    return new Families().all();
  }

  private static final class Families {
    final GaugeMetricFamily running =
        new GaugeMetricFamily(MetricNames.RUNNING, "Sequences in the batch.", LABELS);
    final GaugeMetricFamily waiting =
        new GaugeMetricFamily(MetricNames.WAITING, "Sequences in the queue.", LABELS);
    final GaugeMetricFamily kvUsage =
        new GaugeMetricFamily(MetricNames.KV_USAGE, "KV memory in use, 1 is all of it.", LABELS);
    final GaugeMetricFamily cacheConfig =
        new GaugeMetricFamily(
            MetricNames.CACHE_CONFIG,
            "Size of the KV memory.",
            List.of("model_name", "engine", "block_size", "num_gpu_blocks"));
    final GaugeMetricFamily loras =
        new GaugeMetricFamily(
            MetricNames.LORA_INFO,
            "When this was read; labels name the adapters that requests run with and wait for.",
            List.of("engine", "running_lora_adapters", "waiting_lora_adapters", "max_lora"));
    final GaugeMetricFamily state =
        new GaugeMetricFamily(
            MetricNames.ENGINE_STATE,
            "1 for the state that the engine is in.",
            List.of("pool", "engine", "state"));
    final CounterMetricFamily preemptions =
        new CounterMetricFamily(
            MetricNames.PREEMPTIONS, "Sequences that lost their KV memory.", LABELS);
    final CounterMetricFamily drafts =
        new CounterMetricFamily(
            MetricNames.DRAFTS, "Times that tokens were guessed ahead for a sequence.", LABELS);
    final CounterMetricFamily draftTokens =
        new CounterMetricFamily(MetricNames.DRAFT_TOKENS, "Tokens guessed ahead.", LABELS);
    final CounterMetricFamily acceptedTokens =
        new CounterMetricFamily(
            MetricNames.ACCEPTED_TOKENS, "Guessed tokens that the model chose itself.", LABELS);
    final CounterMetricFamily dropped =
        new CounterMetricFamily(
            MetricNames.DROPPED, "Records lost because listeners were slow.", List.of());

    void add(EngineSignal signal, EngineCounters counters) {
      List<String> labels = List.of(signal.variant(), signal.engine());
      running.addMetric(labels, signal.running());
      waiting.addMetric(labels, signal.waiting());
      kvUsage.addMetric(labels, signal.kvUsage());
      preemptions.addMetric(labels, (double) counters.preemptions());
      drafts.addMetric(labels, (double) counters.drafts());
      draftTokens.addMetric(labels, (double) counters.draftTokens());
      acceptedTokens.addMetric(labels, (double) counters.acceptedTokens());
      cacheConfig.addMetric(
          List.of(signal.variant(), signal.engine(), "16", "" + signal.kvBlocksTotal()), 1);
    }

    void addState(EngineSignal signal) {
      for (EngineSignal.State each : EngineSignal.State.values()) {
        state.addMetric(
            List.of(signal.pool(), signal.engine(), each.name().toLowerCase(Locale.ROOT)),
            each == signal.state() ? 1 : 0);
      }
    }

    void addAdapters(EngineSignal host, Signals signals) {
      if (host.maxLoras() == 0) {
        return;
      }
      String running = adapters(host, signals, EngineSignal::running);
      String waiting = adapters(host, signals, EngineSignal::waiting);
      loras.addMetric(
          List.of(host.engine(), running, waiting, "" + host.maxLoras()),
          System.currentTimeMillis() / 1e3);
    }

    private static String adapters(
        EngineSignal host, Signals signals, ToIntFunction<EngineSignal> count) {
      return signals.engines().stream()
          .filter(each -> EngineNames.isAdapter(each.engine()))
          .filter(each -> EngineNames.batch(each.engine()).equals(host.engine()))
          .filter(each -> count.applyAsInt(each) > 0)
          .map(EngineSignal::variant)
          .collect(Collectors.joining(","));
    }

    List<MetricFamilySamples> all() {
      return List.of(
          running,
          waiting,
          kvUsage,
          cacheConfig,
          loras,
          state,
          preemptions,
          drafts,
          draftTokens,
          acceptedTokens,
          dropped);
    }
  }
}
