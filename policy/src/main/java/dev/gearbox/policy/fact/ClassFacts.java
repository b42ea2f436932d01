package dev.gearbox.policy.fact;

/**
 * How a request's class stands against its objective when the request is decided. A burn of 1 uses
 * the error budget up exactly, 2 twice as fast; 0 when no request ended in the window. Counts are
 * of this gateway, since its start.
 *
 * @param name of the class
 * @param objective share of requests that shall meet all their targets, (0, 1)
 * @param burn1m burn rate over the last minute, all targets
 * @param burn5m over five minutes
 * @param burn30m over half an hour
 * @param burn1h over an hour
 * @param burn6h over six hours
 * @param lateBurn1m burn rate over the last minute, latency targets alone
 * @param lateBurn5m over five minutes
 * @param lateBurn1h over an hour
 * @param budget share of the error budget that is left over the class's window; 1 is all, below 0
 *     it is overdrawn
 * @param requests5m requests that ended in the last five minutes
 * @param requests1h requests that ended in the last hour
 */
public record ClassFacts(
    String name,
    double objective,
    double burn1m,
    double burn5m,
    double burn30m,
    double burn1h,
    double burn6h,
    double lateBurn1m,
    double lateBurn5m,
    double lateBurn1h,
    double budget,
    long requests5m,
    long requests1h) {

  /** Those of a class of which no request has ended yet. */
  public static ClassFacts untried(ServiceClass serviceClass) {
    return new ClassFacts(
        serviceClass.name(), serviceClass.attainment(), 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0);
  }
}
