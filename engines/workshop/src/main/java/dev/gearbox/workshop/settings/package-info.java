/**
 * Settings as a person writes them: YAML read into records, strictly. Every unknown key, wrong unit
 * and value out of bounds is found in one pass and told with its file, its line and what was
 * probably meant. Records say defaults, bounds and meaning with {@link
 * dev.gearbox.workshop.settings.Setting}; the JSON Schema for editors comes from the same place.
 */
@NullMarked
package dev.gearbox.workshop.settings;

import org.jspecify.annotations.NullMarked;
