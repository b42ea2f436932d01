/**
 * May it enter? {@link dev.gearbox.gateway.admission.AdmissionControl} reserves what a tenant's
 * limits allow, hands out a fixed number of permits, one per sequence, before any costly work is
 * done for a request, and keeps a bounded line of those that wait: by priority, fair between
 * tenants, earliest due first, each with a deadline. It owns all of that.
 */
@NullMarked
package dev.gearbox.gateway.admission;

import org.jspecify.annotations.NullMarked;
