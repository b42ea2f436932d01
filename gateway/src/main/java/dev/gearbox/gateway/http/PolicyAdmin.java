package dev.gearbox.gateway.http;

import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.rules.LiveRules;
import dev.gearbox.gateway.rules.RuleChange;
import dev.gearbox.gateway.rules.ShadowJson;
import dev.gearbox.policy.decide.Shadow;
import dev.gearbox.policy.decide.Shadows;
import dev.gearbox.policy.rule.RuleException.Problem;
import dev.gearbox.policy.rule.RuleSource;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.web.reactive.function.BodyExtractors;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Shows the rules that decide and takes others in their place. */
final class PolicyAdmin {
  private static final int LIMIT = 1 << 20;
  private static final byte[] CHECKED = "{\"succeeded\":true}".getBytes(StandardCharsets.US_ASCII);
  private static final Duration BUSY = Duration.ofSeconds(2);

  private final LiveRules rules;
  private final Shadows shadows;

  /** Read here, as no request may wait for a file. */
  private final RuleSource builtIn = RuleSource.builtIn();

  PolicyAdmin(LiveRules rules, Shadows shadows) {
    this.rules = rules;
    this.shadows = shadows;
  }

  Mono<ServerResponse> show() {
    return Replies.json(200, JsonMapper.shared().writeValueAsBytes(json()));
  }

  /**
   * The body is a rule file, or a decision table when its content type is {@code text/csv}. It
   * replaces all rules; with {@code ?beside=default} it joins those that come with Gearbox.
   */
  Mono<ServerResponse> replace(ServerRequest request) {
    return take(request, rules::replace, this::show);
  }

  /** The same, without any effect: says whether the rules would be taken. */
  Mono<ServerResponse> check(ServerRequest request) {
    return take(request, rules::check, () -> Replies.json(200, CHECKED));
  }

  /** The same, beside the rules that decide and serving nobody. */
  Mono<ServerResponse> shadow(ServerRequest request) {
    return take(request, rules::shadow, this::showShadows);
  }

  /** What the shadows would choose less what was served. */
  Mono<ServerResponse> showShadows() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode all = json.putArray("shadows");
    for (Shadow each : shadows.all()) {
      ShadowJson.put(all.addObject().put("policy", each.name()), each);
    }
    return Replies.json(200, JsonMapper.shared().writeValueAsBytes(json));
  }

  /** The rules of the shadow decide from here on. */
  Mono<ServerResponse> promote() {
    return Mono.fromFuture(rules::promote)
        .flatMap(change -> change.isPresent() ? show() : noShadow())
        .onErrorResume(RejectedExecutionException.class, e -> busy());
  }

  Mono<ServerResponse> stopShadow() {
    if (shadows.find(LiveRules.SHADOW).isEmpty()) {
      return noShadow();
    }
    shadows.stop(LiveRules.SHADOW);
    return showShadows();
  }

  private static Mono<ServerResponse> noShadow() {
    return Replies.error(
        Refusal.of(ErrorCode.NOT_FOUND, "no rules are in the shadow: PUT them here first"));
  }

  private Mono<ServerResponse> take(
      ServerRequest request,
      Function<List<RuleSource>, CompletableFuture<RuleChange>> change,
      Supplier<Mono<ServerResponse>> done) {
    String beside = request.queryParam("beside").orElse("");
    if (!beside.isEmpty() && !beside.equals("default")) {
      return Replies.error(
          Refusal.invalid("beside", "beside must be 'default', got '" + beside + "'"));
    }
    String type = String.valueOf(request.headers().firstHeader("content-type"));
    String name = type.startsWith("text/csv") ? "body.csv" : "body.drl";
    return DataBufferUtils.join(request.body(BodyExtractors.toDataBuffers()), LIMIT)
        .map(buffer -> {
          String text = buffer.toString(StandardCharsets.UTF_8);
          DataBufferUtils.release(buffer);
          return text;
        })
        .defaultIfEmpty("")
        .flatMap(text ->
            text.isBlank() ? empty() : take(texts(name, text, !beside.isEmpty()), change, done))
        .onErrorResume(
            DataBufferLimitException.class,
            e ->
                Replies.error(
                    Refusal.of(
                        ErrorCode.REQUEST_TOO_LARGE, "rules may have up to " + LIMIT + " bytes")));
  }

  private static Mono<ServerResponse> empty() {
    return Replies.error(Refusal.invalid(null, "the body must be a rule file, got nothing"));
  }

  private List<RuleSource> texts(String name, String text, boolean besideDefault) {
    RuleSource own = new RuleSource(name, text);
    return besideDefault ? List.of(builtIn, own) : List.of(own);
  }

  private Mono<ServerResponse> take(
      List<RuleSource> texts,
      Function<List<RuleSource>, CompletableFuture<RuleChange>> change,
      Supplier<Mono<ServerResponse>> done) {
    return Mono.fromFuture(() -> change.apply(texts))
        .flatMap(made -> made.succeeded() ? done.get() : refused(made))
        .onErrorResume(RejectedExecutionException.class, e -> busy());
  }

  private static Mono<ServerResponse> busy() {
    return Replies.error(
        Refusal.later(ErrorCode.OVERLOADED, "other changes are being compiled", BUSY));
  }

  private static Mono<ServerResponse> refused(RuleChange change) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    Problem first = change.problems().getFirst();
    ObjectNode error = json.putObject("error");
    error.put("message", "the rules are refused, version " + change.version() + " stays: " + first);
    error.put("type", ErrorCode.INVALID_REQUEST_ERROR.type());
    error.putNull("param");
    error.put("code", "invalid_rules");
    problems(error, change);
    return Replies.json(400, JsonMapper.shared().writeValueAsBytes(json));
  }

  private ObjectNode json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("version", rules.version());
    ArrayNode all = json.putArray("rules");
    rules
        .rules()
        .forEach(rule ->
            all.addObject().put("name", rule.name()).put("description", rule.description()));
    ArrayNode texts = json.putArray("texts");
    rules
        .sources()
        .forEach(each -> texts.addObject().put("file", each.name()).put("text", each.text()));
    ObjectNode last = json.putObject("last_change");
    rules
        .last()
        .ifPresent(change -> {
          last.put("time", change.time().toString()).put("origin", change.origin());
          last.put("succeeded", change.succeeded());
          problems(last, change);
        });
    return json;
  }

  private static void problems(ObjectNode to, RuleChange change) {
    ArrayNode problems = to.putArray("problems");
    change
        .problems()
        .forEach(each ->
            problems
                .addObject()
                .put("file", each.file())
                .put("line", each.line())
                .put("message", each.message()));
  }
}
