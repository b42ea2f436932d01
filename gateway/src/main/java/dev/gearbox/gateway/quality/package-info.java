/**
 * The audit of quality: of a share of the answers that other variants than the reference gave, the
 * reference says how likely it finds them, when the machine has nothing else to do. Its door is
 * {@link dev.gearbox.gateway.quality.QualityAudit}. Text is kept until its audit is over and goes
 * nowhere else.
 */
@NullMarked
package dev.gearbox.gateway.quality;

import org.jspecify.annotations.NullMarked;
