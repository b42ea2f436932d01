/** Files that may change while the server runs: rules, keys, certificates. */
@org.jspecify.annotations.NullMarked
package dev.gearbox.gateway.watch;
