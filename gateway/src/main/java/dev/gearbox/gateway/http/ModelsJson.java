package dev.gearbox.gateway.http;

import dev.gearbox.gateway.dispatch.EngineRegistry;
import dev.gearbox.gateway.dispatch.EngineSlot;
import dev.gearbox.gateway.dispatch.ModelFamily;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code /v1/models} from what the registry has in memory. */
final class ModelsJson {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private final EngineRegistry registry;
  private final long created;

  /**
   * Reads the registry at each call.
   *
   * @param created seconds since 1970 when the server started
   */
  ModelsJson(EngineRegistry registry, long created) {
    this.registry = registry;
    this.created = created;
  }

  byte[] list() {
    ObjectNode list = NODES.objectNode().put("object", "list");
    ArrayNode data = list.putArray("data");
    List<String> names = new ArrayList<>();
    registry.catalog().families().forEach(family -> names.add(family.name()));
    registry.catalog().variants().stream().filter(v -> !names.contains(v)).forEach(names::add);
    for (String name : names) {
      ModelFamily family = registry.catalog().find(name);
      if (family != null) {
        data.add(entry(family));
      }
    }
    return JsonMapper.shared().writeValueAsBytes(list);
  }

  /** One model or variant; null when there is none of that name. */
  byte @Nullable [] one(String name) {
    ModelFamily family = registry.catalog().find(name);
    return family == null ? null : JsonMapper.shared().writeValueAsBytes(entry(family));
  }

  private ObjectNode entry(ModelFamily family) {
    List<EngineSlot> slots =
        registry.slots().stream()
            .filter(slot -> family.variants().contains(slot.variant().name()))
            .toList();
    ObjectNode entry = NODES.objectNode();
    entry.put("id", family.name()).put("object", "model").put("created", created);
    entry.put("owned_by", "gearbox");
    boolean single = family.variants().size() == 1 && family.variants().contains(family.name());
    if (single) {
      facts(entry, slots);
    } else {
      ArrayNode variants = entry.putArray("variants");
      family.variants().forEach(variants::add);
    }
    ArrayNode pools = entry.putArray("pools");
    slots.stream().map(EngineSlot::pool).distinct().forEach(pools::add);
    slots.stream()
        .filter(EngineSlot::usable)
        .mapToInt(slot -> slot.running().capabilities().maxContext())
        .max()
        .ifPresentOrElse(
            context -> entry.put("max_model_len", context), () -> entry.putNull("max_model_len"));
    status(entry.putObject("status"), slots);
    return entry;
  }

  private static void facts(ObjectNode entry, List<EngineSlot> slots) {
    ArrayNode techniques = entry.putArray("techniques");
    if (slots.isEmpty()) {
      entry.putNull("quality");
      return;
    }
    new TreeSet<>(slots.getFirst().variant().techniques()).forEach(techniques::add);
    entry.put("quality", slots.getFirst().variant().quality());
    String parent = slots.getFirst().variant().parent();
    if (parent != null) {
      entry.put("parent", parent);
    }
    slots.stream()
        .filter(EngineSlot::usable)
        .findFirst()
        .ifPresent(s -> entry.put("fingerprint", s.running().capabilities().fingerprint()));
  }

  private static void status(ObjectNode status, List<EngineSlot> slots) {
    if (slots.stream().anyMatch(EngineSlot::usable)) {
      status.put("value", "loaded");
    } else if (slots.stream().anyMatch(EngineSlot::coming)) {
      status.put("value", "loading");
      slots.stream()
          .filter(EngineSlot::coming)
          .mapToDouble(EngineSlot::progress)
          .max()
          .ifPresent(share -> status.put("progress", Math.round(share * 1000) / 1000.0));
    } else {
      status.put("value", "unloaded");
      slots.stream()
          .map(EngineSlot::reason)
          .filter(java.util.Objects::nonNull)
          .findFirst()
          .ifPresent(reason -> status.put("reason", reason));
    }
  }
}
