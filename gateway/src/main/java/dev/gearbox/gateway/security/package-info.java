/**
 * Who may ask: {@link dev.gearbox.gateway.security.Security} makes a caller of an address, a key
 * and a web page, or says 401 or 403, and writes refusals and changes down. Keys are known by their
 * SHA-256 only and compared in constant time.
 */
@NullMarked
package dev.gearbox.gateway.security;

import org.jspecify.annotations.NullMarked;
