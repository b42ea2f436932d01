/**
 * The rules that decide at this moment and how they change while requests run. {@link
 * dev.gearbox.gateway.rules.LiveRules} compiles a change aside on a thread of its own and swaps it
 * in at once; one that fails leaves the rules as they were. The admin port and the watch over the
 * configured files come in here.
 */
@NullMarked
package dev.gearbox.gateway.rules;

import org.jspecify.annotations.NullMarked;
