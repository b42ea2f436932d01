package dev.gearbox.gateway.cli;

import dev.gearbox.engine.TokenEvent;
import dev.gearbox.engine.TokenEvent.Failed;
import dev.gearbox.engine.TokenEvent.Finished;
import dev.gearbox.engine.TokenEvent.Token;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;

/** One whole answer. */
record Answer(String text, List<Integer> tokens, Finished end) {

  /** Waits for an answer, showing its text as it comes. */
  static Answer of(Flow.Publisher<TokenEvent> events, Consumer<String> show)
      throws InterruptedException {
    BlockingQueue<TokenEvent> queue = new LinkedBlockingQueue<>();
    events.subscribe(new Queueing(queue));
    StringBuilder text = new StringBuilder();
    List<Integer> tokens = new ArrayList<>();
    while (true) {
      switch (queue.take()) {
        case Token token -> {
          tokens.add(token.id());
          text.append(token.text());
          show.accept(token.text());
        }
        case Finished end -> {
          text.append(end.text());
          show.accept(end.text());
          return new Answer(text.toString(), tokens, end);
        }
        case Failed failed -> throw new IllegalStateException(failed.message());
      }
    }
  }

  Map<String, Object> json() {
    Map<String, Object> timings = new LinkedHashMap<>();
    double prefill = end.timings().prefill() / 1e6;
    double decode = end.timings().decode() / 1e6;
    int computed = end.tokens().prompt() - end.tokens().cached();
    timings.put("prefill_ms", prefill);
    timings.put("decode_ms", decode);
    timings.put("prefill_tokens_per_second", perSecond(computed, prefill));
    timings.put("decode_tokens_per_second", perSecond(tokens.size() - 1, decode));
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("text", text);
    json.put("tokens", tokens);
    json.put("prompt_tokens", end.tokens().prompt());
    json.put("finish_reason", end.reason().name().toLowerCase(Locale.ROOT));
    json.put("timings", timings);
    return json;
  }

  private static double perSecond(int count, double millis) {
    return count <= 0 || millis <= 0 ? 0 : count * 1000.0 / millis;
  }

  private record Queueing(BlockingQueue<TokenEvent> queue) implements Flow.Subscriber<TokenEvent> {
    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(TokenEvent event) {
      queue.add(event);
    }

    @Override
    public void onError(Throwable failure) {
      queue.add(
          new Failed(
              TokenEvent.FailureCode.ENGINE_FAILED,
              String.valueOf(failure.getMessage()),
              dev.gearbox.telemetry.record.TokenCounts.NONE));
    }

    @Override
    public void onComplete() {
      // The last event says how it ended.
    }
  }
}
