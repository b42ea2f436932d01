package dev.gearbox.workshop.settings;

/**
 * One thing that is wrong in the settings.
 *
 * @param origin where it stands: {@code gearbox.yaml:12}, or an environment variable
 * @param path the key, such as {@code gearbox.pools[0].threads}
 * @param message what is wrong and what to do
 */
public record Problem(String origin, String path, String message) {
  @Override
  public String toString() {
    return origin + ": " + (path.isEmpty() ? "" : path + ": ") + message;
  }
}
