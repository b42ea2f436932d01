/**
 * What rules and the choice see: facts of the request, of its class and of every candidate, built
 * from the request and one signals snapshot. Records with units in their names or types; rule
 * authors read their Javadoc.
 */
@NullMarked
package dev.gearbox.policy.fact;

import org.jspecify.annotations.NullMarked;
