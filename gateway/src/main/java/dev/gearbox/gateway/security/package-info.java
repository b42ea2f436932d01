/**
 * Who may ask: {@link dev.gearbox.gateway.security.Gatekeeper} makes a caller of an address and an
 * API key, or says 401 or 403. Keys are known by their SHA-256 only and compared in constant time.
 */
@NullMarked
package dev.gearbox.gateway.security;

import org.jspecify.annotations.NullMarked;
