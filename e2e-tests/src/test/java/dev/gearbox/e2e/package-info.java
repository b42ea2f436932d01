/**
 * The program as its users meet it: started by {@code ./gearbox serve}, spoken to over HTTP by the
 * official client and by raw sockets. Sees no class of Gearbox.
 */
@NullMarked
package dev.gearbox.e2e;

import org.jspecify.annotations.NullMarked;
