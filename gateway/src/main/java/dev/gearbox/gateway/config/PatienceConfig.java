package dev.gearbox.gateway.config;

import dev.gearbox.remote.RemoteSpec;
import dev.gearbox.workshop.settings.Setting;
import java.time.Duration;

/** How long what may take on servers of a remote pool. */
public record PatienceConfig(
    @Setting(value = "Until a connection stands", byDefault = "1s", min = 0.01, max = 60)
        Duration connect,
    @Setting(
            value = "From sending a request to its first token",
            byDefault = "2m",
            min = 0.1,
            max = 3600)
        Duration firstToken,
    @Setting(value = "Between two tokens", byDefault = "30s", min = 0.1, max = 3600) Duration idle,
    @Setting(
            value = "Between two tokens while the server does not answer looks either",
            byDefault = "3s",
            min = 0.1,
            max = 3600)
        Duration stalled,
    @Setting(value = "Between two looks at a server", byDefault = "500ms", min = 0.02, max = 60)
        Duration probe,
    @Setting(
            value = "In which a server that came back gets its full share again",
            byDefault = "10s",
            min = 0,
            max = 600)
        Duration slowStart) {
  /** The same for an engine. */
  public RemoteSpec.Patience toPatience() {
    return new RemoteSpec.Patience(connect, firstToken, idle, stalled, probe);
  }
}
