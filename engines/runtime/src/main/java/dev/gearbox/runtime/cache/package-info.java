/**
 * The KV memory as blocks of a few tokens: {@link dev.gearbox.runtime.cache.KvCache} hands them to
 * sequences, shares equal prefixes within a salt and takes the least recently used ones back. Only
 * block numbers live here, never keys or values. Confined to the device's owner thread.
 */
@NullMarked
package dev.gearbox.runtime.cache;

import org.jspecify.annotations.NullMarked;
