/**
 * Where JSON stops: bytes of a request become an {@link dev.gearbox.gateway.api.InferenceRequest},
 * every number checked against its bounds, or a {@link dev.gearbox.gateway.api.Refusal} that names
 * the field. Nothing here waits, decides or generates.
 */
@NullMarked
package dev.gearbox.gateway.api;

import org.jspecify.annotations.NullMarked;
