package dev.gearbox.cpu.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.model.Architecture;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.runtime.StepBatch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Layer by layer, texts in turns, a model computes what it computes in a step. */
final class LayerWalkTest {
  private static final int[] TABLE = {0, 1};
  private static final int[][] TEXTS = {
    {5, 4, 3, 2, 1, 0, 99, 98, 97, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30}, {7, 7, 19}
  };

  @TempDir Path folder;
  private float[] hidden = {};

  @ParameterizedTest
  @EnumSource(Architecture.class)
  void layersOneByOneAreAStep(Architecture architecture) throws IOException {
    Path path = new TinyModel(architecture, 3).write(folder);
    try (CpuWorkers workers = new CpuWorkers(2);
        GgufFile file = GgufFile.open(path);
        ModelRunner model = CpuModel.load(file, workers, CpuOptions.DEFAULT, this::see);
        LayerWalk walk =
            new LayerWalk(file, workers, 20, (point, layer, values, rows, width) -> {})) {
      model.allocateBlocks(TABLE.length);
      float[][] streams = Arrays.stream(TEXTS).map(walk::embed).toArray(float[][]::new);
      for (int layer = 0; layer < TinyModel.LAYERS; layer++) {
        for (int i = 0; i < TEXTS.length; i++) {
          walk.layer(layer, TEXTS[i], streams[i]);
        }
      }
      for (int i = 0; i < TEXTS.length; i++) {
        StepBatch batch = new StepBatch();
        batch.clear();
        batch.beginSequence(0, TABLE);
        for (int token : TEXTS[i]) {
          batch.addToken(token, true);
        }
        model.step(batch, new float[TEXTS[i].length * TinyModel.VOCABULARY]);
        assertThat(streams[i]).containsExactly(hidden);
      }
    }
  }

  private void see(Probe.Point point, int layer, float[] values, int rows, int width) {
    if (point == Probe.Point.HIDDEN && layer == TinyModel.LAYERS) {
      hidden = Arrays.copyOf(values, rows * width);
    }
  }
}
