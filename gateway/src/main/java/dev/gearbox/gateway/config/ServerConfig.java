package dev.gearbox.gateway.config;

import dev.gearbox.workshop.settings.DataSize;
import dev.gearbox.workshop.settings.Setting;
import java.time.Duration;

/**
 * Where the gateway listens.
 *
 * @param port of the API; 0 takes a free one
 * @param adminPort of metrics and administration; 0 takes a free one
 */
public record ServerConfig(
    @Setting(value = "Address to listen on", byDefault = "127.0.0.1") String host,
    @Setting(
            value = "Port of the API; 0 takes a free one",
            byDefault = "8080",
            min = 0,
            max = 65535)
        int port,
    @Setting(
            value = "Port of metrics and administration; 0 takes a free one",
            byDefault = "9090",
            min = 0,
            max = 65535)
        int adminPort,
    @Setting(
            value = "Largest request body",
            byDefault = "20MB",
            min = 1024,
            max = 1024L * 1024 * 1024)
        DataSize maxBody,
    @Setting(
            value = "How long running answers may take to end at shutdown",
            byDefault = "30s",
            min = 0,
            max = 3600)
        Duration drain,
    @Setting(
            value = "Whether the API's port has /metrics too, as routers expect of a worker",
            byDefault = "false")
        boolean publicMetrics) {

  ServerConfig with(String newHost, int newPort, int newAdminPort) {
    return new ServerConfig(newHost, newPort, newAdminPort, maxBody, drain, publicMetrics);
  }

  ServerConfig worker() {
    return new ServerConfig(host, port, adminPort, maxBody, drain, true);
  }
}
