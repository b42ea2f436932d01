package dev.gearbox.gateway;

import dev.gearbox.gateway.ServerPlan.Planned;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.gateway.config.PoolConfig;
import dev.gearbox.gateway.config.PoolVariant;
import dev.gearbox.gateway.dispatch.Discovery;
import dev.gearbox.gateway.dispatch.EndpointSlices;
import dev.gearbox.gateway.dispatch.LocalOpener;
import dev.gearbox.gateway.dispatch.RemoteOpener;
import dev.gearbox.gateway.dispatch.VariantInfo;
import dev.gearbox.remote.RemoteSpec;
import dev.gearbox.workshop.CatalogEntry;
import dev.gearbox.workshop.QualityLedger;
import dev.gearbox.workshop.WeightStore;
import dev.gearbox.workshop.settings.DataSize;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The engines of pools whose servers are elsewhere: one for each variant on each server.
 *
 * @param weights finds the weights of a variant of the catalog, for its tokenizer
 * @param tls how the servers of a pool are trusted, by its name; null for what Java does
 */
record RemotePools(
    Configuration configuration,
    WeightStore store,
    LocalOpener.Weights weights,
    Function<String, @Nullable SslContext> tls) {
  private static final String DNS = "dns:";
  private static final String KUBE = "kube:";
  private static final int QUEUED_PER_SEQUENCE = 4;

  /** Engines behind a name are numbered from here on, by the place of the name in the list. */
  private static final int NUMBERS_PER_NAME = 1_000_000;

  /** Weights of a variant of which nothing is known, for a first guess of its speed. */
  private static final long USUAL_BYTES = 4L << 30;

  /** One server of a pool. */
  private record Place(String id, URI endpoint, String device) {}

  private static List<Place> places(PoolConfig pool, PoolVariant variant) {
    List<Place> places = new ArrayList<>();
    for (int i = 0; i < pool.endpoints().size(); i++) {
      String written = pool.endpoints().get(i);
      if (!isName(written)) {
        places.add(place(pool, variant, URI.create(written), i + 1));
      }
    }
    return places;
  }

  private static Place place(PoolConfig pool, PoolVariant variant, URI endpoint, int number) {
    boolean alone = pool.endpoints().size() == 1 && !isName(pool.endpoints().getFirst());
    String id = pool.name() + "/" + variant.name();
    return new Place(
        alone ? id : id + "#" + number,
        endpoint,
        pool.hardware().word() + ":" + endpoint.getAuthority());
  }

  /** The names behind which servers come and go, of all pools. */
  List<Discovery.Group> groups(RemoteOpener opener) throws IOException {
    QualityLedger ledger = QualityLedger.load(store.folder());
    List<Discovery.Group> groups = new ArrayList<>();
    for (PoolConfig pool : remote()) {
      groups.addAll(groups(pool, opener, ledger));
    }
    return groups;
  }

  private List<PoolConfig> remote() {
    return configuration.gearbox().pools().stream().filter(PoolConfig::isRemote).toList();
  }

  private List<Discovery.Group> groups(PoolConfig pool, RemoteOpener opener, QualityLedger ledger)
      throws IOException {
    String key = key(pool);
    List<Discovery.Group> groups = new ArrayList<>();
    for (int i = 0; i < pool.endpoints().size(); i++) {
      String written = pool.endpoints().get(i);
      if (isName(written)) {
        int from = NUMBERS_PER_NAME * (i + 1);
        groups.add(
            new Discovery.Group(
                pool.name() + " " + written,
                source(written),
                (endpoint, number) -> members(pool, key, endpoint, from + number, opener, ledger)));
      }
    }
    return groups;
  }

  private static boolean isName(String endpoint) {
    return endpoint.startsWith(DNS) || endpoint.startsWith(KUBE);
  }

  private static Discovery.Source source(String written) throws IOException {
    if (written.startsWith(KUBE)) {
      String[] parts = written.substring(KUBE.length()).split("/", 2);
      return new EndpointSlices(EndpointSlices.Cluster.around(), parts[0], parts[1]);
    }
    int colon = written.lastIndexOf(':');
    return Discovery.dns(
        written.substring(DNS.length(), colon), Integer.parseInt(written.substring(colon + 1)));
  }

  private List<Discovery.Member> members(
      PoolConfig pool,
      @Nullable String key,
      URI endpoint,
      int number,
      RemoteOpener opener,
      QualityLedger ledger) {
    List<Discovery.Member> members = new ArrayList<>();
    for (PoolVariant member : pool.members()) {
      Place place = place(pool, member, endpoint, number);
      RemoteOpener.Plan plan = plan(pool, member, place, key);
      opener.plan(plan);
      members.add(
          new Discovery.Member(
              place.id(),
              pool.name(),
              info(pool, member, ledger),
              place.device(),
              () -> opener.forget(plan)));
    }
    return members;
  }

  /** The engines of a pool, to be brought up. */
  List<Planned> engines(PoolConfig pool, QualityLedger ledger) {
    List<Planned> engines = new ArrayList<>();
    for (PoolVariant member : pool.members()) {
      VariantInfo variant = info(pool, member, ledger);
      for (Place place : places(pool, member)) {
        engines.add(new Planned(place.id(), pool.name(), variant, place.device()));
      }
    }
    return engines;
  }

  private VariantInfo info(PoolConfig pool, PoolVariant member, QualityLedger ledger) {
    CatalogEntry entry = configuration.catalog().find(member.name()).orElse(null);
    DataSize size = member.size();
    return new VariantInfo(
        member.name(),
        Set.copyOf(entry == null ? member.techniques() : entry.techniques()),
        configuration.quality(member, ledger),
        size != null ? size.bytes() : entry != null ? entry.size() : USUAL_BYTES,
        null,
        pool.costPer1kTokens(),
        pool.hardware().speed());
  }

  /** Tells an opener where the engines of all remote pools are; the names of those. */
  List<String> plan(RemoteOpener opener) throws IOException {
    for (PoolConfig pool : remote()) {
      plan(pool, opener);
    }
    return remote().stream().map(PoolConfig::name).toList();
  }

  private void plan(PoolConfig pool, RemoteOpener opener) throws IOException {
    String key = key(pool);
    for (PoolVariant member : pool.members()) {
      for (Place place : places(pool, member)) {
        opener.plan(plan(pool, member, place, key));
      }
    }
  }

  private RemoteOpener.Plan plan(
      PoolConfig pool, PoolVariant member, Place place, @Nullable String key) {
    String metrics = pool.metrics();
    Integer context = pool.maxContext();
    return new RemoteOpener.Plan(
        new RemoteSpec(
            place.id(),
            pool.name(),
            member.name(),
            place.device(),
            member.remoteName(),
            place.endpoint(),
            metrics == null ? null : RemoteSpec.metricsAt(place.endpoint(), metrics),
            pool.dialect(),
            context == null ? 0 : context,
            pool.maxSequences(),
            pool.maxSequences() * QUEUED_PER_SEQUENCE,
            pool.patience().toPatience(),
            pool.patience().slowStart(),
            key,
            tls.apply(pool.name())),
        tokenizer(member));
  }

  private static @Nullable String key(PoolConfig pool) throws IOException {
    String file = pool.apiKeyFile();
    return file == null ? null : key(Path.of(file));
  }

  private static String key(Path file) throws IOException {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new IOException("cannot read api-key-file " + file, e);
    }
  }

  /** The tokenizer that is named, or that of weights which are here or will be. */
  private RemoteOpener.@Nullable Tokenizers tokenizer(PoolVariant member) {
    String named = member.tokenizer();
    if (named != null && named.startsWith("file:")) {
      Path file = Path.of(named.substring("file:".length()));
      return (engine, registry) -> file;
    }
    if (named == null && !isHere(member.name())) {
      return null;
    }
    String variant = named == null ? member.name() : named;
    return (engine, registry) -> weights.fetch(variant, engine, registry);
  }

  private boolean isHere(String variant) {
    return configuration.catalog().find(variant).flatMap(store::find).isPresent()
        || configuration.gearbox().pools().stream()
            .anyMatch(pool -> !pool.isRemote() && pool.variants().contains(variant));
  }
}
