/** Signatures over records, delegations and answers, and the path from the root's key down to a value: the door of this station. */
export { makeServerKey, type NodeKeys } from './node-keys.ts'
export type { PathEvidence, PathFault, PathStep, VerifiedPath } from './path.ts'
export { verifyPath } from './verify-path.ts'
