package dev.gearbox.gateway.dispatch;

import dev.gearbox.engine.Engine;
import dev.gearbox.telemetry.signal.EngineSignal;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
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
 * Servers that are known by a name: the addresses behind it are looked up again and again, and
 * engines join and leave with them. A name that cannot be looked up changes nothing, because a name
 * server that is down says nothing of the servers. One thread does it all.
 */
public final class Discovery implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Discovery.class.getName());
  private static final Duration EVERY = Duration.ofSeconds(5);

  /**
   * A name and what runs behind each of its addresses.
   *
   * @param host to be looked up
   * @param port of every server
   * @param members the engines on one of them
   */
  public record Group(String host, int port, Members members) {}

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

  /** Looks names up. */
  @FunctionalInterface
  public interface Resolver {
    /** Addresses behind a host, as they stand in a URI. */
    Set<String> resolve(String host) throws UnknownHostException;
  }

  private final List<Group> groups;
  private final Resolver resolver;
  private final EngineRegistry registry;
  private final ModelLoader loader;
  private final Map<String, Map<String, List<Member>>> here = new HashMap<>();
  private final Map<String, Integer> numbers = new HashMap<>();
  private final List<Engine> leaving = new ArrayList<>();
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("gearbox-discovery").factory());

  public Discovery(
      List<Group> groups, Resolver resolver, EngineRegistry registry, ModelLoader loader) {
    this.groups = List.copyOf(groups);
    this.resolver = resolver;
    this.registry = registry;
    this.loader = loader;
  }

  /** The name service of this machine. */
  public static Set<String> dns(String host) throws UnknownHostException {
    Set<String> addresses = new TreeSet<>();
    for (InetAddress address : InetAddress.getAllByName(host)) {
      String text = address.getHostAddress();
      addresses.add(text.indexOf(':') < 0 ? text : "[" + text.replaceFirst("%.*", "") + "]");
    }
    return addresses;
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
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.WARNING, "event=discovery_failed", e);
    }
  }

  /** Looks every name up once. */
  public void look() {
    for (Group group : groups) {
      try {
        change(group, resolver.resolve(group.host()));
      } catch (UnknownHostException e) {
        LOG.log(System.Logger.Level.DEBUG, "event=name_unknown host=" + group.host());
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

  private void change(Group group, Set<String> addresses) {
    String name = group.host() + ":" + group.port();
    Map<String, List<Member>> known = here.computeIfAbsent(name, key -> new HashMap<>());
    for (String address : addresses) {
      if (!known.containsKey(address)) {
        int number = numbers.merge(name, 1, Integer::sum);
        URI endpoint = URI.create("http://" + address + ":" + group.port());
        List<Member> members = group.members().at(endpoint, number);
        known.put(address, members);
        members.forEach(this::join);
      }
    }
    for (String gone : Set.copyOf(known.keySet())) {
      if (!addresses.contains(gone)) {
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
