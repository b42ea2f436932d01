/**
 * The command line. A command class holds its options and hands over to a class that does the work,
 * so that `--help` loads next to nothing. Results go to stdout, everything else to stderr; with
 * {@code --json} stdout has one JSON object and nothing else.
 */
@NullMarked
package dev.gearbox.gateway.cli;

import org.jspecify.annotations.NullMarked;
