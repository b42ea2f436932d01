package dev.gearbox.gateway.cli;

/**
 * Times of a variant on this machine, in milliseconds.
 *
 * @param step every step
 * @param sequence one decoding sequence more
 * @param prefill one prompt token
 */
record Calibrated(double step, double sequence, double prefill) {}
