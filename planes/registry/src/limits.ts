/** Every limit of the plane. */
export const registryLimits = {
  /** Questions to one node at a time, whoever has them. */
  nodeCallsAtOnce: 16,
  nodeAnswerMs: 10_000,
  nodeAnswerBytes: 4 << 20,
  /** A node keeps a session for ten minutes. */
  sessionMs: 480_000,
  /** Calls of people that hold a database connection while a node is asked. */
  callsAtOnce: 4,
  /** Rows that are registered between two notes of how far it is. */
  rowsAStep: 256,
  organisationsAtOnce: 8,
  backOffMsMin: 1_000,
  backOffMsMax: 60_000,
  /** How long the runner rests when it was not woken. */
  restMs: 30_000,
  listPage: 1_000,
  /** Identifiers of one organisation that the platform lists. */
  identifiersMax: 200_000,
  importsKept: 20,
  checkedDays: 1,
  importDays: 90,
  excelMs: 60_000,
  excelMemoryMb: 1_024,
  filesAtOnce: 2,
  rowsAnInsert: 5_000,
} as const
