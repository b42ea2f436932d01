package dev.gearbox.format.adapter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.format.gguf.GgufException;
import dev.gearbox.format.gguf.GgufException.Code;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufValue;
import dev.gearbox.format.gguf.GgufWriter;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoraAdapterTest {
  @TempDir Path folder;

  @Test
  void readsPairsByTheTensorThatTheyAddTo() throws IOException {
    GgufWriter writer = pair(header(), "blk.0.attn_q.weight", 64, 4, 32);
    pair(writer, "blk.1.ffn_down.weight", 96, 8, 64);
    try (GgufFile file = write(writer)) {
      LoraAdapter adapter = LoraAdapter.of(file);
      assertThat(adapter.architecture()).isEqualTo("llama");
      assertThat(adapter.pairs()).containsOnlyKeys("blk.0.attn_q.weight", "blk.1.ffn_down.weight");
      assertThat(adapter.rank()).isEqualTo(8);
      adapter
          .pairs()
          .forEach(
              (name, pair) -> assertThat(adapter.scale(pair, 2)).isEqualTo(2 * 16f / pair.rank()));
    }
  }

  @Test
  void alphaOfZeroScalesNothing() throws IOException {
    GgufWriter writer = header().put("adapter.lora.alpha", GgufValue.of(0f));
    try (GgufFile file = write(pair(writer, "a.weight", 32, 4, 32))) {
      LoraAdapter adapter = LoraAdapter.of(file);
      adapter.pairs().values().forEach(pair -> assertThat(adapter.scale(pair, 1)).isEqualTo(1));
    }
  }

  @Test
  void modelIsNoAdapter() {
    refused(Code.BAD_VALUE, header().put("general.type", GgufValue.of("model")))
        .hasMessageContaining("the file holds a model, not an adapter");
    GgufWriter untyped = new GgufWriter().put("general.architecture", GgufValue.of("llama"));
    refused(Code.BAD_VALUE, untyped).hasMessageContaining("not an adapter");
  }

  @Test
  void otherKindsOfAdapterAreRefused() {
    refused(Code.BAD_VALUE, header().put("adapter.type", GgufValue.of("ia3")))
        .hasMessageContaining("adapters of type 'ia3'");
    refused(
            Code.BAD_VALUE,
            header().put("adapter.alora.invocation_tokens", GgufValue.of(new int[] {1, 2})))
        .hasMessageContaining("activated adapters");
  }

  @Test
  void headerThatLiesIsRefused() {
    refused(
            Code.BAD_VALUE,
            pair(header(), "a.weight", 32, 4, 32)
                .put("adapter.lora.alpha", GgufValue.of(Float.NaN)))
        .hasMessageContaining("adapter.lora.alpha is NaN");
    refused(Code.WRONG_KEY_TYPE, header().put("adapter.lora.alpha", GgufValue.of("much")))
        .hasMessageContaining("adapter.lora.alpha");
    refused(Code.MISSING_TENSOR, header()).hasMessageContaining("no tensors");
  }

  @Test
  void tensorsThatAreNoPairAreRefused() {
    GgufWriter half = header().tensor("a.weight.lora_a", new long[] {32, 4}, new float[128]);
    refused(Code.MISSING_TENSOR, half).hasMessageContaining("a.weight.lora_b");
    refused(Code.BAD_VALUE, header().tensor("a.weight", new long[] {32}, new float[32]))
        .hasMessageContaining("a.weight F32[32] is neither");
    GgufWriter odd = header().tensor("a.weight.lora_a", new long[] {32, 4}, new float[128]);
    odd.tensor("a.weight.lora_b", new long[] {8, 32}, new float[256]);
    refused(Code.BAD_SHAPE, odd).hasMessageContaining("[columns, rank] and [rank, rows]");
  }

  private static GgufWriter header() {
    return new GgufWriter()
        .put("general.type", GgufValue.of("adapter"))
        .put("general.architecture", GgufValue.of("llama"))
        .put("adapter.type", GgufValue.of("lora"))
        .put("adapter.lora.alpha", GgufValue.of(16f));
  }

  private static GgufWriter pair(GgufWriter writer, String name, int columns, int rank, int rows) {
    writer.tensor(name + ".lora_a", new long[] {columns, rank}, new float[columns * rank]);
    return writer.tensor(name + ".lora_b", new long[] {rank, rows}, new float[rank * rows]);
  }

  private GgufFile write(GgufWriter writer) throws IOException {
    Path path = folder.resolve("lora.gguf");
    writer.write(path);
    return GgufFile.open(path);
  }

  private org.assertj.core.api.AbstractThrowableAssert<?, ?> refused(Code code, GgufWriter writer) {
    return assertThatThrownBy(
            () -> {
              try (GgufFile file = write(writer)) {
                LoraAdapter.of(file);
              }
            })
        .isInstanceOfSatisfying(GgufException.class, e -> assertThat(e.code()).isEqualTo(code));
  }
}
