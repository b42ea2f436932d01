package dev.gearbox.gateway.api;

import dev.gearbox.policy.fact.ServiceClass;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The configured classes by name, and the class that each {@code service_tier} stands for. */
public final class ServiceClasses {
  /** Class of requests that ask for none, where it is configured. */
  public static final String STANDARD = "standard";

  /** Class of requests in files: it is always there. */
  public static final String BATCH = "batch";

  private static final Map<String, String> TIERS =
      Map.of(
          "auto",
          "",
          "default",
          STANDARD,
          "flex",
          BATCH,
          "scale",
          STANDARD,
          "priority",
          "interactive",
          "fast",
          "interactive");

  private final Map<String, ServiceClass> classes = new LinkedHashMap<>();
  private final ServiceClass fallback;

  /** At least one class; {@code standard}, or else the first, is the fallback. */
  public ServiceClasses(Collection<ServiceClass> configured) {
    if (configured.isEmpty()) {
      throw new IllegalArgumentException("at least one class is needed");
    }
    configured.forEach(each -> classes.put(each.name(), each));
    ServiceClass standard = classes.get(STANDARD);
    fallback = standard != null ? standard : configured.iterator().next();
  }

  public @Nullable ServiceClass find(String name) {
    return classes.get(name);
  }

  public Collection<ServiceClass> all() {
    return classes.values();
  }

  ServiceClass orFallback(@Nullable String name) {
    ServiceClass found = name == null ? null : classes.get(name);
    return found != null ? found : fallback;
  }

  static java.util.Set<String> tiers() {
    return new java.util.TreeSet<>(TIERS.keySet());
  }

  /** The class that a tier stands for; null when the tier leaves it to the caller. */
  @Nullable ServiceClass ofTier(String tier) {
    String name = TIERS.get(tier);
    return name == null || name.isEmpty() ? null : orFallback(name);
  }
}
