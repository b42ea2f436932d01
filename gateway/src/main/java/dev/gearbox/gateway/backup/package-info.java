/**
 * Copies of what a gateway keeps: rule files, records of decisions, files and batches. {@link
 * dev.gearbox.gateway.backup.Backup} makes one, {@link dev.gearbox.gateway.backup.Restore} puts one
 * back; a {@link dev.gearbox.gateway.backup.Manifest} says what is in it.
 */
@NullMarked
package dev.gearbox.gateway.backup;

import org.jspecify.annotations.NullMarked;
