package dev.gearbox.cpu.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs {@link KernelAgreement} at every vector width, each in a process of its own. */
class KernelWidthsTest {
  private static final List<String> JVM =
      List.of("--add-modules=jdk.incubator.vector", "-XX:TieredStopAtLevel=1", "-Xmx256m");

  @ParameterizedTest
  @ValueSource(ints = {128, 256, 512})
  void vectorKernelsAgreeWithScalarOnes(int bits) throws Exception {
    assertThat(run(KernelAgreement.class, JVM, "-Dgearbox.simd.bits=" + bits))
        .endsWith("agreed at " + bits + " bits");
  }

  @Test
  void unknownWidthIsRefused() throws Exception {
    assertThat(run(KernelAgreement.class, JVM, "-Dgearbox.simd.bits=100"))
        .contains("gearbox.simd.bits must be 0, 128, 256 or 512, was 100");
  }

  @Test
  void widthZeroMeansScalarKernels() throws Exception {
    assertThat(run(KernelNames.class, JVM, "-Dgearbox.simd.bits=0")).endsWith("ScalarKernels");
  }

  @Test
  void missingVectorModuleMeansScalarKernelsAndSaysHowToGetIt() throws Exception {
    assertThat(run(KernelNames.class, List.of(), "-Xmx256m"))
        .contains("--add-modules=jdk.incubator.vector")
        .endsWith("ScalarKernels");
  }

  private static String run(Class<?> program, List<String> jvm, String option) throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> command = new ArrayList<>(List.of(java));
    command.addAll(jvm);
    command.addAll(
        List.of(option, "-cp", System.getProperty("java.class.path"), program.getName()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output.strip();
  }
}
