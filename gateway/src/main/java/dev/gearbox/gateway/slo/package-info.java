/**
 * Classes of requests in the formats of other tools: {@link dev.gearbox.gateway.slo.SloFormat}
 * writes them, {@link dev.gearbox.gateway.slo.OpenSloReader} reads OpenSLO. Called by the command
 * line.
 */
@NullMarked
package dev.gearbox.gateway.slo;

import org.jspecify.annotations.NullMarked;
