package dev.gearbox.gateway.dispatch;

import dev.gearbox.engine.Engine;
import dev.gearbox.telemetry.signal.EngineSignal;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Servers that are known by a name: who is behind it is looked up again and again, and engines join
 * and leave with them. A name that cannot be looked up changes nothing, because a name server that
 * is down says nothing of the servers. One thread does it all.
 */
public final class Discovery implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Discovery.class.getName());
  private static final Duration EVERY = Duration.ofSeconds(5);

  /**
   * A name and what runs on each server behind it.
   *
   * @param name as it is configured
   * @param source looks it up
   * @param members the engines on one server
   */
  public record Group(String name, Source source, Members members) {}

  /** Looks a name up. */
  @FunctionalInterface
  public interface Source {
    /** The servers behind it at this moment. */
    Set<URI> look() throws IOException, InterruptedException;
  }

  /** Makes the engines of a server. */
  @FunctionalInterface
  public interface Members {
    /**
     * The engines at an endpoint.
     *
     * @param number tells servers of the group apart; none is given twice
     */
    List<Member> at(URI endpoint, int number);
  }

  /**
   * One engine of a server.
   *
   * @param forget called when it has left
   */
  public record Member(
      String id, String pool, VariantInfo variant, String device, Runnable forget) {}

  private final List<Group> groups;
  private final EngineRegistry registry;
  private final ModelLoader loader;
  private final Map<String, Map<URI, List<Member>>> here = new HashMap<>();
  private final Map<String, Integer> numbers = new HashMap<>();
  private final Map<String, String> failures = new HashMap<>();
  private final List<Engine> leaving = new ArrayList<>();
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("gearbox-discovery").factory());

  public Discovery(List<Group> groups, EngineRegistry registry, ModelLoader loader) {
    this.groups = List.copyOf(groups);
    this.registry = registry;
    this.loader = loader;
  }

  /** Every address behind a host, as the name service of this machine has it. */
  public static Source dns(String host, int port) {
    return () -> {
      Set<URI> servers = new TreeSet<>();
      for (InetAddress address : InetAddress.getAllByName(host)) {
        servers.add(server("http", address.getHostAddress(), port));
      }
      return servers;
    };
  }

  static URI server(String scheme, String address, int port) {
    String host = address.indexOf(':') < 0 ? address : "[" + address.replaceFirst("%.*", "") + "]";
    return URI.create(scheme + "://" + host + ":" + port);
  }

  /** Looks every name up from here on; the first time at once. */
  public void start() {
    if (!groups.isEmpty()) {
      var _ =
          thread.scheduleWithFixedDelay(this::safely, 0, EVERY.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void safely() {
    try {
      look();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.WARNING, "event=discovery_failed", e);
    }
  }

  /** Looks every name up once. */
  public void look() throws InterruptedException {
    for (Group group : groups) {
      try {
        change(group, group.source().look());
        failures.remove(group.name());
      } catch (IOException e) {
        String why = e.toString();
        if (!why.equals(failures.put(group.name(), why))) {
          LOG.log(
              System.Logger.Level.WARNING,
              "event=servers_unknown name=" + group.name() + " reason=\"" + why + "\"");
        }
      }
    }
    for (Iterator<Engine> all = leaving.iterator(); all.hasNext(); ) {
      Engine engine = all.next();
      EngineSignal signal = engine.signal();
      if (signal.running() + signal.waiting() == 0) {
        engine.close();
        all.remove();
      }
    }
  }

  private void change(Group group, Set<URI> servers) {
    Map<URI, List<Member>> known = here.computeIfAbsent(group.name(), key -> new HashMap<>());
    for (URI server : servers) {
      if (!known.containsKey(server)) {
        List<Member> members =
            group.members().at(server, numbers.merge(group.name(), 1, Integer::sum));
        known.put(server, members);
        members.forEach(this::join);
      }
    }
    for (URI gone : Set.copyOf(known.keySet())) {
      if (!servers.contains(gone)) {
        List<Member> members = known.remove(gone);
        if (members != null) {
          members.forEach(this::leave);
        }
      }
    }
  }

  private void join(Member member) {
    LOG.log(System.Logger.Level.INFO, "event=server_joined engine=" + member.id());
    registry.declare(member.id(), member.pool(), member.variant(), member.device());
    EngineSlot slot = registry.find(member.id());
    if (slot != null) {
      loader.start(slot);
    }
  }

  /** What it has goes on to its end; nothing new goes there. */
  private void leave(Member member) {
    LOG.log(System.Logger.Level.INFO, "event=server_left engine=" + member.id());
    EngineSlot slot = registry.find(member.id());
    registry.remove(member.id());
    member.forget().run();
    if (slot != null && slot.engine() != null) {
      slot.engine().drain();
      leaving.add(slot.engine());
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
    leaving.forEach(Engine::close);
  }
}
