package dev.gearbox.gateway.slo;

import dev.gearbox.gateway.config.ClassConfig;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

/** A format that service level objectives are written in. */
public enum SloFormat {
  /** OpenSLO v1: the whole class, in a form that can be read back. */
  OPENSLO {
    @Override
    List<Map<String, Object>> documents(List<ClassConfig> classes) {
      return OpenSlo.documents(classes);
    }
  },
  /** Sloth's own format; its OpenSLO is an older one, and it makes no alerts of it. */
  SLOTH {
    @Override
    List<Map<String, Object>> documents(List<ClassConfig> classes) {
      return List.of(Sloth.document(classes));
    }
  },
  /** Resources of Pyrra. */
  PYRRA {
    @Override
    List<Map<String, Object>> documents(List<ClassConfig> classes) {
      return classes.stream().map(Pyrra::document).toList();
    }
  },
  /** A rule file of Prometheus, with windows in proportion to each class's own. */
  PROMETHEUS_RULE {
    @Override
    List<Map<String, Object>> documents(List<ClassConfig> classes) {
      return List.of(PrometheusRules.document(classes));
    }
  };

  abstract List<Map<String, Object>> documents(List<ClassConfig> classes);

  /** The classes as YAML, one document or several. */
  public String write(List<ClassConfig> classes) {
    DumperOptions options = new DumperOptions();
    options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
    options.setWidth(160);
    options.setSplitLines(false);
    Yaml yaml = new Yaml(options);
    return documents(classes).stream().map(yaml::dump).collect(Collectors.joining("---\n"));
  }

  /** Counts of requests of a class, as PromQL selects them: all, or those that missed. */
  static String series(ClassConfig of, boolean missed) {
    return "gearbox_attainment_total{class=\"%s\",target=\"all\"%s}"
        .formatted(of.name(), missed ? ",met=\"false\"" : "");
  }

  /** The share that shall meet its targets, in percent without tails of binary fractions. */
  static double percent(ClassConfig of) {
    return Math.round(of.attainment() * 1e7) / 1e5;
  }

  static String described(ClassConfig of) {
    return "Requests of class %s meet every target they carry: %s"
        .formatted(of.name(), SloTarget.describe(of.targets()));
  }
}
