package dev.gearbox.gateway.cli;

import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints. */
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    return new String[] {
      "gearbox "
          + number()
          + " (Java "
          + Runtime.version().feature()
          + ", "
          + System.getProperty("os.arch")
          + ")"
    };
  }

  /** From the manifest of the jar. */
  static String number() {
    String version = Version.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
