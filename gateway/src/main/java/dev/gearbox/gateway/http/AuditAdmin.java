package dev.gearbox.gateway.http;

import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.quality.QualityAudit;
import dev.gearbox.gateway.quality.Standing;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.json.JsonMapper;

/** Shows what audits of quality found, and takes back what they revoked. */
final class AuditAdmin {
  private final @Nullable QualityAudit audit;

  /**
   * @param audit null where none is configured
   */
  AuditAdmin(@Nullable QualityAudit audit) {
    this.audit = audit;
  }

  Mono<ServerResponse> show() {
    List<Standing> variants = audit == null ? List.of() : audit.standings();
    return Replies.json(200, JsonMapper.shared().writeValueAsBytes(Map.of("variants", variants)));
  }

  /** Lets {@code variant} answer again, and begins to measure it anew. */
  Mono<ServerResponse> restore(ServerRequest request) {
    String variant = request.queryParam("variant").orElse("");
    return audit != null && audit.restore(variant)
        ? show()
        : Replies.error(
            Refusal.of(ErrorCode.NOT_FOUND, "variant: no variant of this name is audited"));
  }
}
