package dev.gearbox.gateway.security;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

/** What others get of a gateway without a key. Pure. */
public final class Exposure {
  private Exposure() {}

  /**
   * Doors that are open to others than who has a key or sits at this machine, each in a sentence
   * that names what closes it.
   *
   * @param host address that both ports listen on
   */
  public static List<String> of(Security security, String host) {
    List<String> open = new ArrayList<>();
    boolean beyond = !isLoopback(host);
    Origins origins = security.origins();
    AdminGate admin = security.admin();
    if (security.gatekeeper().trustsAddresses()) {
      if (beyond || !origins.names().isEmpty()) {
        open.add(
            "The API asks nobody who comes from this machine for a key, so whoever a proxy or a port"
                + " forward here lets through may ask. Keys of tenants close it.");
      }
      if (origins.pages().contains("*")) {
        open.add(
            "Any web page in a browser on this machine may ask without a key."
                + " security.origins names those that may.");
      }
    }
    if (beyond && !admin.isKeyed()) {
      open.add(
          ("The admin port listens on %s and asks nobody who comes from this machine for a key, so"
                  + " whoever a proxy or a port forward here lets through administers."
                  + " security.admin-keys closes it.")
              .formatted(host));
      if (admin.metricsKeys().isEmpty()) {
        open.add(
            "Everybody who reaches the admin port reads metrics. security.metrics-keys closes it.");
      }
    }
    return open;
  }

  private static boolean isLoopback(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }
}
