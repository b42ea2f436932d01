package dev.gearbox.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.cpu.model.TinyModel;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.model.Architecture;
import dev.gearbox.runtime.DeviceLostException;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.runtime.StepBatch;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a device does not have room for, and a device that goes away. */
class OpenClLimitsTest {
  @TempDir Path folder;

  private final OpenClDevice device = TestingOpenCl.device();
  private Path model = Path.of("");

  @BeforeEach
  void write() throws IOException {
    model = new TinyModel(Architecture.LLAMA, 3).write(folder);
  }

  @Test
  void aModelBeyondTheDevicesMemoryIsRefusedWithFigures() throws IOException {
    refused(
        1 << 20,
        device.largestBuffer(),
        "do not fit into the 1 MB of " + device.name() + ", of which 0 MB are used");
  }

  @Test
  void aBufferBeyondWhatTheDeviceMakesIsRefusedWithFigures() throws IOException {
    refused(device.memory(), 1 << 10, "are more than the 0 MB that one buffer of " + device.name());
  }

  private void refused(long memory, long largestBuffer, String message) throws IOException {
    OpenClDevice small =
        new OpenClDevice(
            device.index(),
            device.platform(),
            device.handle(),
            device.name(),
            device.vendor(),
            device.driver(),
            device.kind(),
            device.computeUnits(),
            memory,
            largestBuffer,
            device.largestGroup());
    try (OpenClContext context = OpenClContext.open(small, folder);
        GgufFile file = GgufFile.open(model)) {
      assertThatThrownBy(() -> OpenClModel.load(file, context, KvPrecision.F16))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(message);
      assertThat(context.used()).isZero();
    }
  }

  @Test
  void aStepOnALostDeviceSaysThatItIsLostAndEverythingIsLetGoOf() throws IOException {
    try (OpenClContext context = OpenClContext.open(device, folder);
        GgufFile file = GgufFile.open(model)) {
      TestingLostQueue queue = new TestingLostQueue(context);
      try (ModelRunner runner = OpenClModel.load(file, context, KvPrecision.F16, queue)) {
        runner.allocateBlocks(4);
        StepBatch batch = new StepBatch();
        batch.clear();
        batch.beginSequence(0, new int[] {0});
        batch.addToken(1, true);
        float[] logits = new float[runner.vocabulary()];
        runner.step(batch, logits);
        queue.lose();
        assertThatThrownBy(() -> runner.step(batch, logits))
            .isInstanceOf(DeviceLostException.class)
            .hasMessageContaining("out of resources or was reset");
      }
      assertThat(context.used()).isZero();
    }
  }
}
