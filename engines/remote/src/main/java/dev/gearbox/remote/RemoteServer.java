package dev.gearbox.remote;

import dev.gearbox.remote.dialect.Dialect;
import dev.gearbox.remote.wire.ModelList;
import dev.gearbox.remote.wire.ServerClient;
import dev.gearbox.remote.wire.WireException;
import dev.gearbox.telemetry.record.StepRecord;
import java.io.IOException;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Opens engines on servers: the door of this room. */
public final class RemoteServer {
  /** Context of a model whose server does not tell it and that nobody configured. */
  static final int USUAL_CONTEXT = 4096;

  private static final int MAX_LIST = 4 << 20;
  private static final int SHOWN_NAMES = 5;

  /** Connections whose answers have ended and that are not free yet. */
  private static final int SPARE = 8;

  private RemoteServer() {}

  /**
   * Asks the server for the model and opens an engine on it; blocks until it has answered.
   *
   * @param text tokenizer of the variant; null where it is not here
   * @param told hears what the server's steps seem to take
   * @param clock monotonic nanoseconds, the one that deadlines and signals are in
   * @throws IOException when the server does not answer, or has no such model
   */
  public static RemoteEngine open(
      RemoteSpec spec, @Nullable RemoteText text, Consumer<StepRecord> told, LongSupplier clock)
      throws IOException {
    ServerClient client =
        new ServerClient(
            spec.endpoint(),
            2 * spec.maxSequences() + SPARE,
            spec.patience().connect(),
            spec.apiKey(),
            spec.tls());
    try {
      RemoteModel model =
          RemoteModel.of(
              spec,
              context(spec, client),
              text == null ? null : text.encoder(),
              text != null && text.chats(),
              text == null ? 0 : text.vocabulary());
      return new RemoteEngine(spec, model, client, told, clock).started();
    } catch (IOException | RuntimeException e) {
      client.close();
      throw e;
    }
  }

  private static int context(RemoteSpec spec, ServerClient client) throws IOException {
    ModelList list = list(spec, client);
    if (!list.listed() && namesMatter(spec.dialect())) {
      String names = String.join(", ", list.names().stream().limit(SHOWN_NAMES).toList());
      throw new IOException(
          "%s does not serve '%s' but %s"
              .formatted(spec.endpoint(), spec.servedAs(), names.isEmpty() ? "nothing" : names));
    }
    if (spec.maxContext() > 0) {
      return spec.maxContext();
    }
    return list.maxContext() > 0 ? list.maxContext() : USUAL_CONTEXT;
  }

  /** These serve one model by whatever name. */
  private static boolean namesMatter(Dialect dialect) {
    return dialect != Dialect.TGI && dialect != Dialect.LLAMA_SERVER;
  }

  private static ModelList list(RemoteSpec spec, ServerClient client) throws IOException {
    try {
      byte[] page =
          client
              .page(client.at("/v1/models"), spec.patience().connect(), MAX_LIST)
              .blockOptional()
              .orElse(new byte[0]);
      return ModelList.parse(page, spec.servedAs());
    } catch (WireException e) {
      throw new IOException(spec.endpoint() + ": " + e.text(), e);
    } catch (RuntimeException e) {
      // Reactor wraps what is checked.
      if (e.getCause() instanceof WireException wire) {
        throw new IOException(spec.endpoint() + ": " + wire.text(), wire);
      }
      throw e;
    }
  }
}
