package dev.gearbox.gateway.security;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which web pages may ask, and by which names this machine may be called. A browser on this machine
 * carries the requests of whatever page is open, so where an address alone lets a request in, pages
 * of other places are refused; and so are names that somebody made point here, under which his page
 * would look like ours (DNS rebinding).
 *
 * @param pages origins that may ask beside pages of this machine; {@code *} for all
 * @param names hosts by which requests may call this machine beside {@code localhost}
 */
public record Origins(Set<String> pages, Set<String> names) {
  /** Pages and names of this machine alone. */
  public static final Origins LOCAL = new Origins(Set.of(), Set.of());

  public Origins {
    pages = Set.copyOf(pages);
    names = Set.copyOf(names);
  }

  /** Whether a page may see answers that need no key. */
  public boolean trusts(String origin, @Nullable String host) {
    if (pages.contains("*") || pages.contains(origin)) {
      return true;
    }
    URI page = parsed(origin);
    if (page == null || !("http".equals(page.getScheme()) || "https".equals(page.getScheme()))) {
      return false;
    }
    String authority = page.getRawAuthority();
    return isLoopback(page.getHost()) || (authority != null && authority.equalsIgnoreCase(host));
  }

  /** Why a request that shows no key is not let in by its address; null where it may be. */
  public @Nullable String refusal(@Nullable String origin, @Nullable String host) {
    if (host != null && !knows(host)) {
      return "without a key ask for localhost or an address of it; security.hosts lists other names";
    }
    return origin != null && !trusts(origin, host)
        ? "without a key pages of other places are refused; security.origins lists those that may ask"
        : null;
  }

  /** Whether this machine may be called so, port and all, by who shows no key. */
  public boolean knows(String host) {
    URI named = parsed("http://" + host);
    String name = named == null ? null : named.getHost();
    return name != null && (isLoopback(name) || names.contains(name.toLowerCase(Locale.ROOT)));
  }

  private static boolean isLoopback(@Nullable String name) {
    return name != null
        && (name.equalsIgnoreCase("localhost")
            || name.toLowerCase(Locale.ROOT).endsWith(".localhost")
            || name.equals("[::1]")
            || name.matches("127(\\.\\d{1,3}){3}"));
  }

  private static @Nullable URI parsed(String text) {
    try {
      return new URI(text);
    } catch (URISyntaxException e) {
      return null;
    }
  }
}
