package dev.gearbox.workshop.prune;

import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufTensor;
import dev.gearbox.format.gguf.GgufValue;
import dev.gearbox.format.gguf.GgufWriter;
import dev.gearbox.format.model.ModelShape;
import dev.gearbox.workshop.Progress;
import dev.gearbox.workshop.quantize.Quantization;
import dev.gearbox.workshop.quantize.RowStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Writes what a plan leaves of a model, layers numbered anew. */
public final class PrunedModel {
  /** The numbers that the layers of a pruned model had in the model that it was made of. */
  public static final String BLOCKS = "gearbox.pruned.blocks";

  private static final Pattern OF_LAYER = Pattern.compile("blk\\.(\\d+)\\.(.+)");

  private PrunedModel() {}

  /**
   * Writes it.
   *
   * @param progress in elements
   */
  public static void write(
      GgufFile in, PrunePlan plan, Path out, CpuWorkers workers, Progress progress)
      throws IOException {
    ModelShape shape = ModelShape.of(in);
    GgufWriter writer = new GgufWriter();
    Quantization.copyMetadata(in.metadata(), writer);
    Quantization.addTechniques(in.metadata(), writer, List.of("pruned"));
    numbers(in, shape, plan, writer);
    RowStream stream = new RowStream(workers);
    Map<String, Cut> cuts = cuts(in, shape, plan);
    long total = 0;
    for (Cut cut : cuts.values()) {
      total += LongStream.of(cut.shape()).reduce(1, (a, b) -> a * b);
    }
    long[] done = {0, total};
    cuts.forEach((name, cut) ->
        writer.tensor(
            name,
            cut.type(),
            cut.shape(),
            to -> cut.write(to, stream, count -> progress.at(done[0] += count, done[1]))));
    writer.write(out);
  }

  private static void numbers(GgufFile in, ModelShape shape, PrunePlan plan, GgufWriter writer) {
    String key = shape.architecture().key() + ".";
    int heads = plan.heads().getFirst().length;
    writer
        .put(key + "block_count", GgufValue.of(plan.blocks().size()))
        .put(key + "feed_forward_length", GgufValue.of(plan.channels().getFirst().length));
    if (heads != shape.heads()) {
      // Otherwise readers divide the embedding's length by the heads.
      writer
          .put(key + "attention.head_count", GgufValue.of(heads))
          .put(key + "attention.head_count_kv", GgufValue.of(shape.kvHeads()))
          .put(key + "attention.key_length", GgufValue.of(shape.headSize()))
          .put(key + "attention.value_length", GgufValue.of(shape.headSize()))
          .put(key + "rope.dimension_count", GgufValue.of(shape.ropeSize()));
    }
    int[] before =
        in.metadata()
            .findInts(BLOCKS)
            .orElseGet(() -> IntStream.range(0, shape.layers()).toArray());
    writer.put(
        BLOCKS, GgufValue.of(plan.blocks().stream().mapToInt(block -> before[block]).toArray()));
  }

  private static Map<String, Cut> cuts(GgufFile in, ModelShape shape, PrunePlan plan) {
    Map<String, Cut> cuts = new LinkedHashMap<>();
    for (GgufTensor tensor : in.tensors().values()) {
      Matcher named = OF_LAYER.matcher(tensor.name());
      if (!named.matches()) {
        cuts.put(tensor.name(), new Cut(tensor, null, null));
        continue;
      }
      int layer = plan.blocks().indexOf(Integer.parseInt(named.group(1)));
      if (layer >= 0) {
        String part = named.group(2);
        cuts.put("blk." + layer + "." + part, cut(tensor, part, shape, plan, layer));
      }
    }
    return cuts;
  }

  private static Cut cut(
      GgufTensor tensor, String part, ModelShape shape, PrunePlan plan, int layer) {
    int[] channels = plan.channels().get(layer);
    int[] heads = plan.heads().get(layer);
    boolean allChannels = channels.length == shape.inner();
    boolean allHeads = heads.length == shape.heads();
    return switch (part) {
      case "ffn_gate.weight", "ffn_up.weight" ->
          new Cut(tensor, allChannels ? null : channels, null);
      case "ffn_down.weight" -> new Cut(tensor, null, allChannels ? null : channels);
      case "attn_q.weight", "attn_q.bias" ->
          new Cut(tensor, allHeads ? null : elements(heads, shape.headSize()), null);
      case "attn_output.weight" ->
          new Cut(tensor, null, allHeads ? null : elements(heads, shape.headSize()));
      default -> new Cut(tensor, null, null);
    };
  }

  private static int[] elements(int[] heads, int size) {
    return IntStream.of(heads)
        .flatMap(head -> IntStream.range(head * size, (head + 1) * size))
        .toArray();
  }
}
