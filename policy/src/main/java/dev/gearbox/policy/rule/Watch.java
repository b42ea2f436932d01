package dev.gearbox.policy.rule;

import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.kie.api.event.rule.BeforeMatchFiredEvent;
import org.kie.api.event.rule.DefaultAgendaEventListener;

/** Tells the ruling which rule speaks, and stops the session when time is up. */
final class Watch extends DefaultAgendaEventListener {
  private final Ruling ruling;
  private final Map<String, RuleInfo> rules;
  private final LongSupplier clock;
  private final long started;
  private final long limitNanos;
  private final Consumer<String> speaks;
  private boolean late;

  Watch(
      Ruling ruling,
      Map<String, RuleInfo> rules,
      LongSupplier clock,
      Duration limit,
      Consumer<String> speaks) {
    this.speaks = speaks;
    this.ruling = ruling;
    this.rules = rules;
    this.clock = clock;
    this.started = clock.getAsLong();
    this.limitNanos = limit.toNanos();
  }

  @Override
  public void beforeMatchFired(BeforeMatchFiredEvent event) {
    String name = event.getMatch().getRule().getName();
    speaks.accept(name);
    RuleInfo info = rules.get(name);
    ruling.speaking(name, info == null ? name : info.description());
    if (clock.getAsLong() - started > limitNanos) {
      late = true;
      event.getKieRuntime().halt();
    }
  }

  boolean late() {
    return late;
  }
}
