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
  /** Nodes whose health is asked at a time, how long each may take, and how many are asked at all. */
  healthAtOnce: 16,
  healthMs: 3_000,
  nodesWatched: 2_000,
  /** What was told serves that long: for administrators, and for the public. */
  healthFreshMs: 5_000,
  statisticsFreshMs: 60_000,
  /** How long a reader waits for all nodes to be asked; what is known by then is told. */
  healthWaitMs: 4_000,
  restingTold: 20,
} as const
