/** Every limit of templates and of the fields that they give a record. */
export const templateLimits = {
  templateBytes: 65_536,
  fields: 256,
  /** Characters of names, titles, units and reasons for a version. */
  titleCharacters: 128,
  patternCharacters: 128,
  /** Letters that all counted runs of a pattern may have together: so much is done for each letter of a text. */
  patternRuns: 512,
  /** Characters of the text of a field with a pattern. */
  patternTextCharacters: 512,
  choices: 200,
  /** Characters of the text of a field. */
  textCharacters: 4_096,
  /** Groups and users that one field, or one value of readers, names. */
  readers: 32,
  /** Faults of a record that are told at once. */
  faultsTold: 20,
} as const
