/**
 * The Batch API: files of requests in, files of answers out. {@link
 * dev.gearbox.gateway.batch.Batches} is the door. Contents are files, what is known of them is in
 * an embedded database beside them; both survive a crash, and a batch goes on where it stopped: its
 * output files say which of its lines are answered. Only this package knows the database.
 */
@NullMarked
package dev.gearbox.gateway.batch;

import org.jspecify.annotations.NullMarked;
