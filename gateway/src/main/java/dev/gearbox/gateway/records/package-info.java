/**
 * Decision records outside of memory: as JSON, and in a folder of compressed files that {@link
 * dev.gearbox.gateway.records.RecordStore} writes behind the decisions and reads for whoever asks
 * for one that has left memory. The HTTP room and the commands on rules come in here.
 */
@NullMarked
package dev.gearbox.gateway.records;

import org.jspecify.annotations.NullMarked;
