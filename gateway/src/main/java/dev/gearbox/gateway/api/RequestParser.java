package dev.gearbox.gateway.api;

import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.SamplingSpec;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.policy.fact.Origin;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Makes an {@link InferenceRequest} of a JSON body, or a 400 that names the field. */
public final class RequestParser {
  private static final int MAX_MODEL = 256;
  private static final int MAX_USER = 1024;
  private static final int MAX_SALT = 1024;
  private static final int MAX_LOGPROBS = 20;
  private static final int MAX_IGNORED = 10;

  private static final Set<String> KNOWN =
      Set.of(
          "model",
          "messages",
          "prompt",
          "n",
          "best_of",
          "echo",
          "suffix",
          "stream",
          "stream_options",
          "stop",
          "seed",
          "temperature",
          "top_p",
          "top_k",
          "min_p",
          "presence_penalty",
          "frequency_penalty",
          "repetition_penalty",
          "logit_bias",
          "logprobs",
          "top_logprobs",
          "max_tokens",
          "max_completion_tokens",
          "tools",
          "tool_choice",
          "parallel_tool_calls",
          "functions",
          "function_call",
          "response_format",
          "user",
          "metadata",
          "service_tier",
          "extra_args",
          "ignore_eos",
          "return_token_ids",
          "return_tokens_as_token_ids",
          "timings_per_token",
          "return_progress",
          "cache_salt",
          "continue_final_message",
          "add_generation_prompt");

  private final TermsParser terms;

  public RequestParser(ServiceClasses classes) {
    terms = new TermsParser(classes);
  }

  /**
   * Parses.
   *
   * @param id unique in this process
   * @param headers value of a header by its lower-case name, null when absent
   * @param arrivedNanos when it arrived, on the injected monotonic clock
   */
  public Result<InferenceRequest> parse(
      String id,
      AnswerKind kind,
      ObjectNode json,
      Function<String, @Nullable String> headers,
      Caller caller,
      long arrivedNanos) {
    try {
      Fields body = new Fields(json, "");
      Map<Feature, String> needs = new HashMap<>();
      String model = body.requiredString("model", MAX_MODEL);
      List<Prompt> prompts = prompts(kind, body, needs);
      boolean streaming = body.bool("stream");
      SamplingSpec sampling = SamplingFields.sampling(body, topLogprobs(kind, body));
      if (sampling.topLogprobs() >= 0) {
        needs.put(Feature.LOGPROBS, "logprobs");
      }
      if (!sampling.logitBias().isEmpty()) {
        needs.put(Feature.LOGIT_BIAS, "logit_bias");
      }
      Fields streamOptions = body.object("stream_options");
      body.string("user", MAX_USER);
      return Result.ok(
          new InferenceRequest(
              id,
              kind,
              model,
              prompts,
              answers(kind, body, prompts.size()),
              kind == AnswerKind.CHAT ? List.of() : echo(body, prompts, sampling, needs),
              sampling,
              SamplingFields.maxTokens(body),
              SamplingFields.stop(body),
              body.bool("ignore_eos"),
              streaming,
              streamOptions != null && streamOptions.bool("include_usage"),
              body.bool("return_token_ids"),
              body.bool("return_tokens_as_token_ids"),
              body.bool("timings_per_token"),
              body.bool("return_progress"),
              needs,
              terms.parse(body, headers, caller, streaming),
              salted(caller, body),
              ignored(json),
              arrivedNanos,
              Origin.CALL,
              headers.apply("traceparent")));
    } catch (InvalidFieldException e) {
      return Result.refused(e.refusal());
    }
  }

  /** A gateway before this one may have tenants of its own, whose caches are as much apart. */
  private static Caller salted(Caller caller, Fields body) {
    String salt = body.string("cache_salt", MAX_SALT);
    return salt == null || salt.isEmpty()
        ? caller
        : new Caller(caller.tenant(), caller.serviceClass(), caller.cacheSalt() + "/" + salt);
  }

  private static List<Prompt> prompts(AnswerKind kind, Fields body, Map<Feature, String> needs) {
    return switch (kind) {
      case COMPLETION -> {
        String suffix = body.string("suffix", JsonBody.MAX_BYTES);
        if (suffix != null && !suffix.isEmpty()) {
          needs.put(Feature.SUFFIX, "suffix");
        }
        yield CompletionPrompts.parse(body);
      }
      case CHAT -> {
        var messages = ChatMessages.parse(body, needs);
        needs.put(Feature.CHAT, "messages");
        String tools = ToolFields.tools(body, needs);
        ToolFields.responseFormat(body, needs);
        yield List.of(
            body.bool("continue_final_message")
                ? goingOn(messages, tools)
                : new Prompt.Chat(messages, tools));
      }
    };
  }

  /** The last message is the beginning of the answer, as vLLM has it. */
  private static Prompt goingOn(List<Prompt.Message> messages, @Nullable String tools) {
    Prompt.Message last = messages.getLast();
    String begun = last.content();
    if (messages.size() < 2 || !last.role().equals("assistant") || begun == null) {
      throw new InvalidFieldException(
          "continue_final_message",
          "continue_final_message needs a last message of the assistant's with content, after others");
    }
    List<Prompt.Message> asked = messages.subList(0, messages.size() - 1);
    return new Prompt.Begun(new Prompt.Chat(asked, tools), begun, TokenIds.EMPTY);
  }

  private static int answers(AnswerKind kind, Fields body, int prompts) {
    int n = body.integer("n", 1, InferenceRequest.MAX_N, 1);
    if (prompts * n > InferenceRequest.MAX_SEQUENCES) {
      throw new InvalidFieldException(
          "n",
          "n times the number of prompts must be 1 to %d, got %d"
              .formatted(InferenceRequest.MAX_SEQUENCES, prompts * n));
    }
    if (kind == AnswerKind.COMPLETION
        && body.integer("best_of", 1, InferenceRequest.MAX_N, n) != n) {
      throw new InvalidFieldException("best_of", "best_of must equal n: " + n);
    }
    return n;
  }

  /** Number of alternatives to report, −1 for no log-probabilities. */
  private static int topLogprobs(AnswerKind kind, Fields body) {
    return switch (kind) {
      case COMPLETION -> body.integer("logprobs", 0, MAX_LOGPROBS, -1);
      case CHAT -> {
        boolean logprobs = body.bool("logprobs");
        int top = body.integer("top_logprobs", 0, MAX_LOGPROBS, 0);
        if (top > 0 && !logprobs) {
          throw new InvalidFieldException("top_logprobs", "top_logprobs needs logprobs: true");
        }
        yield logprobs ? top : -1;
      }
    };
  }

  /** Text is echoed by the gateway; its log-probabilities, or token ids as text, by an engine. */
  private static List<String> echo(
      Fields body, List<Prompt> prompts, SamplingSpec sampling, Map<Feature, String> needs) {
    if (!body.bool("echo")) {
      return List.of();
    }
    List<String> texts = new ArrayList<>();
    for (Prompt prompt : prompts) {
      if (prompt instanceof Prompt.Text(String text)) {
        texts.add(text);
      }
    }
    if (sampling.topLogprobs() >= 0 || texts.size() < prompts.size()) {
      needs.put(Feature.ECHO, "echo");
      return List.of();
    }
    return texts;
  }

  private static List<String> ignored(ObjectNode json) {
    return json.propertyNames().stream()
        .filter(name -> !KNOWN.contains(name) && name.matches("[A-Za-z0-9_]{1,40}"))
        .limit(MAX_IGNORED)
        .toList();
  }
}
