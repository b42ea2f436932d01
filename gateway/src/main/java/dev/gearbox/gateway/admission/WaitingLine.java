package dev.gearbox.gateway.admission;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Who waits for permits, and whose turn it is. Not thread-safe: {@link AdmissionControl} guards it.
 *
 * <pre>
 *   priority 10   acme:  due 3 | due 7        higher priority goes first, always
 *                 bond:  due 1 | due 9 | …    tenants take turns by weight
 *   priority  0   acme:  due 2                of one tenant, what is due earliest
 * </pre>
 *
 * <p>Turns are start-time fair queueing (Goyal, Vin, Cheng, SIGCOMM 1996): a tenant's start tag
 * grows by permits / weight with each of its turns, the smallest tag goes next, and a tenant that
 * comes back begins at the tag that was served last, so that it saves nothing up by being away.
 * Everything is due some time, which keeps urgent tickets from passing a patient one for ever.
 */
final class WaitingLine {
  /** Of the mean over turns that shares are counted in: the last 50 or so. */
  private static final double GAIN = 0.02;

  private static final Comparator<Ticket> EARLIEST_DUE =
      Comparator.comparingLong(Ticket::due).thenComparingLong(Ticket::number);

  private final TreeMap<Integer, Band> bands = new TreeMap<>(Comparator.reverseOrder());
  private int size;

  /** The tickets of one tenant and priority. Empty ones stay: there are as many as tenants. */
  private static final class Flow {
    final TreeSet<Ticket> tickets = new TreeSet<>(EARLIEST_DUE);
    final double weight;
    double start;
    int permits;

    Flow(double weight) {
      this.weight = weight;
    }

    double backlog() {
      return permits / weight;
    }
  }

  /** The tickets of one priority. */
  private static final class Band {
    final Map<String, Flow> flows = new HashMap<>();
    double served;
    int permits;

    /** Its share of the turns that were taken lately. */
    double share;

    Flow of(Ticket ticket) {
      return flows.computeIfAbsent(ticket.tenant(), tenant -> new Flow(ticket.weight()));
    }

    @Nullable Flow next() {
      Flow next = null;
      for (Flow flow : flows.values()) {
        if (!flow.tickets.isEmpty() && (next == null || before(flow, next))) {
          next = flow;
        }
      }
      return next;
    }

    private static boolean before(Flow a, Flow b) {
      return a.start < b.start
          || (a.start == b.start && EARLIEST_DUE.compare(a.tickets.first(), b.tickets.first()) < 0);
    }

    @Nullable Flow longest() {
      Flow longest = null;
      for (Flow flow : flows.values()) {
        if (!flow.tickets.isEmpty() && (longest == null || flow.backlog() > longest.backlog())) {
          longest = flow;
        }
      }
      return longest;
    }
  }

  int size() {
    return size;
  }

  void add(Ticket ticket) {
    Band band = bands.computeIfAbsent(ticket.priority(), priority -> new Band());
    Flow flow = band.of(ticket);
    if (flow.tickets.isEmpty()) {
      flow.start = Math.max(flow.start, band.served);
    }
    flow.tickets.add(ticket);
    count(band, flow, ticket, 1);
  }

  /** Takes it out without its turn; nothing when it is not there. */
  void remove(Ticket ticket) {
    Band band = bands.get(ticket.priority());
    Flow flow = band == null ? null : band.flows.get(ticket.tenant());
    if (band != null && flow != null && flow.tickets.remove(ticket)) {
      count(band, flow, ticket, -1);
    }
  }

  /** Whose turn it is; null when nobody waits. */
  @Nullable Ticket first() {
    for (Band band : bands.values()) {
      Flow next = band.next();
      if (next != null) {
        return next.tickets.first();
      }
    }
    return null;
  }

  /** Its turn: takes out what {@link #first} gave. */
  void take(Ticket first) {
    Band band = bands.get(first.priority());
    if (band != null) {
      Flow flow = band.of(first);
      band.served = flow.start;
      flow.start += first.permits() / flow.weight;
      for (Band each : bands.values()) {
        each.share += GAIN * ((each == band ? 1 : 0) - each.share);
      }
    }
    remove(first);
  }

  /**
   * Who makes room for {@code newcomer} in a full line: of the lowest priority, the tenant with the
   * longest wait line for its weight gives its ticket that is due last. Null when the newcomer has
   * no better claim than that.
   */
  @Nullable Ticket yielding(Ticket newcomer) {
    for (Map.Entry<Integer, Band> lowest : bands.descendingMap().entrySet()) {
      Flow longest = lowest.getValue().longest();
      if (longest == null) {
        continue;
      }
      if (lowest.getKey() > newcomer.priority()) {
        return null;
      }
      Flow own = lowest.getValue().flows.get(newcomer.tenant());
      double after = (newcomer.permits() + (own == null ? 0 : own.permits)) / newcomer.weight();
      return lowest.getKey() < newcomer.priority() || longest.backlog() > after
          ? longest.tickets.last()
          : null;
    }
    return null;
  }

  /** Permits that get their turn before {@code ticket}, by what waits at this moment. */
  double ahead(Ticket ticket) {
    double ahead = 0;
    for (Map.Entry<Integer, Band> each : bands.entrySet()) {
      if (each.getKey() > ticket.priority()) {
        ahead += each.getValue().permits;
      } else if (each.getKey() == ticket.priority()) {
        ahead += ahead(ticket, each.getValue());
      }
    }
    return ahead;
  }

  /** Share of the turns taken lately that went to higher priorities than this ticket's, 0 to 1. */
  double overtaking(Ticket ticket) {
    double share = 0;
    for (Map.Entry<Integer, Band> each : bands.entrySet()) {
      share += each.getKey() > ticket.priority() ? each.getValue().share : 0;
    }
    return share;
  }

  private static double ahead(Ticket ticket, Band band) {
    Flow own = band.of(ticket);
    double mine = 0;
    for (Ticket earlier : own.tickets.headSet(ticket)) {
      mine += earlier.permits();
    }
    double turns = (mine + ticket.permits()) / own.weight;
    double others = 0;
    for (Flow flow : band.flows.values()) {
      if (flow != own) {
        others += Math.min(flow.permits, turns * flow.weight);
      }
    }
    return mine + others;
  }

  private void count(Band band, Flow flow, Ticket ticket, int sign) {
    size += sign;
    band.permits += sign * ticket.permits();
    flow.permits += sign * ticket.permits();
  }
}
