package dev.gearbox.gateway;

import dev.gearbox.gateway.ServerPlan.Planned;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.gateway.config.PoolConfig;
import dev.gearbox.gateway.config.PoolVariant;
import dev.gearbox.gateway.dispatch.CpuOpener;
import dev.gearbox.gateway.dispatch.RemoteOpener;
import dev.gearbox.gateway.dispatch.VariantInfo;
import dev.gearbox.remote.RemoteSpec;
import dev.gearbox.workshop.CatalogEntry;
import dev.gearbox.workshop.QualityLedger;
import dev.gearbox.workshop.WeightStore;
import dev.gearbox.workshop.settings.DataSize;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The engines of pools whose servers are elsewhere: one for each variant on each server.
 *
 * @param weights finds the weights of a variant of the catalog, for its tokenizer
 */
record RemotePools(Configuration configuration, WeightStore store, CpuOpener.Weights weights) {
  private static final int QUEUED_PER_SEQUENCE = 4;

  /** Weights of a variant of which nothing is known, for a first guess of its speed. */
  private static final long USUAL_BYTES = 4L << 30;

  /** One server of a pool. */
  private record Place(String id, URI endpoint, String device) {}

  private static List<Place> places(PoolConfig pool, PoolVariant variant) {
    List<Place> places = new ArrayList<>();
    for (int i = 0; i < pool.endpoints().size(); i++) {
      URI endpoint = URI.create(pool.endpoints().get(i));
      String id = pool.name() + "/" + variant.name();
      places.add(
          new Place(
              pool.endpoints().size() == 1 ? id : id + "#" + (i + 1),
              endpoint,
              pool.hardware().word() + ":" + endpoint.getAuthority()));
    }
    return places;
  }

  /** The engines of a pool, to be brought up. */
  List<Planned> engines(PoolConfig pool, QualityLedger ledger) {
    List<Planned> engines = new ArrayList<>();
    for (PoolVariant member : pool.members()) {
      CatalogEntry entry = configuration.catalog().find(member.name()).orElse(null);
      DataSize size = member.size();
      long bytes = size != null ? size.bytes() : entry != null ? entry.size() : USUAL_BYTES;
      VariantInfo variant =
          new VariantInfo(
              member.name(),
              Set.copyOf(entry == null ? member.techniques() : entry.techniques()),
              configuration.quality(member, ledger),
              bytes,
              null,
              pool.costPer1kTokens(),
              pool.hardware().speed());
      for (Place place : places(pool, member)) {
        engines.add(new Planned(place.id(), pool.name(), variant, place.device()));
      }
    }
    return engines;
  }

  /** Tells an opener where the engines of a pool are. */
  void plan(PoolConfig pool, RemoteOpener opener) throws IOException {
    String file = pool.apiKeyFile();
    String key = file == null ? null : key(Path.of(file));
    String metrics = pool.metrics();
    Integer context = pool.maxContext();
    for (PoolVariant member : pool.members()) {
      RemoteOpener.Tokenizers tokenizer = tokenizer(member);
      for (Place place : places(pool, member)) {
        opener.plan(
            new RemoteOpener.Plan(
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
                    key),
                tokenizer));
      }
    }
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
