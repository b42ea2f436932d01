package dev.gearbox.policy.simulate;

import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.SamplingSpec;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.policy.decide.Decision;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.telemetry.record.EngineTimings;
import dev.gearbox.telemetry.record.Outcome;
import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.TokenCounts;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way: what was asked and decided, and when its tokens came. A token is late
 * when it comes after {@code TTFT + i·TPOT} from arrival, so that holding tokens back gains
 * nothing.
 */
final class Flight {
  private final Arrival arrival;
  private final RequestFacts facts;
  private final Decision.Route route;
  private final long ttft;
  private final long tpot;
  private final long decided;
  private long firstToken;
  private long lastToken = SimulatedSequence.NO_TOKEN;
  private int tokens;
  private int cached;
  private boolean late;

  Flight(Arrival arrival, RequestFacts facts, Decision.Route route, long nowNanos) {
    this.arrival = arrival;
    this.facts = facts;
    this.route = route;
    this.decided = nowNanos;
    this.ttft = nanos(facts.targets().ttft());
    this.tpot = nanos(facts.targets().tpot());
  }

  private static long nanos(@Nullable Duration duration) {
    return duration == null ? Long.MAX_VALUE : duration.toNanos();
  }

  Arrival arrival() {
    return arrival;
  }

  Decision.Route route() {
    return route;
  }

  RequestFacts facts() {
    return facts;
  }

  /** Tokens after which the answer ends. */
  int length() {
    return Math.max(1, Math.min(arrival.outputTokens(), route.maxTokens()));
  }

  GenerationRequest request() {
    return request(Integer.MAX_VALUE, route.maxTokens());
  }

  /** For an engine that runs: of tokens that it knows, and so long an answer that it ends there. */
  GenerationRequest exactly(int vocabulary) {
    return request(vocabulary, length());
  }

  private GenerationRequest request(int vocabulary, int tokensAtMost) {
    long target = nanos(route.tpotTarget());
    long deadline = nanos(facts.targets().deadline());
    return new GenerationRequest(
        facts.requestId(),
        prompt(vocabulary),
        SamplingSpec.GREEDY,
        tokensAtMost,
        List.of(),
        true,
        route.lane(),
        route.priority(),
        target == Long.MAX_VALUE ? 0 : target,
        deadline == Long.MAX_VALUE ? Long.MAX_VALUE : facts.arrivedNanos() + deadline,
        "",
        false);
  }

  /** Equal where the trace says that prompts are equal, unlike any other elsewhere. */
  private TokenIds prompt(int vocabulary) {
    int[] ids = new int[arrival.promptTokens()];
    List<Long> blocks = arrival.blocks();
    for (int i = 0; i < ids.length; i++) {
      int block = i / Trace.BLOCK_TOKENS;
      long name = block < blocks.size() ? blocks.get(block) : ~(long) arrival.number();
      int id = (int) (name * 0x9E3779B9L + i % Trace.BLOCK_TOKENS) & Integer.MAX_VALUE;
      ids[i] = id % vocabulary;
    }
    return TokenIds.of(ids);
  }

  void entered(int cachedTokens) {
    cached = Math.min(cachedTokens, arrival.promptTokens());
  }

  void token(long nowNanos) {
    long since = nowNanos - facts.arrivedNanos();
    if (tokens == 0) {
      firstToken = nowNanos;
      late = since > ttft;
    } else if (tpot != Long.MAX_VALUE) {
      // Without a target for the first token, the others are due from when it came.
      long from = ttft == Long.MAX_VALUE ? firstToken - facts.arrivedNanos() : ttft;
      late |= since > from + tokens * tpot;
    }
    tokens++;
    lastToken = nowNanos;
  }

  int tokens() {
    return tokens;
  }

  long lastToken() {
    return lastToken;
  }

  /** Whether it was answered and every token came in time. */
  boolean met(Outcome outcome, long nowNanos) {
    boolean answered = outcome == Outcome.LENGTH || outcome == Outcome.STOP;
    return answered
        && !late
        && nowNanos - facts.arrivedNanos() <= nanos(facts.targets().deadline());
  }

  RequestTimeline timeline(
      @Nullable String engine, @Nullable EngineProfile profile, Outcome outcome, long nowNanos) {
    TokenCounts counts = new TokenCounts(arrival.promptTokens(), cached, tokens);
    return timeline(
        facts, route.id(), engine, profile, decided, firstToken, nowNanos, counts, outcome);
  }

  /** Of a request that the policy refused. */
  static RequestTimeline refused(RequestFacts facts, String decision, long nowNanos) {
    return timeline(
        facts, decision, null, null, nowNanos, 0, nowNanos, TokenCounts.NONE, Outcome.REFUSED);
  }

  private static RequestTimeline timeline(
      RequestFacts facts,
      String decision,
      @Nullable String engine,
      @Nullable EngineProfile profile,
      long decided,
      long firstToken,
      long ended,
      TokenCounts tokens,
      Outcome outcome) {
    return new RequestTimeline(
        facts.requestId(),
        decision,
        facts.model(),
        profile == null ? null : profile.variant().name(),
        profile == null ? null : profile.pool(),
        engine,
        facts.serviceClass().name(),
        facts.tenant(),
        facts.streaming(),
        facts.arrivedNanos(),
        facts.arrivedNanos(),
        decided,
        firstToken,
        ended,
        tokens,
        EngineTimings.NONE,
        outcome,
        switch (outcome) {
          case STOP, LENGTH -> 200;
          case CANCELLED -> 499;
          case EXPIRED -> 504;
          case REFUSED -> 429;
          case FAILED -> 503;
        });
  }
}
