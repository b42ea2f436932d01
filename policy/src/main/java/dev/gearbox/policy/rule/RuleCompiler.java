package dev.gearbox.policy.rule;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.drools.drl.ast.descr.PackageDescr;
import org.drools.drl.parser.DrlParser;
import org.drools.drl.parser.DroolsError;
import org.drools.drl.parser.DroolsParserException;
import org.jspecify.annotations.Nullable;
import org.kie.api.KieBase;
import org.kie.api.KieServices;
import org.kie.api.builder.KieBuilder;
import org.kie.api.builder.KieFileSystem;
import org.kie.api.builder.Message;
import org.kie.api.builder.ReleaseId;
import org.kie.api.io.ResourceType;

/** Makes a Drools knowledge base of rule texts. Takes about a second; off the request path. */
final class RuleCompiler {
  private static final int VERSION_DIGITS = 12;
  private static final String FOLDER = "src/main/resources/rules/";

  private RuleCompiler() {}

  static KieBase compile(List<RuleSource> sources) throws RuleException {
    KieServices services = KieServices.Factory.get();
    KieFileSystem files = services.newKieFileSystem();
    // Each compilation is a module of its own: a reload must not replace the one in use.
    files.generateAndWritePomXML(
        services.newReleaseId("dev.gearbox.rules", "r" + System.nanoTime(), "1"));
    List<RuleException.Problem> problems = new ArrayList<>();
    for (int i = 0; i < sources.size(); i++) {
      int known = problems.size();
      String drl =
          DecisionTable.isTable(sources.get(i))
              ? DecisionTable.toDrl(sources.get(i), problems)
              : sources.get(i).text();
      // What a broken table would come to has errors that its author did not make.
      PackageDescr parsed =
          problems.size() > known ? null : parse(sources.get(i).name(), drl, problems);
      if (parsed != null) {
        Loops.find(sources.get(i).name(), drl, parsed, problems);
      }
      files.write(
          services
              .getResources()
              .newByteArrayResource(drl.getBytes(StandardCharsets.UTF_8))
              .setSourcePath(FOLDER + i + ".drl")
              .setResourceType(ResourceType.DRL));
    }
    if (!problems.isEmpty()) {
      throw new RuleException(problems);
    }
    KieBuilder builder = services.newKieBuilder(files).buildAll();
    for (Message message : builder.getResults().getMessages(Message.Level.ERROR)) {
      problems.add(
          new RuleException.Problem(
              fileOf(message, sources),
              Math.max(0, message.getLine()),
              oneLine(message.getText())));
    }
    if (!problems.isEmpty()) {
      throw new RuleException(problems);
    }
    ReleaseId release = builder.getKieModule().getReleaseId();
    KieBase base = services.newKieContainer(release).getKieBase();
    // The repository would keep every version that ever was.
    services.getRepository().removeKieModule(release);
    return base;
  }

  /** Null, with the reasons among the problems, for a text that is no rule file. */
  private static @Nullable PackageDescr parse(
      String file, String drl, List<RuleException.Problem> problems) {
    DrlParser parser = new DrlParser();
    try {
      PackageDescr parsed = parser.parse(false, drl);
      if (parsed != null && !parser.hasErrors()) {
        return parsed;
      }
    } catch (DroolsParserException e) {
      problems.add(
          new RuleException.Problem(
              file, Math.max(0, e.getLineNumber()), oneLine(String.valueOf(e.getMessage()))));
    }
    for (DroolsError error : parser.getErrors()) {
      int[] lines = error.getLines();
      int line = lines.length == 0 ? 0 : Math.max(0, lines[0]);
      problems.add(new RuleException.Problem(file, line, oneLine(error.getMessage())));
    }
    return null;
  }

  /** Hash of the texts in their order. */
  static String version(List<RuleSource> sources) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      for (RuleSource source : sources) {
        sha.update(source.text().getBytes(StandardCharsets.UTF_8));
        sha.update((byte) 0);
      }
      return HexFormat.of().formatHex(sha.digest()).substring(0, VERSION_DIGITS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static String fileOf(Message message, List<RuleSource> sources) {
    String path = message.getPath();
    if (path != null) {
      for (int i = 0; i < sources.size(); i++) {
        if (path.endsWith("/" + i + ".drl")) {
          return sources.get(i).name();
        }
      }
    }
    return sources.size() == 1 ? sources.get(0).name() : "rules";
  }

  private static String oneLine(String message) {
    return message.strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
