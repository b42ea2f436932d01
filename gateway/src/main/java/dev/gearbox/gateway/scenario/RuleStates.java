package dev.gearbox.gateway.scenario;

import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.policy.decide.Trial;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.ClassFacts;
import dev.gearbox.policy.fact.Forecast;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.policy.rule.RuleSource;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * States that a request may meet: the grid of every state of every engine; the rest of the facts is
 * drawn, and whatever names and numbers the rules mention is among what is drawn from. Equal calls
 * in equal order draw the same. One thread.
 */
final class RuleStates {
  private static final Pattern WORD = Pattern.compile("\\x22([^\\x22\\s]{1,40})\\x22");
  private static final Pattern NUMBER = Pattern.compile("(?<![\\w.])([0-9]{1,6})(?![\\w.])");

  private enum Load {
    IDLE,
    BUSY,
    FULL,
    LOADING,
    STALE,
    SILENT
  }

  private final List<RuleCheck.Variant> variants;
  private final List<String> words = new ArrayList<>(List.of("local", "auto"));
  private final List<Integer> numbers = new ArrayList<>(List.of(100, 5000, 9000));
  private final SplittableRandom random = new SplittableRandom(1);

  RuleStates(List<RuleCheck.Variant> variants, List<RuleSource> texts) {
    this.variants = variants;
    texts.forEach(this::mentioned);
  }

  /** States of all engines together. */
  int grid() {
    return (int) Math.pow(Load.values().length, variants.size());
  }

  private void mentioned(RuleSource source) {
    String text = source.text();
    Matcher word = WORD.matcher(text);
    while (word.find()) {
      words.add(word.group(1));
    }
    if (source.name().endsWith(".csv")) {
      for (String cell : text.split("[,|!\\n]", -1)) {
        if (cell.strip().matches("[^\\s\\x22]{1,40}")) {
          words.add(cell.strip());
        }
      }
    }
    Matcher number = NUMBER.matcher(text);
    while (number.find()) {
      int value = Integer.parseInt(number.group(1));
      numbers.add(value);
      numbers.add(value + 1);
      numbers.add(Math.max(1, value - 1));
    }
  }

  /** Facts of a request of this class in a state of the grid, from 0. */
  Trial draw(ServiceClass serviceClass, int state) {
    int prompt = drawn(numbers);
    List<CandidateFacts> candidates = new ArrayList<>();
    Map<String, Integer> prompts = new HashMap<>();
    int rest = state;
    for (RuleCheck.Variant variant : variants) {
      candidates.add(candidate(variant, Load.values()[rest % Load.values().length], prompt));
      prompts.put(variant.name(), prompt);
      rest /= Load.values().length;
    }
    double burn = drawn(List.of(0.0, 0.2, 1.0, 20.0));
    ClassFacts standing =
        new ClassFacts(
            serviceClass.name(),
            serviceClass.attainment(),
            burn,
            burn,
            burn,
            burn,
            burn,
            burn,
            burn,
            burn,
            1 - burn / 10,
            1000,
            10_000);
    Targets own =
        new Targets(
            null,
            null,
            null,
            null,
            random.nextInt(4) == 0 ? random.nextDouble() : null,
            drawn(List.of(0, 1)) == 0 ? null : 0.01);
    RequestFacts request =
        new RequestFacts(
            "check",
            drawn(words),
            serviceClass,
            drawn(words),
            own.or(serviceClass.targets()),
            prompts,
            drawn(numbers),
            random.nextBoolean(),
            Set.of(random.nextInt(8) == 0 ? Feature.TOOLS : Feature.CHAT),
            0,
            standing);
    return new Trial(request, candidates, 0, 1);
  }

  private CandidateFacts candidate(RuleCheck.Variant variant, Load load, int prompt) {
    boolean works = load == Load.BUSY || load == Load.FULL || load == Load.SILENT;
    double age =
        switch (load) {
          case IDLE, BUSY, FULL, LOADING -> 0.1;
          case STALE -> 5;
          case SILENT -> 120;
        };
    return new CandidateFacts(
        variant.pool() + "/" + variant.name(),
        variant.name(),
        variant.pool(),
        "cpu",
        load == Load.LOADING ? State.LOADING : State.READY,
        age,
        variant.quality(),
        variant.techniques(),
        Set.of(Feature.CHAT),
        8192,
        random.nextInt(32) == 0 ? -1 : prompt,
        0,
        64,
        works ? 8 : 0,
        load == Load.FULL ? 1000 : works ? 2 : 0,
        8,
        works ? 0.9 : 0,
        random.nextInt(8) == 0 ? 0.02 : 0,
        false,
        new Forecast(0.1, 0.02, 1, 0.1, 0.2, 0.02, 0.03, 0.9, 0.9, 0.8, 1, 1, 0, 0, 0, 1, false),
        0,
        0,
        null);
  }

  private <T> T drawn(List<T> from) {
    return from.get(random.nextInt(from.size()));
  }
}
