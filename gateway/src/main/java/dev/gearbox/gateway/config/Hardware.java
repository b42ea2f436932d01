package dev.gearbox.gateway.config;

import java.util.Locale;

/** What computes behind a server: a label, and how soon it may be expected to answer. */
public enum Hardware {
  GPU(50),
  TPU(50),
  FPGA(5),
  CIM(5),
  CPU(1);

  private final int speed;

  Hardware(int speed) {
    this.speed = speed;
  }

  /** As configuration and device ids have it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * How many times as fast as a processor it reads weights, roughly: a guess that counts until the
   * first tokens are seen.
   */
  public int speed() {
    return speed;
  }
}
