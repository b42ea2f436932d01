package dev.gearbox;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;

/** The house as it is drawn: who may know whom. */
@AnalyzeClasses(packages = "dev.gearbox", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String[] ENGINES = {
    "dev.gearbox.engine..",
    "dev.gearbox.format..",
    "dev.gearbox.runtime..",
    "dev.gearbox.cpu..",
    "dev.gearbox.opencl..",
    "dev.gearbox.remote..",
    "dev.gearbox.workshop.."
  };

  @ArchTest
  static final ArchRule roomsPointOneWay =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .withOptionalLayers(true)
          .layer("telemetry")
          .definedBy("dev.gearbox.telemetry..")
          .layer("engines")
          .definedBy(ENGINES)
          .layer("policy")
          .definedBy("dev.gearbox.policy..")
          .layer("gateway")
          .definedBy("dev.gearbox.gateway..")
          .whereLayer("gateway")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("policy")
          .mayOnlyBeAccessedByLayers("gateway")
          .whereLayer("engines")
          .mayOnlyBeAccessedByLayers("policy", "gateway");

  // A simulated engine is the real scheduler with made-up steps, or it would prove nothing.
  @ArchTest
  static final ArchRule thePolicyKnowsEnginesOnlyByTheirInterface =
      noClasses()
          .that()
          .resideInAPackage("dev.gearbox.policy..")
          .and()
          .resideOutsideOfPackage("dev.gearbox.policy.simulate..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.gearbox.format..",
              "dev.gearbox.runtime..",
              "dev.gearbox.cpu..",
              "dev.gearbox.opencl..",
              "dev.gearbox.workshop..");

  @ArchTest
  static final ArchRule theSimulatorKnowsNoSilicon =
      noClasses()
          .that()
          .resideInAPackage("dev.gearbox.policy.simulate..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.gearbox.format..", "dev.gearbox.cpu..", "dev.gearbox.workshop..");

  @ArchTest
  static final ArchRule nothingThatServesIsSimulated =
      noClasses()
          .that()
          .resideInAPackage("dev.gearbox.policy..")
          .and()
          .resideOutsideOfPackage("dev.gearbox.policy.simulate..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.gearbox.policy.simulate..");

  @ArchTest
  static final ArchRule theRuntimeDoesNotKnowTheSilicon =
      noClasses()
          .that()
          .resideInAPackage("dev.gearbox.runtime..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.gearbox.cpu..", "dev.gearbox.opencl..", "jdk.incubator.vector..");

  @ArchTest
  static final ArchRule formatsKnowNoEngine =
      noClasses()
          .that()
          .resideInAPackage("dev.gearbox.format..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.gearbox.runtime..", "dev.gearbox.cpu..", "dev.gearbox.workshop..");

  @ArchTest
  static final ArchRule vectorsStayInTheCpuRoom =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.gearbox.cpu..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("jdk.incubator.vector..");

  @ArchTest
  static final ArchRule openClStaysInItsRoom =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.gearbox.opencl..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.lwjgl..");

  @ArchTest
  static final ArchRule siliconKnowsNoOtherSilicon =
      noClasses()
          .that()
          .resideInAPackage("dev.gearbox.opencl..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.gearbox.cpu..", "dev.gearbox.workshop..");

  @ArchTest
  static final ArchRule factsKnowNeitherRulesNorChoice =
      noClasses()
          .that()
          .resideInAPackage("dev.gearbox.policy.fact..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.gearbox.policy.rule..",
              "dev.gearbox.policy.predict..",
              "dev.gearbox.policy.choose..",
              "dev.gearbox.policy.decide..");

  @ArchTest
  static final ArchRule rulesPredictionAndChoiceDoNotKnowEachOther =
      noClasses()
          .that()
          .resideInAnyPackage("dev.gearbox.policy.rule..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.gearbox.policy.predict..",
              "dev.gearbox.policy.choose..",
              "dev.gearbox.policy.decide..");

  @ArchTest
  static final ArchRule theChoiceKnowsOnlyFacts =
      classes()
          .that()
          .resideInAPackage("dev.gearbox.policy.choose..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "dev.gearbox.policy.choose..",
              "dev.gearbox.policy.fact..",
              "java..",
              "org.jspecify..");

  @ArchTest
  static final ArchRule predictionKnowsOnlyFactsAndSteps =
      classes()
          .that()
          .resideInAPackage("dev.gearbox.policy.predict..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "dev.gearbox.policy.predict..",
              "dev.gearbox.policy.fact..",
              "dev.gearbox.engine..",
              "dev.gearbox.telemetry..",
              "java..",
              "org.jspecify..");

  @ArchTest
  static final ArchRule droolsStaysInTheRuleRoom =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.gearbox.policy.rule..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.kie..", "org.drools..");

  @ArchTest
  static final ArchRule openTelemetryStaysInTheTraceRoom =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.gearbox.telemetry.trace..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.opentelemetry..");

  @ArchTest
  static final ArchRule metricsLibraryStaysInTheMeterRoom =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.gearbox.telemetry.meter..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.prometheus..");

  @ArchTest
  static final ArchRule kafkaStaysInItsRoom =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.gearbox.gateway.kafka..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.kafka..");

  @ArchTest
  static final ArchRule theDatabaseStaysInItsRoom =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.gearbox.gateway.batch..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("java.sql..", "org.h2..");

  @ArchTest
  static final ArchRule springStaysInTheGateway =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.gearbox.gateway..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.springframework..");

  @ArchTest
  static final ArchRule reactorStaysWhereThereAreConnections =
      noClasses()
          .that()
          .resideOutsideOfPackages("dev.gearbox.gateway..", "dev.gearbox.remote..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("reactor..");

  @ArchTest
  static final ArchRule jsonOfServersStaysOnTheWire =
      noClasses()
          .that()
          .resideInAPackage("dev.gearbox.remote..")
          .and()
          .resideOutsideOfPackage("dev.gearbox.remote.wire..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("tools.jackson..");

  // Tool calls reach a chat template as JSON strings that it wants as values; nothing else in an
  // engine reads JSON.
  @ArchTest
  static final ArchRule jsonStopsAtTheGateway =
      noClasses()
          .that()
          .resideInAnyPackage(
              "dev.gearbox.engine..",
              "dev.gearbox.runtime..",
              "dev.gearbox.cpu..",
              "dev.gearbox.telemetry..",
              "dev.gearbox.policy..")
          .and()
          .doNotHaveFullyQualifiedName("dev.gearbox.runtime.ChatValues")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("tools.jackson..", "com.fasterxml.jackson..");

  @ArchTest
  static final ArchRule nothingIsReadByJavaSerialization =
      noClasses()
          .should()
          .dependOnClassesThat()
          .belongToAnyOf(ObjectInputStream.class, ObjectOutputStream.class);
}
