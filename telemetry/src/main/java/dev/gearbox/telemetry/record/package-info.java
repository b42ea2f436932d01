/**
 * Plain facts about finished work: what a request went through and what a step cost. Records only;
 * nothing here computes, stores or depends on another room. Everyone to the right may read them.
 */
@NullMarked
package dev.gearbox.telemetry.record;

import org.jspecify.annotations.NullMarked;
