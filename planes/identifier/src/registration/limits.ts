/** Every limit of changes and of who may make them. */
export const registrationLimits = {
  /** Challenges that wait for their answer; the oldest gives way. */
  challenges: 10_000,
  /** An answer after this is told so (response 405). */
  challengeMs: 60_000,
  /** Groups within groups (HS_VLIST). */
  groupDepth: 8,
  /** Members that one question for a right looks at. */
  groupMembers: 4_096,
  /** Keys of one user that an answer without an index is tried with. */
  keysOfUser: 8,
  /** Another change came between reading and writing: so often the rights are looked at anew. */
  attempts: 5,
  /** References to a template that are looked through for a record that follows it. */
  templateReferences: 1_000,
  /** Handles of one message of a list. */
  listedHandles: 1_000,
} as const
