/** What the log said lately, kept for whoever asks the admin port. */
@NullMarked
package dev.gearbox.gateway.log;

import org.jspecify.annotations.NullMarked;
