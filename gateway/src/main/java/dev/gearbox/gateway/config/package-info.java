/**
 * What the operator wants: the YAML under {@code gearbox} as records, complete and consistent, or a
 * list of everything that is wrong with it. {@link dev.gearbox.gateway.config.ConfigLoader} is the
 * door.
 */
@NullMarked
package dev.gearbox.gateway.config;

import org.jspecify.annotations.NullMarked;
