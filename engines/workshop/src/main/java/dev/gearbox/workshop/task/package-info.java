/**
 * Small tasks with one right answer each, and how many of them a variant gets right: a check that
 * what reads well also answers well. Called by the command line.
 */
@NullMarked
package dev.gearbox.workshop.task;

import org.jspecify.annotations.NullMarked;
