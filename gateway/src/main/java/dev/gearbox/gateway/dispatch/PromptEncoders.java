package dev.gearbox.gateway.dispatch;

import dev.gearbox.engine.Encoding;
import dev.gearbox.engine.Engine;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.InferenceRequest;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.Result;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Turns prompts into tokens: small ones where they come, others on a few threads of its own behind
 * a bounded queue. A prompt of a hundred thousand tokens takes a tenth of a second, which no
 * reactor thread may spend.
 */
public final class PromptEncoders implements AutoCloseable {
  /**
   * Prompts that are encoded where they come, reactor threads included: it takes a tenth of a
   * millisecond, and handing them to another thread and back takes as long on a busy machine.
   */
  private static final int SMALL = 1024;

  /** What a message costs in a template beyond its text. */
  private static final int MESSAGE = 32;

  /** No tokenizer makes tokens of more characters, repeated ones included. */
  private static final int CHARACTERS_PER_TOKEN = 128;

  private static final int IDLE_SECONDS = 60;

  private final Scheduler workers;

  public PromptEncoders(int threads, int queued) {
    workers = Schedulers.newBoundedElastic(threads, queued, "gearbox-encode", IDLE_SECONDS, true);
  }

  /** Where encoding and deciding run. */
  public Scheduler scheduler() {
    return workers;
  }

  /** The prompts of a request for each of these engines, each distinct encoder asked once. */
  public Mono<Result<EncodedPrompts>> encode(InferenceRequest request, List<EngineSlot> engines) {
    Mono<Result<EncodedPrompts>> encoded = Mono.fromCallable(() -> encodeNow(request, engines));
    if (small(request)) {
      return encoded;
    }
    return encoded
        .subscribeOn(workers)
        .onErrorResume(
            RejectedExecutionException.class,
            e ->
                Mono.just(
                    Result.refused(
                        Refusal.later(
                            ErrorCode.OVERLOADED,
                            "too many prompts wait to be tokenized",
                            Duration.ofSeconds(1)))));
  }

  private static boolean small(InferenceRequest request) {
    long cost = 0;
    for (Prompt prompt : request.prompts()) {
      cost += cost(prompt);
    }
    return cost <= SMALL;
  }

  private static long cost(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Text(String text) -> text.length();
      case Prompt.Tokens(TokenIds ids) -> ids.size();
      case Prompt.Chat(List<Prompt.Message> messages, String tools) ->
          // Rendering tools takes a template longer than their text tells.
          tools != null ? SMALL + 1 : characters(prompt) + (long) MESSAGE * messages.size();
      case Prompt.Begun(Prompt of, String answer, TokenIds ids) -> cost(of) + answer.length();
    };
  }

  private static Result<EncodedPrompts> encodeNow(
      InferenceRequest request, List<EngineSlot> engines) {
    Map<String, List<TokenIds>> tokens = new HashMap<>();
    Map<String, Refusal> refused = new HashMap<>();
    List<EngineSlot> candidates = new ArrayList<>();
    Refusal last = Refusal.of(ErrorCode.NO_ENGINE, "no engine is running");
    for (EngineSlot slot : engines) {
      Engine engine = slot.running();
      if (!tokens.containsKey(slot.encoder()) && !refused.containsKey(slot.encoder())) {
        encodeAll(request, engine, slot.encoder(), tokens, refused);
      }
      List<TokenIds> prompts = tokens.get(slot.encoder());
      Refusal why =
          prompts == null ? refused.get(slot.encoder()) : unfit(request, slot, engine, prompts);
      if (why == null) {
        candidates.add(slot);
      } else {
        last = why;
      }
    }
    return candidates.isEmpty()
        ? Result.refused(last)
        : Result.ok(new EncodedPrompts(candidates, tokens));
  }

  private static void encodeAll(
      InferenceRequest request,
      Engine engine,
      String encoder,
      Map<String, List<TokenIds>> tokens,
      Map<String, Refusal> refused) {
    List<TokenIds> prompts = new ArrayList<>();
    for (Prompt prompt : request.prompts()) {
      if (characters(prompt) / CHARACTERS_PER_TOKEN > engine.capabilities().maxContext()) {
        refused.put(encoder, tooLong(engine.capabilities().maxContext(), "the prompt has more"));
        return;
      }
      switch (engine.encode(prompt)) {
        case Encoding.Encoded(TokenIds ids) -> prompts.add(ids);
        case Encoding.Rejected(String message) -> {
          refused.put(encoder, Refusal.invalid(promptParam(prompt), message));
          return;
        }
      }
    }
    tokens.put(encoder, prompts);
  }

  private static @Nullable Refusal unfit(
      InferenceRequest request, EngineSlot slot, Engine engine, List<TokenIds> prompts) {
    int vocabulary = engine.capabilities().vocabulary();
    for (TokenIds ids : prompts) {
      if (ids.size() == 0) {
        return Refusal.invalid("prompt", "the prompt has no tokens");
      }
      if (ids.stream().anyMatch(id -> id < 0 || id >= vocabulary)) {
        return Refusal.invalid("prompt", "token ids must be 0 to " + (vocabulary - 1));
      }
    }
    if (request.sampling().logitBias().keySet().stream().anyMatch(id -> id >= vocabulary)) {
      return Refusal.invalid("logit_bias", "token ids must be 0 to " + (vocabulary - 1));
    }
    int room = EncodedPrompts.room(slot, prompts);
    int asked = request.maxTokens() == null ? 1 : request.maxTokens();
    if (asked <= room) {
      return null;
    }
    int context = engine.capabilities().maxContext();
    return tooLong(
        context,
        "the prompt has %d and max_tokens asks for %d more".formatted(context - room, asked));
  }

  private static Refusal tooLong(int context, String what) {
    return Refusal.of(
        ErrorCode.CONTEXT_LENGTH_EXCEEDED,
        "the context of this model is " + context + " tokens; " + what,
        "messages",
        null);
  }

  private static String promptParam(Prompt prompt) {
    Prompt asked = prompt instanceof Prompt.Begun begun ? begun.prompt() : prompt;
    return asked instanceof Prompt.Chat ? "messages" : "prompt";
  }

  private static long characters(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Text(String text) -> text.length();
      case Prompt.Tokens ignored -> 0;
      case Prompt.Chat(List<Prompt.Message> messages, String tools) ->
          messages.stream()
              .mapToLong(message -> message.content() == null ? 0 : message.content().length())
              .sum();
      case Prompt.Begun(Prompt of, String answer, TokenIds ids) -> characters(of) + answer.length();
    };
  }

  @Override
  public void close() {
    workers.dispose();
  }
}
