/** Tests of engines on servers, against scripted servers that lie and stall. */
@NullMarked
package dev.gearbox.remote.dialect;

import org.jspecify.annotations.NullMarked;
